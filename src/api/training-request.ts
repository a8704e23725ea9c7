import { AppError } from '../errors.js';
import type { TrainingRequest } from '../jobs/index.js';
import type { TaskName } from '../tasks/index.js';
import { given, requireObject, requireTime } from './inputs/checks.js';
import { toThresholds } from './inputs/threshold.input.js';
import type { StartTrainingInput } from './inputs/training.input.js';
import { builtInTask, taskOf } from './types/task-fields.js';

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
  const { lossBalancing, resampling, hyperparameters, thresholds, cut, tasks, ...rest } =
    given<StartTrainingInput>(input);
  const weights: Partial<Record<TaskName, number>> = {};
  for (const { weight, ...named } of lossBalancing?.weights ?? []) {
    const task = taskOf(named);
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
    ...(tasks && { tasks: tasks.map(builtInTask) }),
    ...(lossBalancing && {
      lossBalancing: { method: lossBalancing.method, ...(Object.keys(weights).length > 0 && { weights }) },
    }),
    ...(resampling && {
      resampling: Object.fromEntries(resampling.map(({ method, ...named }) => [taskOf(named), method])),
    }),
    ...(hyperparameters && { hyperparameters: requireObject('hyperparameters', hyperparameters) }),
    ...(thresholds && { thresholds: toThresholds(thresholds) }),
    ...(cut && { cut: requireTime('cut', cut) }),
  };
}
