import type { BatchSpec, TrainOptions } from '../../nn/index.js';
import type { EpochReport, FitContext } from '../index.js';
import { namedCheckpoint } from './named-checkpoint.js';

/**
 * What the training of a net with one loss takes over from its fit: seed, cancellation, reports and the checkpoint.
 *
 * @param report in whose name epochs are told
 * @param checkpoint name of the state kept
 */
export function trainingContext(
  context: FitContext,
  report: Pick<EpochReport, 'model' | 'task'>,
  checkpoint = report.model,
): Pick<TrainOptions<BatchSpec>, 'seed' | 'onEpoch' | 'onProgress' | 'signal' | 'checkpoint'> {
  return {
    seed: context.seed,
    onEpoch: ({ epoch, train, validation }) =>
      context.onEpoch({
        ...report,
        epoch,
        trainLoss: train.total,
        validationLoss: validation?.total ?? null,
      }),
    onProgress: context.onProgress,
    signal: context.signal,
    checkpoint: namedCheckpoint(context, checkpoint),
  };
}
