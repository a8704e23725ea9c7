import { AppError } from '../errors.js';
import type { CrossValidationRequest, SearchRequest } from '../jobs/index.js';
import { choicesOf, parseParameters } from '../pipeline/evaluate/index.js';
import { given, requireObject } from './inputs/checks.js';
import type { CrossValidationInput, SearchInput } from './inputs/evaluation.input.js';
import { toThresholds } from './inputs/threshold.input.js';
import { taskOf } from './types/task-fields.js';

/** @throws AppError BAD_USER_INPUT for what can be told wrong without the data; the queue checks the rest */
export function toCrossValidationRequest(input: CrossValidationInput): CrossValidationRequest {
  const {
    architecture,
    architectures,
    hyperparameters,
    thresholds,
    customTask: _name,
    ...rest
  } = given<CrossValidationInput>(input);
  if (architecture !== undefined && architectures !== undefined)
    throw new AppError(
      'BAD_USER_INPUT',
      'architectures: given beside architecture; expected one of the two.',
    );
  const named = architectures ?? (architecture === undefined ? [] : [architecture]);
  return {
    ...rest,
    task: taskOf(input),
    architectures: named,
    ...(hyperparameters && { hyperparameters: requireObject('hyperparameters', hyperparameters) }),
    ...(thresholds && { thresholds: toThresholds(thresholds) }),
  };
}

/** @throws AppError BAD_USER_INPUT */
export function toSearchRequest(input: SearchInput): SearchRequest {
  const {
    parameters,
    space,
    hyperparameters,
    thresholds,
    customTask: _name,
    ...rest
  } = given<SearchInput>(input);
  if (parameters !== undefined && space !== undefined)
    throw new AppError('BAD_USER_INPUT', 'space: given beside parameters; expected one of the two.');
  const searched =
    parameters !== undefined
      ? parseParameters(parameters.map((parameter) => given(parameter)))
      : space !== undefined
        ? choicesOf(requireObject('space', space))
        : null;
  return {
    ...rest,
    task: taskOf(input),
    ...(searched && { parameters: searched }),
    ...(hyperparameters && { hyperparameters: requireObject('hyperparameters', hyperparameters) }),
    ...(thresholds && { thresholds: toThresholds(thresholds) }),
  };
}
