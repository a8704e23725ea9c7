import { AppError } from '../../../errors.js';
import { COLLABORATIVE_TYPES } from '../../collaborate/index.js';
import { ensembleType } from '../../ensemble/index.js';
import { ENSEMBLE_METHODS, type ModelType } from '../../index.js';
import { MULTI_TASK_TYPES } from '../../multi-task/index.js';
import { SINGLE_TASK_TYPES } from '../../single-task/index.js';

/** Name of an ensemble method as an architecture: WEIGHTED_AVERAGE → weighted-average. */
export const ensembleArchitecture = (method: string): string => method.toLowerCase().replaceAll('_', '-');

/** Every architecture that can be trained and served. Adding one is its file and its line in its stage's list. */
export const MODEL_TYPES: readonly ModelType[] = [
  ...SINGLE_TASK_TYPES,
  ...MULTI_TASK_TYPES,
  ...COLLABORATIVE_TYPES,
  ...ENSEMBLE_METHODS.map((method) => ensembleType(ensembleArchitecture(method), modelType)),
];

/** @throws AppError BAD_USER_INPUT for a name that no architecture has */
export function modelType(architecture: string): ModelType {
  const type = MODEL_TYPES.find((candidate) => candidate.architecture === architecture);
  if (type) return type;
  const names = MODEL_TYPES.map((candidate) => candidate.architecture).join(', ');
  throw new AppError('BAD_USER_INPUT', `architecture: expected one of ${names}; got "${architecture}".`);
}
