/** A worker at the side of another's search: it takes trials up until none is left to start. */
import type { Logger } from '../../log.js';
import { RunContext } from './run-context.js';
import { takeTrials } from './search.js';
import { HEARTBEAT_MS, type Workshop } from './take-run.js';
import { gatherSearch } from './trials.js';

class Ended extends Error {}

/** @param stopSignal aborted when the worker is told to stop: its trial goes back */
export async function helpSearch(
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
      .then((wanted) => wanted ?? ended.abort(new Ended('The search has ended.')))
      .catch((thrown: unknown) => warn(log, thrown));
  }, HEARTBEAT_MS);
  const context = new RunContext({ run, shop, store, files, signal, log, checkpointSeconds });
  try {
    await takeTrials(context, await gatherSearch(context), false);
    await context.flush();
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  } finally {
    clearInterval(look);
  }
}

function warn(log: Logger, thrown: unknown): void {
  log.warn({ err: thrown }, 'Whether a search goes on could not be read.');
}
