export {
  MAX_EARLIER_TRANSACTIONS,
  TRANSACTION_FEATURES,
  transactionContexts,
  type TransactionFeature,
  transactionFeatures,
} from './transaction-features.js';
export { alignStatistics, type ItemStatistics, itemStatistics } from './item-statistics.js';
export * from './labels.js';
export { Standardiser, standardiserOf } from './standardiser.js';
export {
  exampleCuts,
  nextPurchases,
  USER_EXAMPLE_DEFAULTS,
  type UserExampleOptions,
  type UserExamples,
  userExamples,
  type UserPopulation,
  userPopulation,
} from './user-examples.js';
export {
  rawUserFeatures,
  USER_FEATURE_COUNT,
  USER_FEATURES,
  type UserFeature,
  userFeatures,
} from './user-features.js';
export { userPast, type UserPast } from './user-past.js';
export { addNeighbours, type ItemGroups, itemGroups, type Neighbours, neighbours } from './co-occurrence.js';
export {
  affinities,
  type Affinities,
  CANDIDATE_FEATURE_COUNT,
  CANDIDATE_FEATURES,
  IS_BOUGHT_COLUMN,
  writeCandidates,
} from './item-features.js';
export { ITEM_FEATURE_COUNT, ITEM_FEATURES, itemState, type ItemState } from './item-state.js';
export { type UserItems, userItems } from './user-items.js';
export { Vocabulary } from './vocabulary.js';
export { DEMAND_FEATURE_COUNT, DEMAND_FEATURES, demandFeatures, weekdayShares } from './demand-series.js';
