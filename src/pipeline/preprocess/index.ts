export { type Affinities, affinities, AFFINITY_FEATURES, MATCH_FEATURES } from './affinities.js';
export {
  type BehaviourSequences,
  behaviourSequences,
  orderSequences,
  SEQUENCE_PLACES,
  SEQUENCE_TIMES,
} from './behaviour-sequences.js';
export { categoryLifts, type CategoryTree, categoryTree, nodeTotals } from './category-shares.js';
export { addNeighbours, type ItemGroups, type Neighbours, neighbours } from './co-occurrence.js';
export { type ColdItems, coldItems, NO_COLD_ITEMS, scoreCold } from './cold-items.js';
export {
  activeUsers,
  ACTIVITY_FEATURE_COUNT,
  ACTIVITY_FEATURES,
  activityLogs,
  BehaviourCounter,
  COUNTED_WINDOW,
} from './counted-behaviours.js';
export { type CustomExamples, customExamples, zeroWhereUnknown } from './custom-examples.js';
export { DEMAND_FEATURE_COUNT, DEMAND_FEATURES, demandFeatures, weekdayShares } from './demand-series.js';
export {
  type CutFeatures,
  type FeatureSink,
  featuresOfBlocks,
  type HistoryBlocks,
} from './feature-blocks.js';
export { type ChangingHistory, FeatureFiles } from './feature-files.js';
export {
  CANDIDATE_FEATURE_COUNT,
  CANDIDATE_FEATURES,
  IS_BOUGHT_COLUMN,
  STRANGER_COLUMNS,
  strangerRows,
  writeCandidates,
  writeStrangers,
} from './item-features.js';
export { orderGroups, userGroups } from './item-groups.js';
export { itemSequence, type SequenceWindows, sequenceWindows } from './item-sequences.js';
export {
  ITEM_FEATURE_COUNT,
  ITEM_FEATURES,
  type ItemState,
  itemState,
  servedItemState,
} from './item-state.js';
export { alignStatistics, type ItemStatistics, itemStatistics } from './item-statistics.js';
export * from './labels.js';
export {
  drawRows,
  type LabelledRows,
  type ResampledRows,
  resampleRows,
  type RowDraws,
  takeRows,
} from './resampling.js';
export { sessionColumns } from './session-features.js';
export {
  nextBehaviourExamples,
  openSessions,
  type Session,
  SESSION_GAP_MS,
  type SessionExampleOptions,
  type SessionExamples,
  sessionOutcomeExamples,
  sessionsBefore,
} from './sessions.js';
export { STANDARD_CLIP, Standardiser, standardiserOf } from './standardiser.js';
export {
  TABULAR_CLIP,
  type TabularColumn,
  TabularEncoder,
  type TabularEncoding,
  tabularEncodingSchema,
} from './tabular-encoder.js';
export { tasteLifts, type TasteMixture, tasteMixture } from './taste-mixture.js';
export { bucketOf, type HashedTerms, hashedTerms, TERM_BUCKETS, termsOf, wordsOf } from './title-terms.js';
export {
  encodeTitles,
  titleMatches,
  titleNeighbours,
  type TitleVectors,
  titleVectors,
} from './title-vectors.js';
export {
  MAX_EARLIER_TRANSACTIONS,
  TRANSACTION_FEATURES,
  transactionContexts,
  type TransactionFeature,
  transactionFeatures,
} from './transaction-features.js';
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
export { type UserItems, userItems } from './user-items.js';
export { type UserPast, userPast } from './user-past.js';
export { Vocabulary } from './vocabulary.js';
