import { AppError } from '../../../errors.js';
import {
  type CustomTask,
  customTaskOf,
  customTasksOf,
  isCustomTask,
  type TaskName,
} from '../../../tasks/index.js';

/**
 * The one custom task that a model is made for, as its settings define it.
 *
 * @throws AppError BAD_USER_INPUT for any other tasks
 */
export function onlyCustomTask(
  architecture: string,
  tasks: readonly TaskName[],
  hyperparameters: Readonly<Record<string, unknown>>,
): CustomTask {
  const [name, ...others] = tasks;
  if (others.length > 0 || name === undefined || !isCustomTask(name)) {
    throw new AppError(
      'BAD_USER_INPUT',
      `${architecture} learns one task that the shop has defined; got ${tasks.join(', ') || 'none'}.`,
    );
  }
  return customTaskOf(name, customTasksOf(hyperparameters));
}
