import type { ModelType } from '../index.js';
import { DENSE_DEFAULTS, hazardTarget, LINEAR_DEFAULTS, userNetworkType } from '../single-task/index.js';
import { readSavedSharedBottom, SHARED_BOTTOM, SharedBottom } from './shared-bottom.js';
import { sharedBottomSettings } from './shared-bottom-settings.js';

/** Purchase intent and churn by one linear score of the hazard of buying: the tasks share everything but the intercepts. */
export const linearHazards = userNetworkType({
  architecture: 'linear-hazards',
  family: 'MULTI',
  defaults: LINEAR_DEFAULTS,
  target: () => hazardTarget,
});

/** Purchase intent and churn alone: no ranking examples are gathered. */
const usersOnly = userNetworkType({
  architecture: SHARED_BOTTOM,
  family: 'MULTI',
  defaults: DENSE_DEFAULTS,
  target: () => hazardTarget,
});

/**
 * A shared bottom (Caruana, 1997) on the user's features: with one head an interval of the survival curve for purchase intent and churn, and,
 * where the run learns it, one for recommendation.
 */
export const sharedBottom: ModelType = {
  architecture: SHARED_BOTTOM,
  family: 'MULTI',
  create: (tasks, hyperparameters) =>
    tasks.includes('RECOMMENDATION')
      ? new SharedBottom(tasks, sharedBottomSettings(hyperparameters))
      : usersOnly.create(tasks, hyperparameters),
  load: async (directory) => {
    const saved = await readSavedSharedBottom(directory);
    if (!saved) return usersOnly.load(directory);
    const model = new SharedBottom(saved.tasks, saved.settings);
    await model.restore(directory, saved);
    return model;
  },
};
