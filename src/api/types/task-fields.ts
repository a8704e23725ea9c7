/** Tasks as the API names them: those of a shop's own are CUSTOM, with their names beside it. */
import { AppError } from '../../errors.js';
import {
  type BuiltInTask,
  customTaskName,
  givenName,
  isCustomTask,
  type TaskName,
} from '../../tasks/index.js';
import type { ApiTask } from './enums.enum.js';

export const CUSTOM_TASK = 'Name of the task, where `task` is CUSTOM.';
export const CUSTOM_TASKS = "Names of those of the tasks that are the shop's own.";

/** `task` and `customTask`. */
export function taskFields(task: TaskName): { task: ApiTask; customTask: string | null };
export function taskFields(task: TaskName | null): { task: ApiTask | null; customTask: string | null };
export function taskFields(task: TaskName | null): { task: ApiTask | null; customTask: string | null } {
  if (task === null || !isCustomTask(task)) return { task, customTask: null };
  return { task: 'CUSTOM', customTask: givenName(task) };
}

/** `tasks`, CUSTOM once however many there are, and `customTasks`. */
export function taskListFields(tasks: readonly TaskName[]): { tasks: ApiTask[]; customTasks: string[] } {
  return {
    tasks: [...new Set(tasks.map((task) => taskFields(task).task))],
    customTasks: tasks.filter(isCustomTask).map(givenName),
  };
}

/** The task that an input means. @throws AppError BAD_USER_INPUT where one of the two is there without the other */
export function taskOf({ task, customTask }: { task: ApiTask; customTask?: string | null }): TaskName {
  const name = customTask ?? null;
  if (task !== 'CUSTOM' && name === null) return task;
  if (task === 'CUSTOM' && name !== null) return customTaskName(name);
  throw new AppError(
    'BAD_USER_INPUT',
    `customTask: expected the name of a task with task CUSTOM, and none with others; got ${JSON.stringify(name)} with ${task}.`,
  );
}

/** @throws AppError BAD_USER_INPUT for CUSTOM, which names no task by itself */
export function builtInTask(task: ApiTask): BuiltInTask {
  if (task !== 'CUSTOM') return task;
  throw new AppError('BAD_USER_INPUT', 'CUSTOM names no task by itself; startTraining takes customTasks.');
}
