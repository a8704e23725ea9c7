/** A worker: takes runs from the queue until it is told to stop. Holds TensorFlow. */
import { setTimeout as sleep } from 'node:timers/promises';

import { readConfig } from './config.js';
import { coerceError } from './errors.js';
import { startDataLoop } from './jobs/data/data-loop.js';
import {
  CHECK_QUEUE,
  type CheckJob,
  enqueueHelp,
  enqueueRun,
  HELP_QUEUE,
  openQueue,
  requestCheck,
  RUN_QUEUE,
  type RunJob,
  scheduleChecks,
  scheduleRetention,
} from './jobs/queue.js';
import { requeueAbandoned, requeueLost } from './jobs/worker/abandoned.js';
import { checkModels } from './jobs/worker/check-models.js';
import { helpRun } from './jobs/worker/help-run.js';
import { takeRun, type Workshop } from './jobs/worker/take-run.js';
import { createLogger } from './log.js';
import { folderModelFiles } from './pipeline/deploy/index.js';
import { WORKER_LOCK } from './processes.js';
import { openStore } from './store/index.js';

const POLL_MS = 500;
const RETRY_MS = 2000;
const ABANDONED_EVERY_MS = 2000;
const LOST_EVERY_MS = 5000;

const config = readConfig();
const log = createLogger({ name: 'worker', level: config.logLevel, pretty: Boolean(process.stderr.isTTY) });
const databaseUrl = config.databaseUrl ?? '';
const store = await openStore({ databaseUrl });
const files = folderModelFiles(config.dataDir);
const boss = await openQueue(databaseUrl, (error) => log.warn({ err: error }, 'The queue does not answer.'));
const workshop: Workshop = {
  store,
  files,
  log,
  checkpointSeconds: config.checkpointSeconds,
  askForHelp: (job, workers) => enqueueHelp(boss, job, workers),
};
const stopping = new AbortController();
await store.hold(WORKER_LOCK);
await scheduleChecks(boss, config.checkSchedule).catch((thrown: unknown) => {
  log.error({ err: coerceError(thrown), schedule: config.checkSchedule }, 'Checks could not be scheduled.');
});
await scheduleRetention(boss, config.retentionSchedule).catch((thrown: unknown) => {
  log.error(
    { err: coerceError(thrown), schedule: config.retentionSchedule },
    'Retention could not be scheduled.',
  );
});
const data = startDataLoop({ store, boss, log });

const requeue = (job: RunJob) => enqueueRun(boss, job);
const lookForAbandoned = () =>
  requeueAbandoned(store, requeue).catch((thrown: unknown) => {
    log.warn({ err: coerceError(thrown) }, 'Looking for abandoned runs failed.');
  });
await lookForAbandoned();
const watch = setInterval(() => void lookForAbandoned(), ABANDONED_EVERY_MS);
let lookedForLostAt = Date.now();

async function takeNext(): Promise<boolean> {
  const [job] = (await boss.fetch<RunJob>(RUN_QUEUE)) ?? [];
  if (!job) {
    if (Date.now() - lookedForLostAt > LOST_EVERY_MS) {
      lookedForLostAt = Date.now();
      await requeueLost(store, requeue);
    }
    return (await takeHelp()) || takeCheck();
  }
  const outcome = await takeRun(workshop, job.data.shopKey, job.data.runId, stopping.signal);
  await boss.complete(RUN_QUEUE, job.id);
  if (outcome === 'REQUEUE') await requeue(job.data);
  return true;
}

/** Takes trials of another worker's search, or folds of its cross-validation, while no run waits. */
async function takeHelp(): Promise<boolean> {
  const [job] = (await boss.fetch<RunJob>(HELP_QUEUE)) ?? [];
  if (!job) return false;
  await helpRun(workshop, job.data.shopKey, job.data.runId, stopping.signal);
  await boss.complete(HELP_QUEUE, job.id);
  return true;
}

/** Looks at models in service while no run waits. */
async function takeCheck(): Promise<boolean> {
  const [job] = (await boss.fetch<CheckJob>(CHECK_QUEUE)) ?? [];
  if (!job) return false;
  try {
    const { shopKey } = job.data;
    if (shopKey) await checkModels(workshop, shopKey);
    else for (const { key } of await store.shops()) await requestCheck(boss, { shopKey: key });
    await boss.complete(CHECK_QUEUE, job.id);
  } catch (thrown) {
    log.error({ err: coerceError(thrown), ...job.data }, 'The models in service could not be looked at.');
    await boss.fail(CHECK_QUEUE, job.id, { message: coerceError(thrown).message });
  }
  return true;
}

async function loop(): Promise<void> {
  while (!stopping.signal.aborted) {
    try {
      if (!(await takeNext()))
        await sleep(POLL_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    } catch (thrown) {
      log.error({ err: coerceError(thrown) }, 'Taking a run failed; trying again.');
      await sleep(RETRY_MS);
    }
  }
}

// Ctrl-C in a terminal reaches the whole group: the parent decides when its children end.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => stopping.abort(new Error('The worker is stopping.')));
process.on('disconnect', () => stopping.abort(new Error('The parent of the worker ended.')));
process.send?.({ ready: true });
await loop();
await data.stop();
clearInterval(watch);
await boss.stop({ graceful: false });
await store.close();
process.exit(0);
