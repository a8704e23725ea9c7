/** Trained models combined into one: weighted average, voting, stacking; calibrated, and without members that do not pay. */
export {
  calibrate,
  type Calibration,
  fitIsotonic,
  fitSoftmaxTemperature,
  fitTemperature,
  poolAdjacentViolators,
} from './calibrate.js';
export {
  type Combination,
  evenWeights,
  isHardVote,
  majorityThreshold,
  memberWeights,
} from './combination.js';
export {
  combineClasses,
  combineClassLogs,
  combineProbabilities,
  combineQuantities,
  combineScores,
} from './combine.js';
export { EnsembleModel, ensembleType } from './ensemble-model.js';
export { type CombinationPlan, fitCombination, type FittedCombination } from './fit-combination.js';
export {
  combineHeldOut,
  decidingStatistic,
  type HeldOut,
  type HeldOutKind,
  joinHeldOut,
  takeMembers,
  takeRows,
  thinned,
  valueOf,
} from './held-out.js';
export { type Pruned, pruneMembers, type Subset } from './prune.js';
export { stackingWeights, stackProbabilities } from './stacking.js';
export { averageWeights, forwardSelection, gainOf, isWorthIt } from './weights.js';
