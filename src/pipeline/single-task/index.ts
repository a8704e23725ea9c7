export { fraudDense } from './fraud/fraud-dense.js';
export { describeFraudExamples, type FraudExamples, fraudExamples } from './fraud/fraud-examples.js';
export { fraudLogistic, type FraudTraining } from './fraud/fraud-logistic.js';
export { type SavedUserNetwork, UserNetworkModel } from './users/user-network-model.js';
export { dense, logisticRegression, userNetworkType } from './users/user-model-types.js';
export {
  DENSE_DEFAULTS,
  LINEAR_DEFAULTS,
  TEXTBOOK,
  type UserNetworkSettings,
} from './users/user-network-settings.js';
export { recency } from './users/recency.js';
export { hazardTarget, isUserTask, USER_TASKS, type UserTask } from './users/user-targets.js';
export { fitLogistic, type LinearModel } from './fraud/logistic-fit.js';
export { SINGLE_TASK_TYPES } from './registry.js';
export { ItemRanking, type ScoreUser } from './recommendation/item-ranking.js';
export { loadItemState, saveItemState } from './recommendation/item-state-file.js';
export { featureScales, type FeatureScales, standardiseRows } from './recommendation/ranker-network.js';
export {
  type RankingExampleOptions,
  type RankingExamples,
  rankingCuts,
  rankingExamples,
} from './recommendation/ranking-examples.js';
export { itemKnn, ownHistory, popular, recentlyPopular } from './recommendation/ranking-baselines.js';
export { softmaxRanker } from './recommendation/softmax-ranker.js';
export { demandRegression, mean28, seasonalNaive } from './demand/index.js';
