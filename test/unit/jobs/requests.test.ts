import { describe, expect, test } from '@jest/globals';

import type { AppError } from '../../../src/errors.js';
import type { TrainingRequest } from '../../../src/jobs/index.js';
import { trainingRun } from '../../../src/jobs/requests.js';
import type { ShopStore } from '../../../src/store/index.js';

/** A shop with enough behaviours; what is refused here is refused without reading them. */
const shop = {
  counts: () => Promise.resolve({ users: 10, items: 10, behaviours: 1000, transactions: 10 }),
  latestBehaviourAt: () => Promise.resolve(new Date('2026-01-01T00:00:00Z')),
} as unknown as ShopStore;

const REFUSED: readonly [string, TrainingRequest, RegExp][] = [
  [
    'a balance of losses that never meet',
    { kind: 'SINGLE_TASK', lossBalancing: { method: 'FIXED' } },
    /lossBalancing: SINGLE_TASK learns one task at a time/,
  ],
  [
    'a weight for a task that is not learnt',
    {
      kind: 'MULTI_TASK',
      tasks: ['PURCHASE_INTENT', 'CHURN'],
      lossBalancing: { method: 'FIXED', weights: { RECOMMENDATION: 2 } },
    },
    /lossBalancing.weights: the run learns PURCHASE_INTENT, CHURN; got RECOMMENDATION/,
  ],
  [
    'resampling of a task that is not learnt',
    { kind: 'SINGLE_TASK', tasks: ['CHURN'], resampling: { FRAUD: 'SMOTE' } },
    /resampling: the run learns CHURN; got FRAUD/,
  ],
  [
    'resampling of a forecast',
    { kind: 'SINGLE_TASK', tasks: ['DEMAND'], resampling: { DEMAND: 'SMOTE' } },
    /resampling: DEMAND has no rare class/,
  ],
  [
    'a collaboration of one task at a time',
    { kind: 'SINGLE_TASK', collaboration: 'MUTUAL_LEARNING' },
    /collaboration: SINGLE_TASK does not take one/,
  ],
  [
    'a setting given twice',
    {
      kind: 'SINGLE_TASK',
      tasks: ['CHURN'],
      resampling: { CHURN: 'NONE' },
      hyperparameters: { resampling: { CHURN: 'SMOTE' } },
    },
    /resampling: given twice/,
  ],
  [
    'a threshold by a rule that is none',
    { kind: 'SINGLE_TASK', tasks: ['CHURN'], hyperparameters: { threshold: { CHURN: { by: 'BEST' } } } },
    /threshold.CHURN.by.*got {"by":"BEST"}/,
  ],
  [
    'a threshold of a task that is not learnt',
    { kind: 'SINGLE_TASK', tasks: ['CHURN'], hyperparameters: { threshold: { FRAUD: { by: 'F1' } } } },
    /threshold: the run learns CHURN; got FRAUD/,
  ],
  ['a seed below zero', { kind: 'SINGLE_TASK', seed: -1 }, /seed: expected a whole number from 0/],
];

describe('what is asked of a training run', () => {
  test.each(REFUSED)('%s is refused', async (_what, request, message) => {
    const error = await trainingRun(shop, request).catch((thrown: unknown) => thrown as AppError);
    expect(error).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(message) as unknown,
    });
  });

  test('what is possible is kept as it was asked', async () => {
    const run = await trainingRun(shop, {
      kind: 'MULTI_TASK',
      tasks: ['PURCHASE_INTENT', 'CHURN'],
      lossBalancing: { method: 'FIXED', weights: { CHURN: 2 } },
      resampling: { CHURN: 'SMOTE' },
      hyperparameters: { epochs: 2 },
    });
    expect(run.config).toMatchObject({
      lossBalancing: { method: 'FIXED', weights: { CHURN: 2 } },
      resampling: { CHURN: 'SMOTE' },
      hyperparameters: { epochs: 2 },
    });
  });
});

test('rules of thresholds are the run’s own, no model’s setting', async () => {
  const threshold = { CHURN: { by: 'PRECISION', target: 0.7 } };
  const run = await trainingRun(shop, {
    kind: 'SINGLE_TASK',
    tasks: ['CHURN'],
    hyperparameters: { epochs: 3, threshold },
  });
  expect(run.config).toMatchObject({ hyperparameters: { epochs: 3 }, threshold });
  expect(run.config.hyperparameters).not.toHaveProperty('threshold');
  const plain = await trainingRun(shop, { kind: 'SINGLE_TASK' });
  expect(plain.config.threshold).toBeNull();
  expect(plain.tasks).not.toContain('SESSION_OUTCOME');
});
