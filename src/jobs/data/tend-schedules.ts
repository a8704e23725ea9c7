/** What workers do for pulls and crawls that come by the clock: start those whose time has come, and look at what came of them. */
import { AppError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { type AlertDraft, raiseAlerts } from '../../pipeline/monitor/index.js';
import type { ScheduleRow, ShopStore, Store } from '../../store/index.js';
import type { CrawlRequest, DataJobs } from './contract.js';
import { nextTime, retryTime } from './rhythm.js';

/** Failures in a row from which on it is critical. */
const CRITICAL_FAILURES = 3;
const HOLD_MS = 60_000;

export interface SchedulesOptions {
  readonly store: Store;
  readonly jobs: Pick<DataJobs, 'startPull' | 'startCrawl'>;
  readonly log: Logger;
}

/** May be called by several processes at once: each turn is started once, each end counted once. */
export async function tendSchedules({ store, jobs, log }: SchedulesOptions, shop: ShopStore): Promise<void> {
  for (const schedule of await shop.schedulesToTend()) {
    try {
      await settle(store, shop, schedule);
      if (!schedule.isPaused && schedule.nextAt.getTime() <= Date.now()) await start(jobs, shop, schedule);
    } catch (thrown) {
      log.error(
        { err: thrown, shopKey: shop.shopKey, subject: schedule.subject },
        'A schedule could not be tended.',
      );
    }
  }
}

async function start(jobs: SchedulesOptions['jobs'], shop: ShopStore, schedule: ScheduleRow): Promise<void> {
  const now = new Date();
  // A process that ends before the job is there holds its turn up by this much.
  const nextAt = new Date(now.getTime() + HOLD_MS);
  if (!(await shop.turnSchedule(schedule, nextAt))) return; // another process has it, or it is paused
  let jobId: string | undefined;
  try {
    jobId = (await startJob(jobs, shop, schedule)).id;
  } catch (thrown) {
    // The last one is under way still, or somebody started one by hand: this turn is left out.
    if (!(thrown instanceof AppError) || thrown.code !== 'CONFLICT') throw thrown;
  }
  await shop.turnSchedule({ id: schedule.id, nextAt }, nextTime(schedule.rhythm, now), jobId);
}

async function startJob(
  jobs: SchedulesOptions['jobs'],
  shop: ShopStore,
  schedule: ScheduleRow,
): Promise<{ id: string }> {
  if (schedule.kind === 'CRAWL')
    return jobs.startCrawl(shop.shopKey, schedule.input as unknown as CrawlRequest);
  const connection = await shop.connectionById(schedule.connectionId ?? '');
  if (connection === null)
    throw new AppError('NOT_FOUND', `The connection of ${schedule.subject} was removed.`);
  return jobs.startPull(shop.shopKey, connection, false);
}

async function settle(store: Store, shop: ShopStore, schedule: ScheduleRow): Promise<void> {
  const { jobStatus, jobError } = schedule;
  if (schedule.jobId === null || jobStatus === 'QUEUED' || jobStatus === 'RUNNING') return;
  if (jobStatus !== 'FAILED') {
    const failures = jobStatus === 'SUCCEEDED' ? 0 : schedule.failures;
    await shop.settleSchedule(schedule, { failures });
    return;
  }
  const failures = schedule.failures + 1;
  const retry = retryTime(failures, new Date());
  if (!(await shop.settleSchedule(schedule, { failures, nextAt: retry }))) return;
  await raiseAlerts(store, shop, [alertOf(schedule, failures, jobError?.message ?? '')]);
}

function alertOf({ kind, subject }: ScheduleRow, failures: number, reason: string): AlertDraft {
  const what = kind === 'PULL' ? 'Scheduled pull' : 'Scheduled crawl';
  // A message is told from others by what stands before its first colon: addresses have one.
  const where = subject.replace(/https?:\/\//, '').replace(/:/g, ' port ');
  const times = failures === 1 ? 'failed' : `failed ${failures} times in a row`;
  return {
    kind: 'SOURCE',
    severity: failures >= CRITICAL_FAILURES ? 'CRITICAL' : 'WARNING',
    message: `${what} of ${where}: ${times}. ${reason}`.trim(),
    value: failures,
    threshold: 1,
  };
}
