import type { Store } from '../../store/index.js';
import type { RunJob } from '../queue.js';
import { HEARTBEAT_MS, runLock } from './take-run.js';

/** A worker is dead when it holds its run no more; so many heartbeats are waited for while it takes the run up or reconnects. */
const MISSED = 2;
const PAGE = 100;

/**
 * Puts runs whose worker has died back into the queue; the next worker goes on from their last checkpoint.
 *
 * @returns how many
 */
export async function requeueAbandoned(
  store: Store,
  requeue: (job: RunJob) => Promise<void>,
): Promise<number> {
  let count = 0;
  for (const { key } of await store.shops()) {
    const shop = await store.forShop(key);
    const { rows } = await shop.runs({ first: PAGE }, { statuses: ['RUNNING'] });
    for (const run of rows) {
      const silence = Date.now() - (run.heartbeatAt?.getTime() ?? 0);
      if (silence < MISSED * HEARTBEAT_MS || (await store.isHeld(runLock(run.id)))) continue;
      if (!(await shop.releaseRun(run))) continue;
      await requeue({ shopKey: key, runId: run.id });
      count++;
    }
  }
  return count;
}

/** A queued run is waited for so long before its job counts as lost. */
const LOST_MS = 10_000;

/**
 * Queues again what waits without a job: its worker died between fetching the job and taking the run up, or its starter before it sent
 * the job. To be called while the queue is empty; a job too many is harmless, since a run can be claimed only once.
 */
export async function requeueLost(store: Store, requeue: (job: RunJob) => Promise<void>): Promise<void> {
  for (const { key } of await store.shops()) {
    const shop = await store.forShop(key);
    const { rows } = await shop.runs({ first: PAGE }, { statuses: ['QUEUED'] });
    for (const { id, createdAt, heartbeatAt } of rows) {
      const since = (heartbeatAt ?? createdAt).getTime();
      if (Date.now() - since >= LOST_MS) await requeue({ shopKey: key, runId: id });
    }
  }
}
