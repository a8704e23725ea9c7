/** Predictions of the shop's own tasks, out of what the loaders score. */
import { AppError } from '../errors.js';
import { type CustomTask, customTaskName, customTasksOf, labelOf } from '../tasks/index.js';
import type { Context } from './context.js';
import type { CustomPrediction } from './types/custom-prediction.type.js';
import { toCustomTask } from './types/custom-task.type.js';

/** @throws AppError NOT_FOUND */
export async function requireCustomTask({ loaders }: Context, name: string): Promise<CustomTask> {
  const defined = await loaders.customTasks.load('all');
  const found = defined.find((task) => task.name === name);
  if (found) return found;
  const known = defined.map((task) => task.name).join(', ') || 'none';
  throw new AppError('NOT_FOUND', `task: the shop has defined ${known}; got ${name}.`);
}

/** @throws AppError NOT_READY where no model in service has learnt the task as it is defined now */
export async function customPrediction(
  { loaders }: Context,
  userId: string,
  task: CustomTask,
): Promise<CustomPrediction> {
  const name = customTaskName(task.name);
  const { probability: value, threshold, modelVersionId } = await loaders.score.load({ userId, task: name });
  const version = await loaders.modelVersionById.load(modelVersionId);
  const learnt = customTasksOf(version?.manifest ?? {}).find((other) => other.name === task.name);
  if (!learnt || labelOf(learnt) !== labelOf(task))
    throw new AppError(
      'NOT_READY',
      `The deployed model has learnt ${task.name} by another definition. Train it again and deploy it.`,
    );
  const isNumber = task.atLeast === null;
  return {
    task: toCustomTask(task),
    probability: isNumber ? null : value,
    label: isNumber ? null : value >= threshold,
    threshold: isNumber ? null : threshold,
    expectedCount: isNumber ? value : null,
    modelVersionId,
    userId,
  };
}
