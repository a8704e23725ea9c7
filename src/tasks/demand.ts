import { type TaskDefinition } from './task.js';

/** How many units of an item sell in the next 14 days. */
export const demandTask: TaskDefinition = {
  name: 'DEMAND',
  title: 'Demand',
  description: 'Units of an item sold a day over the next 14 days, with an 80 % interval.',
  entity: 'ITEM',
  labelWindowDays: 14,
  head: 'REGRESSION',
  loss: 'ABSOLUTE_ERROR',
  metrics: ['WAPE', 'DAILY_WAPE', 'MAE'],
  higherIsBetter: false,
  minExamples: 100,
};
