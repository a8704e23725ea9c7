/** The side of a worker that starts work on the data: each job in a process of its own, so that parsing never waits for a training. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { PgBoss } from 'pg-boss';

import { AppError, coerceError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { PROJECT_ROOT } from '../../root.js';
import type { Store } from '../../store/index.js';
import { DATA_QUEUE, type DataJob, enqueueData } from '../queue.js';
import { createDataJobs } from './create-data-jobs.js';
import { DATA_HEARTBEAT_MS, dataLock, REQUEUE_EXIT } from './take-data-job.js';
import { tendSchedules } from './tend-schedules.js';

const POLL_MS = 500;
const RETRY_MS = 2000;
const WATCH_EVERY_MS = 2000;
/** Missed signs of life after which a job whose lock nobody holds is taken for abandoned. */
const MISSED = 2;
/** A queued job is waited for so long before its entry in the queue counts as lost. */
const LOST_MS = 10_000;
const PAGE = 100;

export interface DataLoopOptions {
  readonly store: Store;
  readonly boss: PgBoss;
  readonly log: Logger;
}

/** Takes data jobs from the queue, one at a time, until `stop`. */
export function startDataLoop(options: DataLoopOptions): { stop(): Promise<void> } {
  const { boss, log, store } = options;
  const stopping = new AbortController();
  let child: ChildProcess | null = null;
  let watchedAt = 0;

  const next = async (): Promise<boolean> => {
    const [job] = (await boss.fetch<DataJob>(DATA_QUEUE)) ?? [];
    if (!job) {
      if (Date.now() - watchedAt < WATCH_EVERY_MS) return false;
      watchedAt = Date.now();
      await lookAround(options);
      return false;
    }
    if (job.data.jobId === undefined) await startRetentions(store, boss, log);
    else {
      child = fork(join(PROJECT_ROOT, 'dist', 'src', 'data-job.js'), [
        job.data.shopKey ?? '',
        job.data.jobId,
      ]);
      const code = await endOf(child);
      child = null;
      if (code === REQUEUE_EXIT && !stopping.signal.aborted) await enqueueData(boss, job.data);
    }
    await boss.complete(DATA_QUEUE, job.id);
    return true;
  };
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        if (!(await next()))
          await sleep(POLL_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      } catch (thrown) {
        if (stopping.signal.aborted) return;
        log.error({ err: coerceError(thrown) }, 'Taking a data job failed; trying again.');
        await sleep(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  };
  const ended = loop();
  return {
    stop: async () => {
      stopping.abort();
      child?.kill('SIGTERM');
      await ended;
    },
  };
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code));
  });
}

/** By the clock: every shop, since partitions want tending where there are no policies, too. */
async function startRetentions(store: Store, boss: PgBoss, log: Logger): Promise<void> {
  const jobs = createDataJobs(store, boss);
  for (const { key } of await store.shops()) {
    await jobs.startRetention(key).catch((thrown: unknown) => {
      // One that somebody asked for a moment ago does the same.
      if (thrown instanceof AppError && thrown.code === 'CONFLICT') return;
      log.error({ err: thrown, shopKey: key }, 'Retention could not be asked for.');
    });
  }
}

/**
 * While the queue is empty: puts jobs back whose process has died, queues again what waits without an entry in it, and starts what comes
 * by the clock.
 */
async function lookAround({ store, boss, log }: DataLoopOptions): Promise<void> {
  const jobs = createDataJobs(store, boss);
  for (const { key } of await store.shops()) {
    const shop = await store.forShop(key);
    await tendSchedules({ store, jobs, log }, shop);
    const { rows } = await shop.dataJobs({ first: PAGE }, { statuses: ['QUEUED', 'RUNNING'] });
    for (const job of rows) {
      const silence = Date.now() - (job.heartbeatAt ?? job.createdAt).getTime();
      if (job.status === 'QUEUED') {
        if (silence < LOST_MS) continue;
      } else {
        if (silence < MISSED * DATA_HEARTBEAT_MS || (await store.isHeld(dataLock(job.id)))) continue;
        if (!(await shop.releaseDataJob(job))) continue;
      }
      await enqueueData(boss, { shopKey: key, jobId: job.id });
    }
  }
}
