import { fastifyApolloHandler } from '@as-integrations/fastify';
import fastify, { type FastifyInstance } from 'fastify';

import { AppError, coerceError } from '../errors.js';
import { createApollo } from './apollo.js';
import { authenticate, requireRole } from './auth.js';
import { type Context, createContext } from './context.js';
import { createErrorFormatter, toGraphQLError, toHttpError } from './format-error.js';
import { serveHealth } from './http/health.js';
import { isLocalHost, isSameOrigin, STUDIO_ORIGIN } from './http/hosts.js';
import { serveImportUpload } from './http/import-upload.js';
import { serveIngest } from './http/ingest.js';
import { servePages } from './http/pages.js';
import { serveUploads } from './http/uploads.js';
import { serveWebhooks } from './http/webhooks.js';
import { ImpressionWriter } from './impression-writer.js';
import { createMetrics } from './metrics.js';
import { RequestLog } from './request-log.js';
import { createSchema } from './schema.js';
import type { AppOptions, Services } from './services.js';
import { ShopClocks } from './shop-clock.js';
import { serveSubscriptions } from './subscriptions.js';

export interface App {
  readonly app: FastifyInstance;
  /** @returns the address, such as http://127.0.0.1:4000. @throws AppError CONFLICT when the port is in use */
  listen(): Promise<string>;
  /** Takes no more requests, answers those under way, ends subscriptions and writes the impressions that wait. */
  close(): Promise<void>;
}

/** Ten thousand rows in one mutation take about 3 MB. */
const MAX_BODY_BYTES = 16 << 20;
const GRAPHQL_PATH = '/graphql';

/** The API, ready to listen. Store, jobs and serving stay the caller's to close. */
export async function createApp(options: AppOptions): Promise<App> {
  const { config, store, log } = options;
  const impressions = new ImpressionWriter(log);
  const services: Services = {
    ...options,
    clocks: new ShopClocks(),
    impressions,
    requests: new RequestLog(),
  };
  const metrics = createMetrics(store, impressions);
  const schema = await createSchema();
  const isIntrospectionOn = !(config.isProduction && config.isAuthOn);
  const principalOf = (authorization: string | undefined) =>
    authenticate(store, config.isAuthOn, authorization);
  const formatError = createErrorFormatter(log, (code) => {
    services.requests.failed(code);
    metrics.failed(code);
  });

  const app = fastify({ logger: false, bodyLimit: MAX_BODY_BYTES, forceCloseConnections: 'idle' });
  answerErrors(app, services);
  if (!config.isAuthOn) refuseForeignNames(app);
  if (isIntrospectionOn) letStudioAsk(app);
  const apollo = createApollo({
    schema,
    app,
    isIntrospectionOn,
    formatError,
    onAnswered: (operation, ms) => metrics.answered(services.requests.answered(operation, ms), ms),
  });
  await apollo.start();
  app.post(
    GRAPHQL_PATH,
    fastifyApolloHandler(apollo, {
      context: async (request): Promise<Context> => {
        try {
          return await createContext(services, await principalOf(request.headers.authorization));
        } catch (thrown) {
          throw thrown instanceof AppError ? toGraphQLError(thrown) : thrown;
        }
      },
    }),
  );
  app.get(GRAPHQL_PATH, (_request, reply) => reply.redirect('/explorer'));
  serveHealth(app, services, metrics, async (authorization) => {
    requireRole(await principalOf(authorization), ['STUDIO'], '/metrics');
  });
  await serveIngest(app, services, metrics, principalOf);
  await serveImportUpload(app, services, metrics, principalOf);
  await serveUploads(app, services, principalOf);
  await serveWebhooks(app, services, metrics, config.webhookSecrets ?? {});
  servePages(app);
  const endSubscriptions = serveSubscriptions({
    schema,
    server: app.server,
    path: GRAPHQL_PATH,
    services,
    isIntrospectionOn,
    formatError,
    authenticate: principalOf,
    isOriginAllowed: (request) =>
      isSameOrigin(request) && (config.isAuthOn || isLocalHost(request.headers.host)),
  });

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await endSubscriptions();
    await apollo.stop();
    await app.close();
    await impressions.close();
  };
  return { app, listen: () => listen(app, config), close: () => (closing ??= close()) };
}

async function listen(app: FastifyInstance, { host, port }: AppOptions['config']): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw thrown;
    const message = `Port ${port} is in use on ${host}: another process listens there. Set PORT to a free one.`;
    throw new AppError('CONFLICT', message, { port }, { cause: thrown });
  }
}

/** Errors of routes, and of bodies that never reach one. */
function answerErrors(app: FastifyInstance, services: Services): void {
  app.setErrorHandler((thrown, request, reply) => {
    const { status, body } = toHttpError(asAppError(thrown), services.log);
    services.requests.failed(body.code);
    const { message, ...extensions } = body;
    const isGraphQL = request.url.startsWith(GRAPHQL_PATH);
    return reply.code(status).send(isGraphQL ? { errors: [{ message, extensions }] } : { error: body });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({
      error: { code: 'NOT_FOUND', message: `There is nothing at ${request.method} ${request.url}.` },
    }),
  );
}

/** What Fastify refuses by itself is the caller's to mend. */
function asAppError(thrown: unknown): Error {
  const error = coerceError(thrown);
  const { statusCode } = error as { statusCode?: number };
  if (error instanceof AppError || statusCode === undefined || statusCode >= 500) return error;
  if (statusCode === 413) {
    return new AppError(
      'LIMIT_EXCEEDED',
      `The body may have at most ${MAX_BODY_BYTES} bytes; POST /ingest takes any size.`,
      {
        limit: MAX_BODY_BYTES,
      },
    );
  }
  return new AppError('BAD_USER_INPUT', error.message);
}

/** Without keys only this machine may ask: a foreign name that is made to point here (DNS rebinding) is refused. */
function refuseForeignNames(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (isLocalHost(request.headers.host)) return done();
    done(new AppError('FORBIDDEN', 'Without keys the server answers only as localhost; set TANDEM_AUTH=on.'));
  });
}

/** Apollo's explorer in the browser may ask wherever introspection is allowed. */
function letStudioAsk(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.headers.origin !== STUDIO_ORIGIN || !request.url.startsWith(GRAPHQL_PATH)) return done();
    void reply.header('access-control-allow-origin', STUDIO_ORIGIN).header('vary', 'origin');
    if (request.method !== 'OPTIONS') return done();
    void reply
      .header('access-control-allow-methods', 'POST')
      .header(
        'access-control-allow-headers',
        request.headers['access-control-request-headers'] ?? 'content-type',
      )
      .code(204)
      .send();
  });
}
