import { AppError } from '../../../errors.js';
import { type JsonObject } from '../../../store/index.js';
import { firstNumber, firstText, type JsonNode, listOf, nodeOf } from '../layouts/json-access.js';
import { type ApiAnswer, type ApiClient } from './api-client.js';
import { type Connector, type EntityPage, type Resource } from './connector.js';

/** A stable version of the Admin API, kept by Shopify for a year; newer ones understand the same documents. */
export const SHOPIFY_API_VERSION = '2026-01';
const PATH = `/admin/api/${SHOPIFY_API_VERSION}/graphql.json`;
/** Entities a page: an order costs about a point a line, and a shop's bucket holds 1,000 to 20,000. */
const PAGE_SIZES: Readonly<Record<Resource, number>> = { products: 50, customers: 100, orders: 25 };

const LINES = `pageInfo { hasNextPage endCursor }
  nodes { id sku title name quantity vendor originalUnitPriceSet { shopMoney { amount } } product { id } }`;
const FIELDS: Readonly<Record<Resource, string>> = {
  products: `id title handle vendor productType status tags updatedAt category { fullName }
    featuredMedia { preview { image { url } } }
    variants(first: 100) { nodes { id sku title price inventoryQuantity inventoryPolicy } }`,
  customers: `id tags updatedAt defaultEmailAddress { emailAddress marketingState } defaultAddress { countryCodeV2 }`,
  orders: `id updatedAt createdAt processedAt cancelledAt cancelReason test displayFinancialStatus email
    totalPriceSet { shopMoney { amount currencyCode } } customer { id } paymentGatewayNames
    billingAddress { countryCodeV2 } shippingAddress { countryCodeV2 }
    lineItems(first: 50) { ${LINES} }
    refunds(first: 20) { id createdAt
      refundLineItems(first: 50) { nodes { quantity subtotalSet { shopMoney { amount } } lineItem { id } } } }`,
};
const MORE_LINES = `query MoreLines($id: ID!, $after: String) {
  order(id: $id) { lineItems(first: 50, after: $after) { ${LINES} } }
}`;

/** Shopify's GraphQL Admin API: cursors, and a bucket of cost points that fills again by the second. */
export const shopifyConnector: Connector = {
  name: 'shopify',
  async *pages(client, resource, since, resume) {
    const document = `query Changed($first: Int!, $after: String, $query: String) {
      ${resource}(first: $first, after: $after, sortKey: UPDATED_AT, query: $query) {
        pageInfo { hasNextPage endCursor } nodes { ${FIELDS[resource]} } } }`;
    const query = since === null ? null : `updated_at:>='${since.toISOString()}'`;
    for (let after = resume === null ? null : firstText(resume.after); ;) {
      const variables = { first: PAGE_SIZES[resource], after, query };
      const connection = nodeOf((await ask(client, document, variables))[resource]);
      const { hasNextPage, endCursor } = nodeOf(connection.pageInfo);
      const entities: EntityPage['entities'][number][] = [];
      for (const node of listOf(connection.nodes).map(nodeOf)) {
        if (resource === 'orders') await completeLines(client, node);
        const raw = restForm(resource, node);
        entities.push({ id: firstText(raw.id), version: versionOf(node.updatedAt, resource), raw });
      }
      after = firstText(endCursor) || null;
      yield { entities, resume: { after } };
      if (hasNextPage !== true || after === null) return;
    }
  },
};

/** @throws AppError INTERNAL for an entity without a time of its last change */
export function versionOf(value: unknown, resource: string): Date {
  const version = new Date(firstText(value));
  if (!Number.isNaN(version.getTime())) return version;
  throw new AppError('INTERNAL', `One of the ${resource} came without the time of its last change.`);
}

async function ask(client: ApiClient, query: string, variables: object): Promise<JsonNode> {
  const answer = await client.send(PATH, { query, variables }, throttledMs);
  const { data, errors } = nodeOf(answer.json);
  const [error] = listOf(errors).map(nodeOf);
  if (error !== undefined) {
    const code = firstText(nodeOf(error.extensions).code);
    const isDenied = code === 'ACCESS_DENIED';
    throw new AppError(
      isDenied ? 'FORBIDDEN' : 'BAD_USER_INPUT',
      `Shopify answered: ${firstText(error.message)}`,
    );
  }
  await client.pause(spareMs(answer));
  return nodeOf(data);
}

