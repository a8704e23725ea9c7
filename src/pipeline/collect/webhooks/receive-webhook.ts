import { AppError } from '../../../errors.js';
import { type JsonObject, type ShopStore } from '../../../store/index.js';
import { type ItemKey, type Resource } from '../connect/connector.js';
import { type Source } from '../connect/connectors.js';
import { withdrawItems } from '../connect/withdraw-items.js';
import { entityContext, writeEntities } from '../connect/write-entities.js';
import { firstText, type JsonNode, nodeOf } from '../layouts/json-access.js';
import { emailUserId } from '../layouts/orders.js';
import { isDeeperThan } from '../values.js';
import { isSignedBy } from './signature.js';

export interface WebhookRequest {
  readonly source: Source;
  /** By name in small letters. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly secret: string;
  readonly itemKey?: ItemKey;
}

/**
 * TAKEN: stored. DUPLICATE: this delivery was taken before. OUTDATED: a newer version is known. LEFT_OUT: a rule leaves it out.
 * QUARANTINED: not understood. IGNORED: of no interest.
 */
export type WebhookOutcome = 'TAKEN' | 'DUPLICATE' | 'OUTDATED' | 'LEFT_OUT' | 'QUARANTINED' | 'IGNORED';

const HEADERS: Readonly<Record<Source, { signature: string; delivery: string; topic: string }>> = {
  shopify: {
    signature: 'x-shopify-hmac-sha256',
    delivery: 'x-shopify-webhook-id',
    topic: 'x-shopify-topic',
  },
  woocommerce: {
    signature: 'x-wc-webhook-signature',
    delivery: 'x-wc-webhook-delivery-id',
    topic: 'x-wc-webhook-topic',
  },
};
const MAX_DEPTH = 64;
const RESOURCE_OF: Readonly<Record<string, Resource>> = {
  products: 'products',
  product: 'products',
  customers: 'customers',
  customer: 'customers',
  orders: 'orders',
  order: 'orders',
};

/**
 * Takes in what a shop system reports of itself. The sender is known by its signature alone. Replays change nothing: a delivery counts
 * once, and what is older than what is known counts for nothing, under whichever delivery it comes.
 *
 * @throws AppError UNAUTHENTICATED for a missing or wrong signature, BAD_USER_INPUT for a missing delivery id or a body that is no JSON object
 */
export async function receiveWebhook(store: ShopStore, request: WebhookRequest): Promise<WebhookOutcome> {
  const { source, headers, body, secret, itemKey = 'product' } = request;
  const names = HEADERS[source];
  const header = (name: string): string => [headers[name]].flat()[0] ?? '';
  if (source === 'woocommerce' && /^webhook_id=\d+$/.test(body.toString('latin1', 0, 64))) return 'IGNORED'; // its trial
  if (!isSignedBy(secret, body, header(names.signature)))
    throw new AppError(
      'UNAUTHENTICATED',
      `The body is not signed with the secret of ${source} (${names.signature}).`,
    );
  const delivery = header(names.delivery).slice(0, 256);
  if (delivery === '') throw new AppError('BAD_USER_INPUT', `The header ${names.delivery} is missing.`);
  if (await store.isDelivered(source, delivery)) return 'DUPLICATE';
  const outcome = await takeTopic(store, source, header(names.topic), parseBody(body), itemKey);
  // Last of all: a delivery that was broken off is taken when it is repeated.
  await store.recordDelivery(source, delivery);
  return outcome;
}

function parseBody(body: Buffer): JsonObject {
  try {
    const value = JSON.parse(body.toString()) as unknown;
    if (
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      !isDeeperThan(value, MAX_DEPTH)
    )
      return value as JsonObject;
  } catch {
    // Told below, as any other body that is no object.
  }
  throw new AppError('BAD_USER_INPUT', 'The body must be a JSON object.');
}

async function takeTopic(
  store: ShopStore,
  source: Source,
  topic: string,
  raw: JsonObject,
  itemKey: ItemKey,
): Promise<WebhookOutcome> {
  const [kind, action = ''] = topic.toLowerCase().split(/[/.]/);
  const resource = RESOURCE_OF[kind];
  if (resource === undefined) return 'IGNORED';
  if (resource === 'customers' && action === 'redact') return redact(store, nodeOf(raw.customer));
  if (action === 'delete' || action === 'deleted')
    return resource === 'products' ? withdraw(store, source, firstText(raw.id)) : 'IGNORED';
  const entity = { id: firstText(raw.id), version: versionOf(raw) };
  const isKnown = entity.id !== '' && entity.version !== null;
  const versions = isKnown ? [{ id: entity.id, version: entity.version! }] : [];
  if (isKnown && (await store.newerVersions(source, resource, versions)).size === 0) return 'OUTDATED';
  const [outcome] = await writeEntities(store, source, resource, [raw], itemKey);
  if (typeof outcome === 'object') {
    const origin = {
      source: `${source} webhooks ${resource}`,
      context: entityContext(source, resource, itemKey),
    };
    await store.quarantine(origin, [{ line: null, raw, reason: outcome.rejected, userId: null }]);
  }
  await store.recordVersions(source, resource, versions);
  if (typeof outcome === 'object') return 'QUARANTINED';
  return outcome === 'KEPT' ? 'TAKEN' : 'LEFT_OUT';
}

function versionOf(raw: JsonNode): Date | null {
  const gmt = firstText(raw.date_modified_gmt);
  const version = new Date(firstText(raw.updated_at, gmt === '' ? '' : `${gmt}Z`));
  return Number.isNaN(version.getTime()) ? null : version;
}

async function withdraw(store: ShopStore, source: Source, productId: string): Promise<WebhookOutcome> {
  const now = [{ id: productId, version: new Date() }];
  const withdrawn = await withdrawItems(store, [productId]);
  // A change of before that arrives after its deletion must not bring the product back.
  await store.recordVersions(source, 'products', now);
  return withdrawn > 0 ? 'TAKEN' : 'IGNORED';
}

/** Somebody asks to be forgotten: everything about the person goes, also what they ordered as a guest. */
async function redact(store: ShopStore, customer: JsonNode): Promise<WebhookOutcome> {
  const [id, email] = [firstText(customer.id), firstText(customer.email)];
  const ids = [id, email === '' ? '' : emailUserId(email)].filter((known) => known !== '');
  let outcome: WebhookOutcome = 'IGNORED';
  for (const userId of ids) {
    try {
      await store.eraseUser(userId);
      outcome = 'TAKEN';
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'NOT_FOUND')) throw error;
    }
  }
  return outcome;
}
