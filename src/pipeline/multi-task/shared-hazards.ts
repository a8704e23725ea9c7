import { DENSE_DEFAULTS, hazardTarget, LINEAR_DEFAULTS, userNetworkType } from '../single-task/index.js';

/** Purchase intent and churn by one linear score of the hazard of buying: the tasks share everything but the intercepts. */
export const linearHazards = userNetworkType({
  architecture: 'linear-hazards',
  family: 'MULTI',
  defaults: LINEAR_DEFAULTS,
  target: () => hazardTarget,
});

/** Purchase intent and churn by a shared bottom (Caruana, 1997) with one head an interval of the survival curve. */
export const sharedBottom = userNetworkType({
  architecture: 'shared-bottom',
  family: 'MULTI',
  defaults: DENSE_DEFAULTS,
  target: () => hazardTarget,
});
