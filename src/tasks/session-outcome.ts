import { type TaskDefinition } from './task.js';

/** Whether an open session will have a purchase. */
export const sessionOutcomeTask: TaskDefinition = {
  name: 'SESSION_OUTCOME',
  title: 'Session outcome',
  description: 'Probability that an open session without a purchase so far will have one before it ends.',
  entity: 'SESSION',
  labelWindowDays: 0,
  head: 'SIGMOID',
  loss: 'SIGMOID_CROSS_ENTROPY',
  metrics: ['AUC', 'PR_AUC', 'LOG_LOSS', 'ECE'],
  higherIsBetter: true,
  threshold: { by: 'F1' },
  minExamples: 1000,
};
