import { AppError } from '../../errors.js';
import { type CustomTask, customTaskName, customTasksOf, type TaskName } from '../../tasks/index.js';
import type { ModelType } from '../index.js';
import { isUserTask } from '../single-task/index.js';
import type { Architecture } from './architecture.js';
import { MultiTaskModel } from './multi-task-model.js';
import { readSavedMultiTask } from './saved-multi-task.js';
import { DRAWN_METHODS, LEARNT_TASKS, multiTaskSettings } from './settings.js';

/** An architecture as a kind of model that can be made and loaded. */
export function multiTaskType(architecture: Architecture): ModelType {
  return {
    architecture: architecture.name,
    family: 'MULTI',
    create: (tasks, hyperparameters) => {
      refuseUnfit(architecture, tasks, hyperparameters);
      const settings = multiTaskSettings(hyperparameters, architecture);
      return new MultiTaskModel(architecture, tasks, settings, customTasksOf(hyperparameters));
    },
    load: async (directory) => {
      const { tasks, settings, customTasks, ...notes } = await readSavedMultiTask(directory);
      const model = new MultiTaskModel(architecture, tasks, settings, customTasks);
      await model.restore(directory, notes);
      return model;
    },
  };
}

/** @throws AppError BAD_USER_INPUT for tasks or a resampling that the architecture does not take */
export function refuseUnfit(
  architecture: Architecture,
  tasks: readonly TaskName[],
  hyperparameters: Readonly<Record<string, unknown>>,
): void {
  const custom = customTasksOf(hyperparameters).map(({ name }) => customTaskName(name));
  refuseOtherTasks(architecture, tasks, [...LEARNT_TASKS, ...custom]);
  refuseWithoutFunnel(architecture, tasks);
  refuseResampling(architecture, hyperparameters.resampling, customTasksOf(hyperparameters));
}

function refuseOtherTasks(
  { name }: Architecture,
  tasks: readonly TaskName[],
  known: readonly TaskName[],
): void {
  const isKnown = (task: TaskName) => known.includes(task);
  if (tasks.length > 0 && tasks.every(isKnown) && new Set(tasks).size === tasks.length) return;
  throw new AppError(
    'BAD_USER_INPUT',
    `${name} learns ${known.join(', ')}, any of them, each once; got ${tasks.join(', ') || 'no task'}.`,
  );
}

function refuseWithoutFunnel({ name, userQuestion }: Architecture, tasks: readonly TaskName[]): void {
  if (userQuestion === 'SURVIVAL' || tasks.some(isUserTask)) return;
  throw new AppError(
    'BAD_USER_INPUT',
    `${name} learns the funnel of users: expected PURCHASE_INTENT or CHURN among the tasks; got ${tasks.join(', ')}.`,
  );
}

/** Examples with one yes/no label are drawn by it. A user's examples have two, read off one curve of hazards, and stay as they are. */
function refuseResampling(
  { name }: Architecture,
  resampling: unknown,
  customTasks: readonly CustomTask[],
): void {
  const drawn = [
    'FRAUD',
    ...customTasks.filter(({ atLeast }) => atLeast !== null).map((task) => customTaskName(task.name)),
  ];
  for (const [task, method] of Object.entries(resampling ?? {})) {
    const expected = drawn.includes(task) ? DRAWN_METHODS : (['NONE'] as const);
    if (expected.some((known) => known === method)) continue;
    throw new AppError(
      'BAD_USER_INPUT',
      `resampling of ${task} for ${name}: expected ${expected.join(', ')}; got ${JSON.stringify(method)}.`,
    );
  }
}
