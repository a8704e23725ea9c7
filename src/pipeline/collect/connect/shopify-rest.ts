import { type JsonObject } from '../../../store/index.js';
import { firstText, listOf, nodeOf } from '../layouts/json-access.js';
import { type ApiAnswer } from './api-client.js';
import { type Connector } from './connector.js';
import { nextLink } from './link-header.js';
import { SHOPIFY_API_VERSION, versionOf } from './shopify-graphql.js';

const PAGE_SIZE = 250;
/** Requests that leak out of the bucket a second, on the plan with the smallest one. */
const LEAK_PER_SECOND = 2;

/** Shopify's REST Admin API, for shops and systems like it without the GraphQL one: pages by Link header, a leaky bucket of requests. */
export const shopifyRestConnector: Connector = {
  name: 'shopify',
  async *pages(client, resource, since, resume) {
    const first = new URLSearchParams({ limit: String(PAGE_SIZE), order: 'updated_at asc' });
    if (resource === 'orders') first.set('status', 'any');
    if (since !== null) first.set('updated_at_min', since.toISOString());
    let target: string | null =
      resume === null
        ? `/admin/api/${SHOPIFY_API_VERSION}/${resource}.json?${first.toString()}`
        : firstText(resume.target);
    while (target !== null && target !== '') {
      const answer = await client.send(target);
      const entities = listOf(nodeOf(answer.json)[resource]).map((entry) => {
        const raw = nodeOf(entry) as JsonObject;
        return { id: firstText(raw.id), version: versionOf(raw.updated_at, resource), raw };
      });
      target = nextLink(answer.headers.link);
      yield { entities, resume: { target } };
      await client.pause(bucketMs(answer));
    }
  },
};

/** Milliseconds to wait when the bucket, as `X-Shopify-Shop-Api-Call-Limit: 38/40` tells it, is nearly full. */
function bucketMs(answer: ApiAnswer): number {
  const [used, size] = (answer.headers['x-shopify-shop-api-call-limit'] ?? '').split('/').map(Number);
  return used >= size - 2 ? Math.ceil((1000 * (used - size + 3)) / LEAK_PER_SECOND) : 0;
}
