import type { FastifyInstance } from 'fastify';

import type { WebhookSecrets } from '../../config.js';
import { AppError } from '../../errors.js';
import { receiveWebhook, SOURCES } from '../../pipeline/collect/index.js';
import { DEFAULT_SHOP } from '../auth.js';
import type { Metrics } from '../metrics.js';
import type { Services } from '../services.js';

/** An order of a thousand lines takes about 1 MB. */
const MAX_BODY_BYTES = 8 << 20;

/** POST /webhooks/{shopify,woocommerce}: what a shop system reports of itself, known by its signature; `?shop=` names another shop. */
export async function serveWebhooks(
  app: FastifyInstance,
  services: Services,
  metrics: Metrics,
  secrets: WebhookSecrets,
): Promise<void> {
  await app.register((scope, _options, done) => {
    // The signature is of the bytes as they came.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES },
      (_request, body, parsed) => parsed(null, body),
    );
    scope.post<{ Params: { source: string }; Querystring: { shop?: string } }>(
      '/webhooks/:source',
      async (request) => {
        const source = SOURCES.find((name) => name === request.params.source);
        if (source === undefined) {
          throw new AppError(
            'NOT_FOUND',
            `There is no /webhooks/${request.params.source}; there are ${SOURCES.join(', ')}.`,
          );
        }
        const shopKey = request.query.shop ?? DEFAULT_SHOP;
        const secret = secrets[source]?.get(shopKey);
        if (secret === undefined) {
          const name = `TANDEM_${source.toUpperCase()}_WEBHOOK_SECRET`;
          throw new AppError('FORBIDDEN', `Webhooks of ${source} are off for this shop: set ${name}.`);
        }
        const shop = await services.store.forShop(shopKey);
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const outcome = await receiveWebhook(shop, { source, headers: request.headers, body, secret });
        if (outcome === 'TAKEN') services.clocks.forget(shop);
        metrics.ingested('webhooks', outcome === 'TAKEN' ? 1 : 0, outcome === 'QUARANTINED' ? 1 : 0);
        return { outcome };
      },
    );
    done();
  });
}
