/** Takes one data job up, does its work, and leaves it ended whatever happens. */
import { AppError, coerceError } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { DataJobRow, JsonObject, RunStatus, ShopStore } from '../../store/index.js';
import { DATA_PROGRESS_CHANNEL } from './contract.js';
import type { DataWorkshop } from './data-workshop.js';
import { workOf } from './work.js';

export const DATA_HEARTBEAT_MS = 2000;
/** Exit code of a process that put its job back. */
export const REQUEUE_EXIT = 75;
const NOTIFY_EVERY_MS = 250;
const MAX_ATTEMPTS = 3;

class Cancelled extends Error {}

/** Name that the process of a data job holds: the database lets it go the moment the process is dead. */
export const dataLock = (jobId: string): string => `data-job:${jobId}`;

/** @param stopSignal aborted when the process is told to stop: the job goes back to the queue */
export async function takeDataJob(
  workshop: DataWorkshop,
  shopKey: string,
  jobId: string,
  stopSignal: AbortSignal,
): Promise<'DONE' | 'REQUEUE'> {
  const { store, log } = workshop;
  const shop = await store.forShop(shopKey);
  const letGo = await store.hold(dataLock(jobId));
  const job = await shop.claimDataJob(jobId);
  if (!job) {
    await letGo();
    return 'DONE'; // cancelled, or another has it
  }
  const cancel = new AbortController();
  const progress = new Progress(workshop, shop, job, () =>
    cancel.abort(new Cancelled('The job was cancelled.')),
  );
  const signal = AbortSignal.any([cancel.signal, stopSignal]);
  try {
    if (job.attempts > MAX_ATTEMPTS)
      throw new AppError(
        'INTERNAL',
        `The job was taken up ${MAX_ATTEMPTS} times and each time its process died.`,
      );
    progress.start();
    const report = await workOf(job.kind)({
      ...workshop,
      shop,
      job,
      signal,
      report: (share, message) => progress.report(share, message),
    });
    await progress.stop();
    await shop.endDataJob(job.id, { status: 'SUCCEEDED', report });
    await progress.tell('SUCCEEDED', 1, '');
    return 'DONE';
  } catch (thrown) {
    await progress.stop();
    if (stopSignal.aborted && !cancel.signal.aborted) {
      await shop.releaseDataJob(job, { isCounted: false });
      return 'REQUEUE';
    }
    await fail(shop, job, coerceError(thrown), cancel.signal.aborted, progress, log);
    return 'DONE';
  } finally {
    await letGo().catch((thrown: unknown) =>
      log.warn({ err: thrown }, 'The lock of a data job could not be let go.'),
    );
  }
}

async function fail(
  shop: ShopStore,
  job: DataJobRow,
  error: Error,
  isCancelled: boolean,
  progress: Progress,
  log: Logger,
): Promise<void> {
  const status = isCancelled ? 'CANCELLED' : 'FAILED';
  if (!isCancelled) log.error({ err: error, jobId: job.id, kind: job.kind }, 'A data job failed.');
  const isKnown = error instanceof AppError;
  const shown = isKnown
    ? { code: error.code, message: error.message }
    : {
        code: 'INTERNAL' as const,
        message: `The job failed; the log of its worker says why (job ${job.id}).`,
      };
  await shop.endDataJob(job.id, { status, ...(isCancelled ? {} : { error: shown }) });
  await progress.tell(status, job.progress, isCancelled ? '' : shown.message);
}

/** Signs of life and how far the job is, told to everybody no more often than anybody can read. */
class Progress {
  private latest: { share: number; message: string } | undefined;
  private told = 0;
  private pending: Promise<unknown> = Promise.resolve();
  private beat: NodeJS.Timeout | undefined;

  constructor(
    private readonly workshop: DataWorkshop,
    private readonly shop: ShopStore,
    private readonly job: DataJobRow,
    private readonly onCancel: () => void,
  ) {}

  start(): void {
    this.beat = setInterval(() => this.send(), DATA_HEARTBEAT_MS);
    this.send();
  }

  report(share: number, message: string): void {
    this.latest = { share: Math.min(1, Math.max(0, share)), message };
    if (Date.now() - this.told >= NOTIFY_EVERY_MS) this.send();
  }

  async stop(): Promise<void> {
    clearInterval(this.beat);
    await this.pending;
  }

  async tell(status: RunStatus, share: number, message: string): Promise<void> {
    const event: JsonObject = {
      shopKey: this.shop.shopKey,
      jobId: this.job.id,
      status,
      progress: share,
      message,
    };
    await this.workshop.store.notify(DATA_PROGRESS_CHANNEL, event);
  }

  /** One after another, and never in the way of the work: what fails here shows at the next sign of life. */
  private send(): void {
    this.told = Date.now();
    const { latest } = this;
    const step = async (): Promise<void> => {
      if (await this.shop.beatDataJob(this.job.id, latest)) this.onCancel();
      await this.tell('RUNNING', latest?.share ?? this.job.progress, latest?.message ?? '');
    };
    this.pending = this.pending.then(step).catch((thrown: unknown) => {
      this.workshop.log.warn({ err: thrown }, 'The progress of a data job could not be stored.');
    });
  }
}
