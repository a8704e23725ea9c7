import { AppError } from '../errors.js';
import type { RunStatus } from '../store/index.js';
import type { Context } from './context.js';
import { eventStream } from './event-stream.js';
import { type DataJobProgress, toDataJobProgress } from './types/data-job.type.js';

const ENDED: readonly RunStatus[] = ['SUCCEEDED', 'FAILED', 'CANCELLED'];

/**
 * The state of a data job now, then each change, until it has ended.
 *
 * @throws AppError NOT_FOUND
 */
export async function dataJobProgress(
  { services, shop }: Context,
  jobId: string,
): Promise<AsyncIterableIterator<DataJobProgress>> {
  return eventStream<DataJobProgress>(async (push, end) => {
    const pushState = (progress: DataJobProgress): void => {
      push(progress);
      if (ENDED.includes(progress.status)) end();
    };
    // Listening begins before the state is read, so that no change falls between the two.
    const stop = await services.jobs.data.onProgress(shop.shopKey, (event) => {
      if (event.jobId === jobId) pushState(toDataJobProgress(event));
    });
    const [job] = await shop.dataJobsByIds([jobId]);
    if (!job) {
      await stop();
      throw new AppError('NOT_FOUND', `There is no data job ${jobId}.`);
    }
    const { status, progress, error } = job;
    pushState({ jobId, status, progress, message: error?.message ?? job.message });
    return stop;
  });
}
