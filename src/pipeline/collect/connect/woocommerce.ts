import { type JsonObject } from '../../../store/index.js';
import { firstText, type JsonNode, listOf, nodeOf } from '../layouts/json-access.js';
import { type ApiClient } from './api-client.js';
import { type Connector, type Entity, type EntityPage } from './connector.js';
import { versionOf } from './shopify-graphql.js';
import { REFUNDS_KEY } from './woocommerce-rows.js';

const ROOT = '/wp-json/wc/v3';
const PAGE_SIZE = 100;
const SECOND_MS = 1_000;

/**
 * WooCommerce's REST API, version 3. Its pages are numbered, and whatever changes while they are read moves all behind it by one place;
 * so products and orders are sought by the time of their last change instead: each page begins where the one before ended. Customers
 * can be sorted by id alone, and many orders may share a second: there pages overlap, which tells when the list moved.
 */
export const wooCommerceConnector: Connector = {
  name: 'woocommerce',
  pages: (client, resource, since, resume) =>
    resource === 'customers' ? customerPages(client, resume) : changedPages(client, resource, since, resume),
};

/** Where in a list that may change the next page begins: one place before the last entity that was read. */
interface Place {
  readonly offset: number;
  readonly lastId: string;
}

const START: Place = { offset: 0, lastId: '' };

/**
 * A page that overlaps the one before by an entity at least. Where the overlap is missing, entities before it were removed or moved and
 * all others came forward: it goes back until the last one read is met again, or to the beginning.
 */
async function overlappingPage(
  client: ApiClient,
  path: string,
  query: Readonly<Record<string, string>>,
  place: Place,
): Promise<{ nodes: JsonNode[]; next: Place }> {
  for (let { offset } = place; ; offset = Math.max(0, offset - PAGE_SIZE)) {
    const search = new URLSearchParams({ ...query, per_page: String(PAGE_SIZE), offset: String(offset) });
    const nodes = listOf((await client.send(`${path}?${search.toString()}`)).json).map(nodeOf);
    if (offset > 0 && !nodes.some((node) => firstText(node.id) === place.lastId)) continue;
    const lastId = firstText(nodes.at(-1)?.id) || place.lastId;
    return { nodes, next: { offset: offset + Math.max(1, nodes.length - 1), lastId } };
  }
}

async function* changedPages(
  client: ApiClient,
  resource: 'products' | 'orders',
  since: Date | null,
  resume: JsonObject | null,
): AsyncGenerator<EntityPage> {
  let after = resume === null ? (since?.getTime() ?? null) : numberOrNull(resume.after);
  let place = placeOf(resume);
  for (;;) {
    const query: Record<string, string> = {
      orderby: 'modified',
      order: 'asc',
      dates_are_gmt: 'true',
      status: 'any',
    };
    if (after !== null) query.modified_after = new Date(after).toISOString().slice(0, 19);
    const { nodes, next } = await overlappingPage(client, `${ROOT}/${resource}`, query, place);
    const entities = nodes.map((node) => entityOf(node, resource));
    if (resource === 'orders') for (const entity of entities) await addRefunds(client, entity);
    // Times are whole seconds and `modified_after` leaves its own second out: one second less brings what shares it.
    const reached = entities.length === 0 ? after : (entities.at(-1)?.version.getTime() ?? 0) - SECOND_MS;
    const isAdvancing = reached !== null && (after === null || reached > after);
    if (isAdvancing) after = reached;
    place = isAdvancing ? START : next;
    yield { entities, resume: { after, ...place } };
    if (nodes.length < PAGE_SIZE) return;
  }
}

async function* customerPages(client: ApiClient, resume: JsonObject | null): AsyncGenerator<EntityPage> {
  for (let place = placeOf(resume); ;) {
    const query = { orderby: 'id', order: 'asc', role: 'all' };
    const { nodes, next } = await overlappingPage(client, `${ROOT}/customers`, query, place);
    place = next;
    yield { entities: nodes.map((node) => entityOf(node, 'customers')), resume: { ...place } };
    if (nodes.length < PAGE_SIZE) return;
  }
}

function placeOf(resume: JsonObject | null): Place {
  return { offset: numberOrNull(resume?.offset) ?? 0, lastId: firstText(resume?.lastId) };
}

function entityOf(node: JsonNode, resource: string): Entity {
  const time = firstText(node.date_modified_gmt, node.date_created_gmt);
  const version = versionOf(/(Z|[+-]\d{2}:?\d{2})$/.test(time) ? time : `${time}Z`, resource);
  return { id: firstText(node.id), version, raw: { ...node } as JsonObject };
}

/** An order names its refunds by their totals alone; what was taken back stands at an address of its own. */
async function addRefunds(client: ApiClient, { id, raw }: Entity): Promise<void> {
  if (listOf(raw.refunds).length === 0) return;
  raw[REFUNDS_KEY] = (await client.send(`${ROOT}/orders/${id}/refunds?per_page=100`)).json as JsonObject[];
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
