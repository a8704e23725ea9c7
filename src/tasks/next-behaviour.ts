import { type TaskDefinition } from './task.js';

/** What a user does next in an open session, or that it ends. */
export const nextBehaviourTask: TaskDefinition = {
  name: 'NEXT_BEHAVIOUR',
  title: 'Next behaviour',
  description: 'What a user does next in an open session: one of the behaviour types, or nothing more.',
  entity: 'SESSION',
  labelWindowDays: 0,
  head: 'SOFTMAX',
  loss: 'SOFTMAX_CROSS_ENTROPY',
  // Most behaviours are views: the share of right guesses hides what the log loss tells.
  metrics: ['LOG_LOSS', 'ACCURACY', 'MACRO_F1'],
  higherIsBetter: false,
  minExamples: 1000,
};
