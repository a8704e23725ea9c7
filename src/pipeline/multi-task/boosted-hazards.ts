import { boostedUsersType, hazardTarget } from '../single-task/index.js';

/**
 * Purchase intent and churn on one survival curve, whose score is the mean of boosted trees and of a line: both tasks share everything but the
 * intercepts.
 */
export const boostedHazards = boostedUsersType({
  architecture: 'boosted-hazards',
  family: 'MULTI',
  target: () => hazardTarget,
  hasLine: true,
});
