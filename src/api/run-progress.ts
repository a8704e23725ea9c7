import { AppError } from '../errors.js';
import type { RunRow, RunStatus } from '../store/index.js';
import type { Context } from './context.js';
import { eventStream } from './event-stream.js';
import { type RunProgress, toEpochMetric } from './types/training-run.type.js';

const ENDED: readonly RunStatus[] = ['SUCCEEDED', 'FAILED', 'CANCELLED'];

/**
 * The state of a run now, then each change, until the run has ended.
 *
 * @throws AppError NOT_FOUND
 */
export async function runProgress(
  { services, shop }: Context,
  runId: string,
): Promise<AsyncIterableIterator<RunProgress>> {
  return eventStream<RunProgress>(async (push, end) => {
    const pushState = (progress: RunProgress): void => {
      push(progress);
      if (ENDED.includes(progress.status)) end();
    };
    // Listening begins before the state is read, so that no change falls between the two.
    const stop = await services.jobs.onProgress(shop.shopKey, (event) => {
      if (event.runId !== runId) return;
      const { status, progress, message, epoch } = event;
      pushState({ runId, status, progress, message, epoch: epoch && toEpochMetric(epoch) });
    });
    const [run] = await shop.runsByIds([runId]);
    if (!run) {
      await stop();
      throw new AppError('NOT_FOUND', `There is no run ${runId}.`);
    }
    pushState(toProgress(run));
    return stop;
  });
}

function toProgress(run: RunRow): RunProgress {
  const message = run.error?.message ?? run.status.toLowerCase();
  return { runId: run.id, status: run.status, progress: run.progress, message, epoch: null };
}
