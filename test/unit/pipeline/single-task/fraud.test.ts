import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import {
  DAY_MS,
  type FitContext,
  type Model,
  type ModelType,
  type ShopHistory,
} from '../../../../src/pipeline/index.js';
import {
  describeFraudExamples,
  fraudDense,
  fraudExamples,
  fraudLogistic,
} from '../../../../src/pipeline/single-task/index.js';
import { areaUnderCurve } from '../../../support/area-under-curve.js';
import { shopWithOrders } from '../../../support/small-shop.js';

const history = shopWithOrders({ users: 600, ordersPerUser: 20, seed: 2 });
const cut = Date.UTC(2026, 0, 1) + 220 * DAY_MS;
const later = fraudExamples(history, { from: cut, to: Infinity, labelledUntil: cut });

const context = (seed: number, change: Partial<FitContext> = {}): FitContext => ({
  seed,
  signal: new AbortController().signal,
  onEpoch: () => undefined,
  onProgress: () => undefined,
  ...change,
});

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fraud-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('examples', () => {
  test('are simulated while a shop has no labels, and say so', () => {
    expect(later.isSimulated).toBe(true);
    expect(later.contexts.every(({ transaction }) => transaction.occurredAt >= cut)).toBe(true);
    expect(
      later.contexts.every(({ transaction, earlier }) =>
        earlier.every((other) => other.occurredAt <= transaction.occurredAt),
      ),
    ).toBe(true);
    expect(describeFraudExamples(later, cut, Date.UTC(2026, 10, 1))).toMatch(/simulated transactions/);
  });

  test('are the shop’s own as soon as it has enough of both kinds', () => {
    const transactions = history.transactions.map((transaction, index) => ({
      ...transaction,
      isFraud: index % 10 === 0,
    }));
    const own = fraudExamples({ ...history, transactions }, { from: cut, to: Infinity, labelledUntil: cut });
    expect(own).toMatchObject({ isSimulated: false, bestProbabilities: null });
    expect(own.contexts[0].transaction.deviceId).toBeNull();
    expect(describeFraudExamples(own, cut, cut + DAY_MS)).toMatch(/own labels/);
  });
});

describe.each([
  ['logistic regression', fraudLogistic, {}],
  ['dense network', fraudDense, {}],
  ['dense network with focal loss', fraudDense, { resampling: { FRAUD: 'FOCAL_LOSS' } }],
] satisfies [string, ModelType, Record<string, unknown>][])('%s', (_name, type, hyperparameters) => {
  let model: Model;
  let scores: Float32Array;
  const epochs: number[] = [];
  beforeAll(async () => {
    model = type.create(['FRAUD'], hyperparameters);
    await model.fit({ history, cut }, context(1, { onEpoch: ({ epoch }) => epochs.push(epoch) }));
    scores = await model.fraud!.scoreTransactions(later.contexts);
  });
  afterAll(() => model.dispose());

  test('comes near the best possible ranking of frauds', () => {
    const ceiling = areaUnderCurve(later.labels, later.bestProbabilities!);
    const reached = areaUnderCurve(later.labels, scores);
    expect(reached).toBeGreaterThan(ceiling - 0.04);
    expect(reached).toBeLessThan(ceiling + 0.01);
  });

  test('its probabilities add up to the frauds there are', () => {
    const frauds = later.labels.reduce((sum, label) => sum + label, 0);
    const expected = scores.reduce((sum, score) => sum + score, 0);
    expect(expected / frauds).toBeGreaterThan(0.7);
    expect(expected / frauds).toBeLessThan(1.4);
  });

  test('the parts of an explanation add up to the difference in logits', async () => {
    const some = later.contexts.slice(0, 40);
    const explained = await model.fraud!.explainTransactions(some, 1_000);
    const logit = (p: number) => Math.log(p / (1 - p));
    const rest = explained.map(
      (parts, index) => logit(scores[index]) - parts.reduce((sum, part) => sum + part.contribution, 0),
    );
    // What is left is the logit of the average order: the same for all.
    for (const value of rest) expect(value).toBeCloseTo(rest[0], 1);
    const top = await model.fraud!.explainTransactions(some, 3);
    expect(top[0]).toEqual(explained[0].slice(0, 3));
  });

  test('saved and loaded again it scores the same, one by one or all at once', async () => {
    const folder = await mkdtemp(join(directory, 'model-'));
    await model.save(folder);
    const loaded = await type.load(folder);
    const again = await loaded.fraud!.scoreTransactions(later.contexts);
    const [single] = await loaded.fraud!.scoreTransactions(later.contexts.slice(7, 8));
    loaded.dispose();
    expect(again).toEqual(scores);
    expect(single).toBeCloseTo(scores[7], 5);
  });

  test('nothing at or after the cut is learnt from', async () => {
    const planted: ShopHistory = {
      ...history,
      transactions: history.transactions.map((transaction) =>
        transaction.occurredAt >= cut ? { ...transaction, amount: 1e9 } : transaction,
      ),
    };
    const other = type.create(['FRAUD'], hyperparameters);
    await other.fit({ history: planted, cut }, context(1));
    const same = await other.fraud!.scoreTransactions(later.contexts);
    other.dispose();
    expect(same).toEqual(scores);
  });

  test('too few orders and a cancel are told', async () => {
    const few = type.create(['FRAUD'], hyperparameters);
    const small = shopWithOrders({ users: 5, ordersPerUser: 4, seed: 3 });
    await expect(few.fit({ history: small, cut }, context(1))).rejects.toMatchObject({
      code: 'TOO_FEW_DATA',
      details: { have: expect.any(Number), need: 500 },
    });
    const cancelled = context(1, { signal: AbortSignal.abort(new Error('cancelled')) });
    await expect(few.fit({ history, cut }, cancelled)).rejects.toThrow('cancelled');
    few.dispose();
  });
});

