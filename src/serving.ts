/** The serving host: a child of the API process that holds the deployed models and TensorFlow. */
import { readConfig } from './config.js';
import { AppError, coerceError } from './errors.js';
import { checkPlan } from './jobs/worker/plan.js';
import { createLogger } from './log.js';
import { isNative } from './nn/index.js';
import { ServingHost } from './pipeline/deploy/host/index.js';
import {
  DEPLOYMENTS_CHANNEL,
  folderModelFiles,
  type RunPlan,
  type ServingReply,
  type ServingRequest,
} from './pipeline/deploy/index.js';
import { openStore } from './store/index.js';

const config = readConfig();
const log = createLogger({ name: 'serving', level: config.logLevel, pretty: Boolean(process.stderr.isTTY) });
const store = await openStore({ databaseUrl: config.databaseUrl ?? '' });
const host = new ServingHost(store, folderModelFiles(config.dataDir));

async function answer(request: ServingRequest): Promise<unknown> {
  if (request.method === 'status') {
    return { ready: true, pid: process.pid, isNative, loaded: await host.loaded(), calls: 0 };
  }
  if (request.method === 'checkPlan') return checkPlan(request.args[0] as RunPlan);
  const method = host[request.method].bind(host) as (...args: readonly unknown[]) => Promise<unknown>;
  return method(...request.args);
}

process.on('message', (request: ServingRequest) => {
  answer(request).then(
    (value) => process.send?.({ id: request.id, ok: true, value } satisfies ServingReply),
    (thrown: unknown) => {
      const error = coerceError(thrown);
      if (!(error instanceof AppError) || error.cause !== undefined)
        log.error({ err: error, method: request.method }, 'A request failed.');
      const { code, details } =
        error instanceof AppError ? error : { code: 'INTERNAL' as const, details: {} };
      process.send?.({
        id: request.id,
        ok: false,
        code,
        message: error.message,
        details,
      } satisfies ServingReply);
    },
  );
});
await store.listen(DEPLOYMENTS_CHANNEL, (payload) => {
  host.reload(payload.shopKey as string).catch((thrown: unknown) => {
    log.error(
      { err: coerceError(thrown) },
      'What is deployed could not be loaded; the models before it go on.',
    );
  });
});

let isStopping = false;
function stop(): void {
  if (isStopping) return;
  isStopping = true;
  void store.close().then(() => process.exit(0));
}
// Ctrl-C in a terminal reaches the whole group: the parent decides when its children end.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', stop);
process.on('disconnect', stop);
process.send?.({ ready: true });
