export { churnTask } from './churn.js';
export { demandTask } from './demand.js';
export { fraudTask } from './fraud.js';
export { purchaseIntentTask } from './purchase-intent.js';
export { recommendationTask } from './recommendation.js';
export { TASK_DEFINITIONS } from './registry.js';
export { RESAMPLING_METHODS, type ResamplingMethod } from './resampling.js';
export * from './task.js';
