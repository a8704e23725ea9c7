import { type TaskDefinition } from './task.js';

/** Whether an order is fraud. Until a shop supplies labels, models learn and are measured on simulated transactions. */
export const fraudTask: TaskDefinition = {
  name: 'FRAUD',
  title: 'Fraud',
  description:
    'Probability that an order is fraud, from the order and the user’s earlier ones. Trained on simulated transactions until the ' +
    'shop supplies labels.',
  entity: 'TRANSACTION',
  labelWindowDays: 0,
  head: 'SIGMOID',
  loss: 'SIGMOID_CROSS_ENTROPY',
  // Frauds are rare: precision over the ranking tells more than AUC, which true negatives flatter.
  metrics: ['PR_AUC', 'AUC', 'LOG_LOSS', 'ECE'],
  higherIsBetter: true,
  // A missed fraud costs the goods and the chargeback; a false alarm a look at the order and sometimes a customer.
  threshold: { by: 'COST', costOfMiss: 20, costOfFalseAlarm: 1 },
  minExamples: 500,
};
