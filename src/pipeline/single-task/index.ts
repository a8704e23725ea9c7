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
