import { hazardTarget, LINEAR_DEFAULTS, userNetworkType } from '../single-task/index.js';

/** Purchase intent and churn by one linear score of the hazard of buying: the tasks share everything but the intercepts. */
export const linearHazards = userNetworkType({
  architecture: 'linear-hazards',
  family: 'MULTI',
  defaults: LINEAR_DEFAULTS,
  target: () => hazardTarget,
});
