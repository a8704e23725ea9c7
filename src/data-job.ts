/** Does one data job and ends: `data-job.js <shop> <job>`, started by a worker. Holds no TensorFlow. */
import { readConfig } from './config.js';
import { coerceError } from './errors.js';
import { REQUEUE_EXIT, takeDataJob } from './jobs/data/take-data-job.js';
import { createLogger } from './log.js';
import { openStore } from './store/index.js';

const [shopKey, jobId] = process.argv.slice(2);
const config = readConfig();
const log = createLogger({ name: 'data', level: config.logLevel, pretty: Boolean(process.stderr.isTTY) });
const stopping = new AbortController();
// Ctrl-C in a terminal reaches the whole group: the worker decides when its children end.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => stopping.abort(new Error('The worker is stopping.')));
process.on('disconnect', () => stopping.abort(new Error('The worker ended.')));
let code = 1;
try {
  const store = await openStore({ databaseUrl: config.databaseUrl ?? '' });
  const { dataDir, arePrivateSourcesOn } = config;
  const outcome = await takeDataJob(
    { store, log, dataDir, arePrivateSourcesOn },
    shopKey,
    jobId,
    stopping.signal,
  );
  await store.close();
  code = outcome === 'REQUEUE' ? REQUEUE_EXIT : 0;
} catch (thrown) {
  log.error({ err: coerceError(thrown), jobId }, 'A data job could not be done.');
}
process.exit(code);
