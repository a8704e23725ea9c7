/** Trained models combined into one: weighted average, voting, stacking. */
export {
  bestWeights,
  type Combination,
  combineClasses,
  combineProbabilities,
  combineScores,
  ENSEMBLE_METHODS,
  type EnsembleMethod,
  weightsByAuc,
  weightsByNdcg,
} from './combine.js';
export { EnsembleModel, ensembleType } from './ensemble-model.js';
export { stackingWeights } from './stacking.js';
