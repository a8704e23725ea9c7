import { AppError } from '../errors.js';
import type { TrainingRequest } from '../jobs/index.js';
import type { TaskName } from '../tasks/index.js';
import { given, requireObject, requireTime } from './inputs/checks.js';
import { toThresholds } from './inputs/threshold.input.js';
import type { StartTrainingInput } from './inputs/training.input.js';

const TRAINED_BY = {
  ENSEMBLE: 'startEnsemble',
  CROSS_VALIDATION: 'startCrossValidation',
  SEARCH: 'startSearch',
} as const;

/** @throws AppError BAD_USER_INPUT for what can be told wrong without the data; the queue checks the rest */
export function toTrainingRequest(input: StartTrainingInput): TrainingRequest {
  const { kind } = input;
  if (kind === 'ENSEMBLE' || kind === 'CROSS_VALIDATION' || kind === 'SEARCH') {
    throw new AppError('BAD_USER_INPUT', `kind: ${kind} is started by ${TRAINED_BY[kind]}.`);
  }
  const { lossBalancing, resampling, hyperparameters, thresholds, cut, ...rest } =
    given<StartTrainingInput>(input);
  const weights: Partial<Record<TaskName, number>> = {};
  for (const { task, weight } of lossBalancing?.weights ?? []) {
    if (!(weight > 0))
      throw new AppError(
        'BAD_USER_INPUT',
        `lossBalancing.weights: ${task} needs more than 0; got ${weight}.`,
      );
    weights[task] = weight;
  }
  return {
    ...rest,
    kind,
    ...(lossBalancing && {
      lossBalancing: { method: lossBalancing.method, ...(Object.keys(weights).length > 0 && { weights }) },
    }),
    ...(resampling && {
      resampling: Object.fromEntries(resampling.map(({ task, method }) => [task, method])),
    }),
    ...(hyperparameters && { hyperparameters: requireObject('hyperparameters', hyperparameters) }),
    ...(thresholds && { thresholds: toThresholds(thresholds) }),
    ...(cut && { cut: requireTime('cut', cut) }),
  };
}
