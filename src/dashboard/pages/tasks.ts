import type { Task } from '../api/operations.js';

/** The tasks that every shop has, in the order in which they are shown. */
export const TASKS: readonly Task[] = [
  'PURCHASE_INTENT',
  'CHURN',
  'RECOMMENDATION',
  'DEMAND',
  'FRAUD',
  'NEXT_BEHAVIOUR',
  'SESSION_OUTCOME',
];
