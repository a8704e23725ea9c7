import { AppError } from '../../../errors.js';
import type { TaskName } from '../../../tasks/index.js';
import type { ModelFamily, ModelType } from '../../index.js';
import { readSavedUserNetwork, UserNetworkModel } from './user-network-model.js';
import {
  DENSE_DEFAULTS,
  LINEAR_DEFAULTS,
  type UserNetworkSettings,
  userNetworkSettings,
} from './user-network-settings.js';
import { isUserTask, type UserTarget, windowTarget } from './user-targets.js';

interface Kind {
  readonly architecture: string;
  readonly family: ModelFamily;
  readonly defaults: UserNetworkSettings;
  readonly target: (tasks: readonly TaskName[]) => UserTarget;
}

/** A kind of user network as an architecture that can be made and loaded. */
export function userNetworkType(kind: Kind): ModelType {
  const { architecture, family } = kind;
  const make = (tasks: readonly TaskName[], settings: UserNetworkSettings) =>
    new UserNetworkModel({ architecture, family, tasks, settings, target: kind.target(tasks) });
  return {
    architecture,
    family,
    create: (tasks, hyperparameters) => make(tasks, userNetworkSettings(hyperparameters, kind.defaults)),
    load: async (directory) => {
      const saved = await readSavedUserNetwork(directory);
      const model = make(saved.tasks, saved.settings);
      await model.restore(directory, saved);
      return model;
    },
  };
}

/** The target of a model that learns one task alone. @throws AppError BAD_USER_INPUT for others */
export function onlyTask(architecture: string, tasks: readonly TaskName[]): UserTarget {
  const [task, ...others] = tasks;
  if (others.length > 0 || !isUserTask(task)) {
    throw new AppError(
      'BAD_USER_INPUT',
      `${architecture} learns one of PURCHASE_INTENT and CHURN; got ${tasks.join(', ')}.`,
    );
  }
  return windowTarget(task);
}

/** The plain reference that every model must beat: logistic regression on the user features, one task at a time. */
export const logisticRegression = userNetworkType({
  architecture: 'logistic-regression',
  family: 'BASELINE',
  defaults: LINEAR_DEFAULTS,
  target: (tasks) => onlyTask('logistic-regression', tasks),
});

/** A dense net for one task. */
export const dense = userNetworkType({
  architecture: 'dense',
  family: 'SINGLE',
  defaults: DENSE_DEFAULTS,
  target: (tasks) => onlyTask('dense', tasks),
});
