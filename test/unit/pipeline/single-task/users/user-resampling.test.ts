import { describe, expect, test } from '@jest/globals';

import { DAY_MS, type FitContext, type Model, type ModelType } from '../../../../../src/pipeline/index.js';
import { linearHazards } from '../../../../../src/pipeline/multi-task/index.js';
import { buyersBefore, purchaseLabels } from '../../../../../src/pipeline/preprocess/index.js';
import { dense, logisticRegression } from '../../../../../src/pipeline/single-task/index.js';
import { teachUserColumns } from '../../../../../src/pipeline/single-task/users/user-resampling.js';
import { RESAMPLING_METHODS, type TaskName } from '../../../../../src/tasks/index.js';
import { areaUnderCurve } from '../../../../support/area-under-curve.js';
import { RATE_START, shopWithRates } from '../../../../support/shop-with-rates.js';

const { history, rates } = shopWithRates({ users: 300, items: 23, days: 320, seed: 21 });
const cut = RATE_START + 220 * DAY_MS;
const users = buyersBefore(history, cut);
const labels = purchaseLabels(history, users, cut, 90).map((bought) => 1 - bought);
const best = Float64Array.from(users, (user) => Math.exp(-90 * rates[user]));
const context: FitContext = {
  seed: 1,
  signal: new AbortController().signal,
  onEpoch: () => undefined,
  onProgress: () => undefined,
};
const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

async function churn(type: ModelType, tasks: readonly TaskName[], hyperparameters: Record<string, unknown>) {
  const model: Model = type.create(tasks, hyperparameters);
  await model.fit({ history, cut }, context);
  const request = { history, users, asOf: cut };
  const scores = (await model.users!.scoreUsers(request)).CHURN!;
  const parts = await model.users!.explainUsers(
    { ...request, users: users.subarray(0, 30) },
    'CHURN',
    Infinity,
  );
  model.dispose();
  return { scores, sums: parts.map((own) => own.reduce((sum, part) => sum + part.contribution, 0)) };
}

describe('churn, which one in four does here: probabilities keep to that rate, and explanations add up', () => {
  const cases = [
    ...RESAMPLING_METHODS.map((method) => [logisticRegression, ['CHURN'], { CHURN: method }] as const),
    ...RESAMPLING_METHODS.map((method) => [dense, ['CHURN'], { CHURN: method }] as const),
    [linearHazards, ['PURCHASE_INTENT', 'CHURN'], { CHURN: 'CLASS_WEIGHTS' }] as const,
    [
      linearHazards,
      ['PURCHASE_INTENT', 'CHURN'],
      { CHURN: 'FOCAL_LOSS', PURCHASE_INTENT: 'FOCAL_LOSS' },
    ] as const,
  ];
  test.each(
    cases.map(
      ([type, tasks, resampling]) =>
        [type.architecture, JSON.stringify(resampling), type, tasks, resampling] as const,
    ),
  )('%s %s', async (_name, _method, type, tasks, resampling) => {
    const { scores, sums } = await churn(type, tasks, { resampling });
    expect(Math.abs(mean(scores) - mean(best))).toBeLessThan(0.1);
    expect(areaUnderCurve(labels, scores)).toBeGreaterThan(areaUnderCurve(labels, best) - 0.08);
    if (tasks.length > 1) return;
    const rest = sums.map((sum, at) => Math.log(scores[at] / (1 - scores[at])) - sum);
    for (const value of rest) expect(value).toBeCloseTo(rest[0], 1);
  });
});

describe('columns', () => {
  const rows = 8;
  const columns = (labels: number[], masks: number[]) => ({
    features: new Float32Array((labels.length / 2) * 4),
    labels: Float32Array.from(labels),
    masks: Float32Array.from(masks),
  });

  test('class weights by output, validation weighed as training and never redrawn', () => {
    // First output: 1 yes of 4 known. Second: 1 of 2 known.
    const train = columns([1, 0, 0, 1, 0, 0, 0, 0], [1, 0, 1, 1, 1, 1, 1, 0]);
    const held = columns([1, 1, 0, 0], [1, 1, 1, 0]);
    const taught = teachUserColumns(train, held, {
      method: 'CLASS_WEIGHTS',
      focalGamma: 2,
      outputs: 2,
      seed: 1,
    });
    const close = (found: Float32Array, expected: number[]) =>
      expected.forEach((value, at) => expect(found[at]).toBeCloseTo(value, 5));
    close(taught.train.masks, [2, 0, 2 / 3, 1, 2 / 3, 1, 2 / 3, 0]);
    close(taught.validation!.masks, [2, 1, 2 / 3, 0]);
    expect(taught.validation!.labels).toEqual(held.labels);
    expect(taught.corrections[0].shift).toBeCloseTo(Math.log(1 / 3), 6);
    expect(taught.corrections[1]).toEqual({ shift: 0, focalGamma: 0 });
    expect(rows).toBe(train.masks.length);
  });
});

test.each([
  [
    linearHazards,
    { CHURN: 'SMOTE' },
    /linear-hazards: expected one of NONE, CLASS_WEIGHTS, FOCAL_LOSS; got "SMOTE"/,
  ],
  [linearHazards, { CHURN: 'CLASS_WEIGHTS', PURCHASE_INTENT: 'FOCAL_LOSS' }, /expected one method for them/],
  [dense, { CHURN: 'MORE' }, /resampling/],
  [dense, { SPAM: 'SMOTE' }, /resampling/],
] as const)('%#: what cannot be done is refused', (type, resampling, message) => {
  const tasks: TaskName[] = type === dense ? ['CHURN'] : ['PURCHASE_INTENT', 'CHURN'];
  expect(() => type.create(tasks, { resampling })).toThrow(message);
});
