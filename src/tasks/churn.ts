import { type TaskDefinition } from './task.js';

/** Whether a user who has bought before buys nothing for 90 days. */
export const churnTask: TaskDefinition = {
  name: 'CHURN',
  title: 'Churn',
  description: 'Probability that a user who has bought before buys nothing for 90 days.',
  entity: 'USER',
  labelWindowDays: 90,
  head: 'SIGMOID',
  loss: 'SIGMOID_CROSS_ENTROPY',
  metrics: ['AUC', 'PR_AUC', 'LOG_LOSS', 'ECE'],
  higherIsBetter: true,
  threshold: { by: 'F1' },
  minExamples: 200,
};
