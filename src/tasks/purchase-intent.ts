import { type TaskDefinition } from './task.js';

/** Whether a user who has bought before buys within 30 days. */
export const purchaseIntentTask: TaskDefinition = {
  name: 'PURCHASE_INTENT',
  title: 'Purchase intent',
  description: 'Probability that a user who has bought before buys again within 30 days.',
  entity: 'USER',
  labelWindowDays: 30,
  head: 'SIGMOID',
  loss: 'SIGMOID_CROSS_ENTROPY',
  metrics: ['AUC', 'PR_AUC', 'LOG_LOSS', 'ECE'],
  higherIsBetter: true,
  threshold: { by: 'F1' },
  minExamples: 200,
};
