/** What the work on one run has at hand: data, progress, epochs, checkpoints, cancelling. */
import { AppError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { LoadedBundle } from '../../pipeline/deploy/host/index.js';
import type { ModelFiles } from '../../pipeline/deploy/index.js';
import type { EpochReport, FitContext, TrainedVersion } from '../../pipeline/index.js';
import type { EpochMetricRow, JsonObject, RunRow, ShopStore, Store } from '../../store/index.js';
import type { TaskName } from '../../tasks/index.js';
import { PROGRESS_CHANNEL } from '../channels.js';
import type { RunProgressEvent } from '../contract.js';

const NOTIFY_EVERY_MS = 400;

export interface RunContextOptions {
  readonly run: RunRow;
  readonly shop: ShopStore;
  readonly store: Store;
  readonly files: ModelFiles;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly checkpointSeconds: number;
}

export class RunContext {
  readonly run: RunRow;
  readonly shop: ShopStore;
  readonly store: Store;
  readonly files: ModelFiles;
  readonly signal: AbortSignal;
  readonly log: Logger;
  private readonly checkpointSeconds: number;
  private readonly epochs: EpochMetricRow[] = [];
  private readonly offered = new Map<string, () => Promise<TrainedVersion>>();
  private progress = 0;
  private lastNotified = 0;
  private pending: Promise<unknown> = Promise.resolve();

  constructor(options: RunContextOptions) {
    this.run = options.run;
    this.shop = options.shop;
    this.store = options.store;
    this.files = options.files;
    this.signal = options.signal;
    this.log = options.log;
    this.checkpointSeconds = options.checkpointSeconds;
  }

  /**
   * Context of one fit, which is a part of the run.
   *
   * @param name tells its checkpoint and epochs from those of the run's other fits
   */
  fitContext(name: string, from: number, to: number, isReported: boolean): FitContext {
    const { shop, run } = this;
    return {
      seed: run.seed,
      signal: this.signal,
      onEpoch: (report) => {
        if (isReported) this.epochs.push({ ...report, runId: run.id });
        this.report(this.progress, `${report.model}: epoch ${report.epoch + 1}`, report);
      },
      onProgress: (share) => this.report(from + (to - from) * share, name),
      checkpoints: {
        read: (part) => shop.readCheckpoint(run.id, `${name}/${part}`),
        write: (part, bytes) => shop.writeCheckpoint(run.id, `${name}/${part}`, bytes),
        everySeconds: this.checkpointSeconds,
      },
      openVersion: (id) => this.openVersion(id),
    };
  }

  /** A version that this run will seal later, to be learnt from before. */
  offer(id: string, open: () => Promise<TrainedVersion>): void {
    this.offered.set(id, open);
  }

  /** @throws AppError NOT_FOUND */
  private async openVersion(id: string): Promise<TrainedVersion> {
    const open = this.offered.get(id);
    if (open) return open();
    const [version] = await this.shop.modelVersionsByIds([id]);
    if (!version) throw new AppError('NOT_FOUND', `There is no model version ${id}.`);
    const bundle = await LoadedBundle.open(this.files, version.contentHash);
    const tasks = Object.keys(bundle.manifest.tasks) as TaskName[];
    return {
      cut: Date.parse(bundle.manifest.cut),
      models: Object.fromEntries(tasks.map((task) => [task, bundle.predictor(task).model])),
      dispose: () => bundle.dispose(),
    };
  }

  /** Tells everybody how far the run is; no more often than anybody can read. */
  report(progress: number, message: string, epoch: EpochReport | null = null): void {
    this.progress = Math.max(this.progress, progress);
    const now = Date.now();
    if (now - this.lastNotified < NOTIFY_EVERY_MS && epoch === null) return;
    this.lastNotified = now;
    const event: RunProgressEvent = {
      shopKey: this.shop.shopKey,
      runId: this.run.id,
      status: 'RUNNING',
      progress: this.progress,
      message,
      epoch,
    };
    const update = async () => {
      await this.store.notify(PROGRESS_CHANNEL, event as unknown as JsonObject);
      await this.shop.updateRun(this.run.id, { progress: this.progress, heartbeatAt: new Date() });
    };
    // One after another, and never in the way of the training: what fails here shows at the next heartbeat.
    this.pending = this.pending.then(update).catch((thrown: unknown) => {
      this.log.warn({ err: thrown }, 'Progress could not be stored.');
    });
  }

  /** Stores what is waiting. */
  async flush(): Promise<void> {
    await this.pending;
    if (this.epochs.length > 0) await this.shop.addEpochMetrics(this.epochs.splice(0));
  }
}