/** Milliseconds until the bucket holds what a query asked for that it was too empty for; null when the query was answered. */
function throttledMs(answer: ApiAnswer): number | null {
  const body = nodeOf(answer.json);
  const isThrottled = listOf(body.errors).some(
    (error) => nodeOf(nodeOf(error).extensions).code === 'THROTTLED',
  );
  if (!isThrottled) return null;
  const cost = nodeOf(nodeOf(body.extensions).cost);
  const { currentlyAvailable, restoreRate } = nodeOf(cost.throttleStatus);
  const missing = firstNumber(cost.requestedQueryCost) - firstNumber(currentlyAvailable);
  const seconds = missing / firstNumber(restoreRate);
  return seconds > 0 ? Math.ceil(seconds * 1000) : 1000;
}

/** Milliseconds to let the bucket fill so that the next query of this cost will be answered at once. */
function spareMs(answer: ApiAnswer): number {
  const cost = nodeOf(nodeOf(nodeOf(answer.json).extensions).cost);
  const { currentlyAvailable, restoreRate } = nodeOf(cost.throttleStatus);
  const seconds =
    (firstNumber(cost.requestedQueryCost) - firstNumber(currentlyAvailable)) / firstNumber(restoreRate);
  return seconds > 0 ? Math.ceil(seconds * 1000) : 0;
}

/** Fetches the lines of an order that do not fit its page. */
async function completeLines(client: ApiClient, order: JsonNode): Promise<void> {
  let connection = nodeOf(order.lineItems);
  const nodes = connection.nodes as unknown[];
  for (;;) {
    const { hasNextPage, endCursor } = nodeOf(connection.pageInfo);
    if (hasNextPage !== true) return;
    const data = await ask(client, MORE_LINES, { id: order.id, after: endCursor });
    connection = nodeOf(nodeOf(data.order).lineItems);
    nodes.push(...listOf(connection.nodes));
  }
}

/** `gid://shopify/Order/5` is 5 everywhere else. */
function plainId(value: unknown): string {
  return firstText(value).replace(/^gid:\/\/shopify\/\w+\//, '');
}

/** The entity in the form that the REST API and the webhooks have, so that all three are mapped alike. */
function restForm(resource: Resource, node: JsonNode): JsonObject {
  const money = (set: unknown) => nodeOf(nodeOf(set).shopMoney);
  const country = (address: unknown) => ({ country_code: nodeOf(address).countryCodeV2 ?? null });
  const form: Record<string, unknown> = { id: plainId(node.id), tags: node.tags };
  if (resource === 'customers') {
    const email = nodeOf(node.defaultEmailAddress);
    form.email = email.emailAddress;
    form.email_marketing_consent = { state: email.marketingState };
    form.default_address = country(node.defaultAddress);
  } else if (resource === 'products') {
    form.title = node.title;
    form.handle = node.handle;
    form.vendor = node.vendor;
    form.product_type = node.productType;
    form.category = { full_name: nodeOf(node.category).fullName };
    form.status = node.status;
    form.image = { src: nodeOf(nodeOf(nodeOf(node.featuredMedia).preview).image).url };
    form.variants = listOf(nodeOf(node.variants).nodes)
      .map(nodeOf)
      .map((variant) => ({
        id: plainId(variant.id),
        sku: variant.sku,
        title: variant.title,
        price: variant.price,
        inventory_quantity: variant.inventoryQuantity,
        inventory_policy: variant.inventoryPolicy,
      }));
  } else {
    const total = money(node.totalPriceSet);
    Object.assign(form, {
      email: node.email,
      created_at: node.createdAt,
      processed_at: node.processedAt,
      cancelled_at: node.cancelledAt,
      cancel_reason: node.cancelReason,
      test: node.test,
      financial_status: node.displayFinancialStatus,
      currency: total.currencyCode,
      total_price: total.amount,
      customer: { id: plainId(nodeOf(node.customer).id) },
      payment_gateway_names: node.paymentGatewayNames,
      billing_address: country(node.billingAddress),
      shipping_address: country(node.shippingAddress),
      line_items: listOf(nodeOf(node.lineItems).nodes)
        .map(nodeOf)
        .map((line) => ({
          id: plainId(line.id),
          product_id: plainId(nodeOf(line.product).id),
          sku: line.sku,
          title: line.title,
          name: line.name,
          vendor: line.vendor,
          quantity: line.quantity,
          price: money(line.originalUnitPriceSet).amount,
        })),
      refunds: listOf(node.refunds)
        .map(nodeOf)
        .map((refund) => ({
          id: plainId(refund.id),
          created_at: refund.createdAt,
          refund_line_items: listOf(nodeOf(refund.refundLineItems).nodes)
            .map(nodeOf)
            .map((entry) => ({
              line_item_id: plainId(nodeOf(entry.lineItem).id),
              quantity: entry.quantity,
              subtotal: money(entry.subtotalSet).amount,
            })),
        })),
    });
  }
  return JSON.parse(JSON.stringify(form)) as JsonObject;
}