describe('resampled for frauds being rare', () => {
  const cases = [
    [fraudLogistic, 'CLASS_WEIGHTS'],
    [fraudLogistic, 'UNDERSAMPLE'],
    [fraudLogistic, 'SMOTE'],
    [fraudDense, 'CLASS_WEIGHTS'],
    [fraudDense, 'OVERSAMPLE'],
    [fraudDense, 'SMOTE'],
  ] as const;
  test.each(cases.map(([type, method]) => [type.architecture, method, type] as const))(
    '%s with %s keeps its probabilities at the rate of frauds, and its ranking',
    async (_name, method, type) => {
      const model = type.create(['FRAUD'], { resampling: { FRAUD: method, CHURN: 'FOCAL_LOSS' } });
      await model.fit({ history, cut }, context(1));
      const scores = await model.fraud!.scoreTransactions(later.contexts);
      model.dispose();
      const frauds = later.labels.reduce((sum, label) => sum + label, 0);
      const expected = scores.reduce((sum, score) => sum + score, 0);
      // At even odds, as taught, they would add up to many times the frauds there are.
      expect(expected / frauds).toBeGreaterThan(0.6);
      expect(expected / frauds).toBeLessThan(1.7);
      const ceiling = areaUnderCurve(later.labels, later.bestProbabilities!);
      expect(areaUnderCurve(later.labels, scores)).toBeGreaterThan(ceiling - 0.06);
    },
  );

  test('the likelihood knows no focal loss', () => {
    const asked = { resampling: { FRAUD: 'FOCAL_LOSS' } };
    expect(() => fraudLogistic.create(['FRAUD'], asked)).toThrow(/expected one of NONE, CLASS_WEIGHTS/);
  });
});

test.each([
  [
    { resampling: { FRAUD: 'SOME' } },
    /resampling of FRAUD for fraud-dense: expected one of NONE, .*; got "SOME"/,
  ],
  [{ resampling: 'SMOTE' }, /resampling: expected a method by task/],
  [{ dropout: 2 }, /dropout must be a number/],
  [{ hiddenUnits: [0] }, /hiddenUnits/],
  [{ batchSize: 1.5 }, /batchSize must be a whole number/],
])('impossible settings are refused: %j', (hyperparameters, message) => {
  expect(() => fraudDense.create(['FRAUD'], hyperparameters)).toThrow(message);
});
