export { correctLogit, type LogitCorrection, NO_CORRECTION, priorShift, resamplingOf } from './base-rate.js';
export { countOf, poissonDeviances } from './count-loss.js';
export {
  ActivityScales,
  besideEachOther,
  customContributions,
  type SavedActivityScales,
} from './custom/custom-features.js';
export { requireEnoughExamples } from './custom/enough-examples.js';
export {
  conformalIntervals,
  type IntervalReach,
  OWN_REACH,
  pastReach,
} from './demand/conformal-intervals.js';
export {
  type DemandExamples,
  demandExamples,
  type DemandScales,
  demandScales,
  standardiseDemand,
} from './demand/demand-examples.js';
export {
  DEMAND_DAYS,
  type DemandHistory,
  demandHistory,
  seriesBefore,
  spreadOverDays,
} from './demand/demand-history.js';
export { demandRegression, mean28, seasonalNaive } from './demand/index.js';
export { exportableCustom } from './export/custom-network.js';
export { demandNetwork } from './export/demand-network.js';
export { exampleRows, exportableNetwork, type TensorMeaning } from './export/exportable-network.js';
export { PROBABILITY, probabilityInGraph, scaledColumns, standardisedInGraph } from './export/in-graph.js';
export { encodedInGraph, tabularBatch, tabularMeanings } from './export/tabular-in-graph.js';
export { userFeatureColumns } from './export/user-features.js';
export { focalWeights } from './focal-loss.js';
export { fraudDense } from './fraud/fraud-dense.js';
export {
  describeFraudExamples,
  type FraudExamples,
  fraudExamples,
  NEEDED_LABELS,
} from './fraud/fraud-examples.js';
export { rankContributions } from './fraud/fraud-explanations.js';
export { checkFeatures, fraudLogistic, type FraudTraining } from './fraud/fraud-logistic.js';
export type { LayerNumbers } from './fraud/integrated-gradients.js';
export { columnScales, fitLogistic, type LinearModel, sigmoid, standardise } from './fraud/logistic-fit.js';
export { namedCheckpoint } from './named-checkpoint.js';
export { bestItems } from './recommendation/best-items.js';
export { CandidateScorer } from './recommendation/candidate-scorer.js';
export { ItemRanking, type ScoreUser } from './recommendation/item-ranking.js';
export { loadItemState, saveItemState } from './recommendation/item-state-file.js';
export {
  CANDIDATE_CLIP,
  type FeatureScales,
  featureScales,
  listLoss,
  MASKED_LOGIT,
  scoreRows,
  standardiseRows,
} from './recommendation/ranker-network.js';
export { itemKnn, ownHistory, popular, recentlyPopular } from './recommendation/ranking-baselines.js';
export {
  gatherRankingExamples,
  rankingCuts,
  type RankingExampleOptions,
  type RankingExamples,
  rankingExamples,
} from './recommendation/ranking-examples.js';
export { boughtOf } from './recommendation/reasons.js';
export { softmaxRanker } from './recommendation/softmax-ranker.js';
export { SINGLE_TASK_TYPES } from './registry.js';
export { retrieveAndRank } from './retrieval/retrieve-and-rank.js';
export { RetrievedRanking } from './retrieval/retrieved-ranking.js';
export { TowerRanking } from './retrieval/tower-ranking.js';
export { twoTowers } from './retrieval/two-towers.js';
export { ItemSoftmax } from './sequence/item-softmax.js';
export { bert4rec, sasrec } from './sequence/sequence-ranker.js';
export { explainSessions } from './sessions/explain-sessions.js';
export { markovChain } from './sessions/markov-chain.js';
export { sessionDense, sessionRegression } from './sessions/session-network-model.js';
export { isSessionTask, requireSessions, SESSION_TASKS, type SessionTask } from './sessions/session-tasks.js';
export { boostedTrees } from './trees/boosted-trees.js';
export { boostedUsersType } from './trees/boosted-users.js';
export { explainByGradients } from './users/explain-users.js';
export { PopulationState } from './users/population-state.js';
export { recency } from './users/recency.js';
export { dense, logisticRegression, userNetworkType } from './users/user-model-types.js';
export { type SavedUserNetwork, UserNetworkModel } from './users/user-network-model.js';
export {
  DENSE_DEFAULTS,
  LINEAR_DEFAULTS,
  TEXTBOOK,
  type UserNetworkSettings,
} from './users/user-network-settings.js';
export { hazardTarget, INTERVAL_ENDS, isUserTask, USER_TASKS, type UserTask } from './users/user-targets.js';
