/** A worker at the side of another's search or cross-validation: it takes trials or folds up until none is left to start. */
import { AppError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { helpCrossValidation } from './cross-validation.js';
import { RunContext } from './run-context.js';
import { takeTrials } from './search.js';
import { HEARTBEAT_MS, type Workshop } from './take-run.js';
import { gatherSearch } from './trials.js';

class Ended extends Error {}

/** @param stopSignal aborted when the worker is told to stop: what it has in hand goes back */
export async function helpRun(
  { store, files, log, checkpointSeconds }: Workshop,
  shopKey: string,
  runId: string,
  stopSignal: AbortSignal,
): Promise<void> {
  const shop = await store.forShop(shopKey);
  const isWanted = async () => {
    const [run] = await shop.runsByIds([runId]);
    const isActive = run?.status === 'RUNNING' || run?.status === 'QUEUED';
    return run && isActive && !run.cancelRequested ? run : null;
  };
  const run = await isWanted();
  if (!run) return;
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, stopSignal]);
  const look = setInterval(() => {
    isWanted()
      .then((wanted) => wanted ?? ended.abort(new Ended('The run has ended.')))
      .catch((thrown: unknown) => warn(log, thrown));
  }, HEARTBEAT_MS);
  const context = new RunContext({ run, shop, store, files, signal, log, checkpointSeconds });
  try {
    if (run.kind === 'CROSS_VALIDATION') await helpCrossValidation(context);
    else await takeTrials(context, await gatherSearch(context), false);
    await context.flush();
  } catch (thrown) {
    // What the data do not allow the run's own worker finds too, and tells.
    if (!signal.aborted && !(thrown instanceof AppError)) throw thrown;
  } finally {
    clearInterval(look);
  }
}

function warn(log: Logger, thrown: unknown): void {
  log.warn({ err: thrown }, 'Whether a run goes on could not be read.');
}
