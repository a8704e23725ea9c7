import type { FastifyInstance } from 'fastify';

import type { ServingStatus } from '../../pipeline/deploy/index.js';
import type { Metrics } from '../metrics.js';
import type { Services } from '../services.js';

/** How long a part has to answer before it counts as down. */
const PATIENCE_MS = 2000;

/** GET /health/live, /health/ready and /metrics. */
export function serveHealth(
  app: FastifyInstance,
  services: Services,
  metrics: Metrics,
  requireReader: (authorization: string | undefined) => Promise<void>,
): void {
  app.get('/health/live', () => ({ status: 'ok' }));

  app.get('/health/ready', async (_request, reply) => {
    const [database, serving] = await Promise.all([
      answers(services.store.ping()),
      answers(services.serving.status().then(requireReady)),
    ]);
    const isReady = database && serving;
    void reply.code(isReady ? 200 : 503).header('cache-control', 'no-store');
    return { status: isReady ? 'ok' : 'unavailable', database, serving };
  });

  app.get('/metrics', async (request, reply) => {
    await requireReader(request.headers.authorization);
    void reply.header('content-type', metrics.registry.contentType);
    return metrics.registry.metrics();
  });
}

function requireReady({ ready }: ServingStatus): void {
  if (!ready) throw new Error('The serving host is starting.');
}

/** Whether the work ends well and in time. */
async function answers(work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE_MS);
  });
  const done = work.then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}
