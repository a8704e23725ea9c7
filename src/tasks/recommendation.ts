import { type TaskDefinition } from './task.js';

/** Which items a user buys next, out of all that the shop sells. */
export const recommendationTask: TaskDefinition = {
  name: 'RECOMMENDATION',
  title: 'Item recommendation',
  description: 'Which items a user buys within 30 days: a softmax over all items.',
  entity: 'USER_ITEMS',
  labelWindowDays: 30,
  head: 'SOFTMAX',
  loss: 'SOFTMAX_CROSS_ENTROPY',
  metrics: ['NDCG@10', 'HR@10', 'NEW_NDCG@10'],
  higherIsBetter: true,
  minExamples: 200,
};
