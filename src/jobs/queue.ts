/** The queue in PostgreSQL: which runs wait for a worker. The run's row holds everything else. */
import { PgBoss } from 'pg-boss';

export const RUN_QUEUE = 'runs';
/** A run may take this long before the queue gives its job up; heartbeats, not the queue, find dead workers. */
const EXPIRE_SECONDS = 12 * 3600;

export interface RunJob {
  readonly shopKey: string;
  readonly runId: string;
}

/** Asks a free worker to the side of a search or a cross-validation: as many jobs as workers are wanted. */
export const HELP_QUEUE = 'search-help';

/** Looks at the models in service: a job with a shop is one shop's, one without asks for all. */
export const CHECK_QUEUE = 'shop-checks';
/** A check that is asked for again within this time is one. */
const SAME_CHECK_SECONDS = 60;

export interface CheckJob {
  readonly shopKey?: string;
}

/** Work on the data itself: a job with an id is one that was asked for, one without is the clock's wish for retention. */
export const DATA_QUEUE = 'data-jobs';

export interface DataJob {
  readonly shopKey?: string;
  readonly jobId?: string;
}

/** Opens the queue; the first process to do so makes its tables. */
export async function openQueue(databaseUrl: string, onError: (error: Error) => void): Promise<PgBoss> {
  const boss = new PgBoss({ connectionString: databaseUrl, schema: 'pgboss', max: 3 });
  boss.on('error', onError);
  await boss.start();
  await boss.createQueue(RUN_QUEUE);
  await boss.createQueue(HELP_QUEUE);
  await boss.createQueue(CHECK_QUEUE);
  await boss.createQueue(DATA_QUEUE);
  return boss;
}

/** Hands a run to whichever worker is free first. */
export async function enqueueRun(boss: PgBoss, job: RunJob): Promise<void> {
  await boss.send(RUN_QUEUE, job, { expireInSeconds: EXPIRE_SECONDS, retryLimit: 0 });
}

/** Calls workers to a run's side; those that come too late find nothing to do. */
export async function enqueueHelp(boss: PgBoss, job: RunJob, workers: number): Promise<void> {
  for (let worker = 0; worker < workers; worker++)
    await boss.send(HELP_QUEUE, job, { expireInSeconds: EXPIRE_SECONDS, retryLimit: 0 });
}

/** Has the models in service looked after by the clock. @param cron in UTC; null = never */
export async function scheduleChecks(boss: PgBoss, cron: string | null): Promise<void> {
  if (cron === null) await boss.unschedule(CHECK_QUEUE);
  else await boss.schedule(CHECK_QUEUE, cron, {}, { tz: 'UTC', retryLimit: 0 });
}

/** Asks for a check of one shop, or of all. */
export async function requestCheck(boss: PgBoss, job: CheckJob): Promise<void> {
  const singletonKey = job.shopKey ?? '*';
  await boss.send(CHECK_QUEUE, job, { singletonKey, singletonSeconds: SAME_CHECK_SECONDS, retryLimit: 0 });
}

/** Hands work on the data to whichever worker is free first. */
export async function enqueueData(boss: PgBoss, job: DataJob): Promise<void> {
  await boss.send(DATA_QUEUE, job, { expireInSeconds: EXPIRE_SECONDS, retryLimit: 0 });
}

/** Has every shop's retention applied by the clock. @param cron in UTC; null = never */
export async function scheduleRetention(boss: PgBoss, cron: string | null): Promise<void> {
  if (cron === null) await boss.unschedule(DATA_QUEUE);
  else await boss.schedule(DATA_QUEUE, cron, {}, { tz: 'UTC', retryLimit: 0 });
}
