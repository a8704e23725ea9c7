import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';

import type { FastifyInstance } from 'fastify';

import { AppError } from '../../errors.js';
import { INGEST_KINDS, type IngestKind, ingestStream } from '../../pipeline/collect/index.js';
import type { Principal } from '../../store/index.js';
import { requireRole } from '../auth.js';
import type { Metrics } from '../metrics.js';
import type { Services } from '../services.js';

/** What a page of another site could send without asking; such a body is never rows. */
const FORM_TYPES = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'];

/** How long a refused sender may go on before the connection is closed. */
const LINGER_MS = 5_000;

/** POST /ingest/{users,items,behaviours,transactions,feedback}: NDJSON or CSV of any size, gzip or not, answered with counts. */
export async function serveIngest(
  app: FastifyInstance,
  services: Services,
  metrics: Metrics,
  authenticate: (authorization: string | undefined) => Promise<Principal>,
): Promise<void> {
  await app.register((scope, _options, done) => {
    // The body stays a stream, whatever its type: it may be larger than memory.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    scope.post<{ Params: { kind: string } }>('/ingest/:kind', async (request, reply) => {
      const principal = await authenticate(request.headers.authorization);
      const kind = INGEST_KINDS.find((name): name is IngestKind => name === request.params.kind);
      if (!kind) {
        throw new AppError(
          'NOT_FOUND',
          `There is no /ingest/${request.params.kind}; there are ${INGEST_KINDS.join(', ')}.`,
        );
      }
      requireRole(principal, ['INGEST'], `/ingest/${kind}`);
      const contentType = request.headers['content-type'];
      if (!contentType || FORM_TYPES.some((type) => contentType.toLowerCase().startsWith(type))) {
        throw new AppError('BAD_USER_INPUT', 'Content-Type must be application/x-ndjson or text/csv.');
      }
      const shop = await services.store.forShop(principal.shopKey);
      // Feedback on an impression must not arrive before the impression.
      if (kind === 'feedback') await services.impressions.flush(shop);
      const body = apartFromSocket(request.raw);
      const result = await ingestStream(shop, kind, body, {
        contentType,
        contentEncoding: request.headers['content-encoding'],
      }).catch((thrown: unknown) => {
        void reply.header('connection', 'close');
        endUnread(request.raw);
        throw thrown;
      });
      if (kind === 'behaviours') services.clocks.forget(shop);
      metrics.ingested(kind, result.accepted, result.rejected);
      return result;
    });
    done();
  });
}

/** The body as a stream that can be given up without closing the connection that the answer goes back on. */
function apartFromSocket(request: IncomingMessage): Readable {
  const body = new PassThrough();
  request.once('error', (thrown) => body.destroy(thrown));
  request.once('close', () => {
    if (!request.complete) body.destroy(new Error('The connection was closed.'));
  });
  return request.pipe(body);
}

/**
 * Reads on for a moment what a refused request still sends: closed at once, the connection would take the answer with it while the sender
 * is writing.
 */
function endUnread(request: IncomingMessage): void {
  request.unpipe();
  request.resume();
  if (!request.complete) setTimeout(() => request.complete || request.destroy(), LINGER_MS).unref();
}
