/** Takes one run up, does its work, and leaves it ended whatever happens. */
import { AppError, coerceError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { deployModel, type ModelFiles } from '../../pipeline/deploy/index.js';
import type { ModelVersionRow, RunRow, ShopStore, Store } from '../../store/index.js';
import { PROGRESS_CHANNEL } from '../channels.js';
import type { RunJob } from '../queue.js';
import { trainAutomatically } from './auto.js';
import { crossValidate } from './cross-validation.js';
import { combine } from './ensemble.js';
import { RunContext } from './run-context.js';
import { type AskForHelp, search } from './search.js';
import { train } from './training.js';

export const HEARTBEAT_MS = 2000;
const MAX_ATTEMPTS = 3;

class Cancelled extends Error {}

/** Name that a run's worker holds: the database lets it go the moment the worker is dead, however busy a living one is. */
export const runLock = (runId: string): string => `run:${runId}`;

export interface Workshop {
  readonly store: Store;
  readonly files: ModelFiles;
  readonly log: Logger;
  /** Seconds between two checkpoints of a training. */
  readonly checkpointSeconds: number;
  /** Calls other workers to the side of a search or a cross-validation; without, its own worker takes all parts. */
  readonly askForHelp?: (job: RunJob, workers: number) => Promise<void>;
}

/** @param stopSignal aborted when the worker is told to stop: the run goes back to the queue */
export async function takeRun(
  workshop: Workshop,
  shopKey: string,
  runId: string,
  stopSignal: AbortSignal,
): Promise<'DONE' | 'REQUEUE'> {
  const { store, files, log } = workshop;
  const shop = await store.forShop(shopKey);
  const run = await shop.claimRun(runId);
  if (!run) return 'DONE'; // cancelled, or another worker has it
  if (run.attempts > MAX_ATTEMPTS) {
    await end(
      workshop,
      shop,
      run,
      'FAILED',
      new AppError('INTERNAL', `The run was taken up ${MAX_ATTEMPTS} times and each time its worker died.`),
    );
    return 'DONE';
  }
  const cancel = new AbortController();
  const signal = AbortSignal.any([cancel.signal, stopSignal]);
  const { checkpointSeconds } = workshop;
  const context = new RunContext({ run, shop, store, files, signal, log, checkpointSeconds });
  const letGo = await store.hold(runLock(run.id));
  const beat = setInterval(() => void heartbeat(shop, run.id, cancel, log), HEARTBEAT_MS);
  try {
    // What a worker before this one stored comes again: its fits are gone through again, most of them from checkpoints.
    // Searches and cross-validations go on where theirs stand.
    const isInParts = run.kind === 'SEARCH' || run.kind === 'CROSS_VALIDATION';
    if (run.attempts > 1 && !isInParts) await shop.clearRunResults(run.id);
    const version = await work(context, async (id, workers) =>
      workshop.askForHelp?.({ shopKey, runId: id }, workers),
    );
    await context.flush();
    if (version && run.config.deploy === true) await deployModel(store, shop, version.id);
    await shop.updateRun(run.id, { modelVersionId: version?.id ?? null });
    await end(workshop, shop, run, 'SUCCEEDED', null);
    return 'DONE';
  } catch (thrown) {
    await context.flush().catch(() => undefined);
    if (stopSignal.aborted && !cancel.signal.aborted) {
      await shop.updateRun(run.id, { status: 'QUEUED', attempts: run.attempts - 1 });
      return 'REQUEUE';
    }
    await end(workshop, shop, run, cancel.signal.aborted ? 'CANCELLED' : 'FAILED', coerceError(thrown));
    return 'DONE';
  } finally {
    clearInterval(beat);
    await letGo().catch((thrown: unknown) =>
      log.warn({ err: thrown }, 'The lock of a run could not be let go.'),
    );
  }
}

function work(context: RunContext, askForHelp: AskForHelp): Promise<ModelVersionRow | null> {
  switch (context.run.kind) {
    case 'SINGLE_TASK':
    case 'MULTI_TASK':
    case 'COLLABORATIVE':
      return train(context);
    case 'AUTO':
      return trainAutomatically(context);
    case 'ENSEMBLE':
      return combine(context);
    case 'CROSS_VALIDATION':
      return crossValidate(context, askForHelp);
    case 'SEARCH':
      return search(context, askForHelp);
  }
}

async function heartbeat(
  shop: ShopStore,
  runId: string,
  cancel: AbortController,
  log: Logger,
): Promise<void> {
  try {
    const run = await shop.updateRun(runId, { heartbeatAt: new Date() });
    if (run.cancelRequested) cancel.abort(new Cancelled('The run was cancelled.'));
  } catch (thrown) {
    log.warn({ err: thrown }, 'A heartbeat could not be stored.');
  }
}

async function end(
  { store, log }: Workshop,
  shop: ShopStore,
  run: RunRow,
  status: 'SUCCEEDED' | 'FAILED' | 'CANCELLED',
  error: Error | null,
): Promise<void> {
  if (status === 'FAILED') log.error({ err: error, runId: run.id }, 'A run failed.');
  const known = error instanceof AppError;
  const shown =
    status === 'FAILED' && error
      ? {
          code: known ? error.code : ('INTERNAL' as const),
          message: known ? error.message : `The run failed; the log of its worker says why (run ${run.id}).`,
        }
      : null;
  await shop.updateRun(run.id, {
    status,
    error: shown,
    finishedAt: new Date(),
    ...(status === 'SUCCEEDED' ? { progress: 1 } : {}),
  });
  await shop.deleteCheckpoints(run.id);
  const event = {
    shopKey: shop.shopKey,
    runId: run.id,
    status,
    progress: status === 'SUCCEEDED' ? 1 : run.progress,
    message: status.toLowerCase(),
    epoch: null,
  };
  await store.notify(PROGRESS_CHANNEL, event);
}
