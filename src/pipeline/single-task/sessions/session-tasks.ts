import { AppError, tooFewData } from '../../../errors.js';
import type { TaskName } from '../../../tasks/index.js';

export const SESSION_TASKS = ['NEXT_BEHAVIOUR', 'SESSION_OUTCOME'] as const;
export type SessionTask = (typeof SESSION_TASKS)[number];

export const isSessionTask = (task: TaskName): task is SessionTask =>
  (SESSION_TASKS as readonly TaskName[]).includes(task);

/** @throws AppError BAD_USER_INPUT for a task that is not about sessions, or for none */
export function sessionTasks(architecture: string, tasks: readonly TaskName[]): SessionTask[] {
  const own = tasks.filter(isSessionTask);
  if (own.length > 0 && own.length === tasks.length) return own;
  throw new AppError(
    'BAD_USER_INPUT',
    `${architecture} learns ${SESSION_TASKS.join(' and ')}; got ${tasks.join(', ')}.`,
  );
}

/** @throws AppError TOO_FEW_DATA */
export function requireSessions(have: number, need: number): void {
  if (have >= need) return;
  throw tooFewData('Steps of sessions that begin with a view, search or cart, to learn from', have, need);
}
