import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { DAY_MS, type FitContext, type ModelType, type ShopHistory } from '../../../../src/pipeline/index.js';
import { linearHazards } from '../../../../src/pipeline/multi-task/index.js';
import {
  buyersBefore,
  exampleCuts,
  itemStatistics,
  nextPurchases,
  rawUserFeatures,
  standardiserOf,
  USER_FEATURE_COUNT,
  userExamples,
  userFeatures,
  userPopulation,
} from '../../../../src/pipeline/preprocess/index.js';
import { dense, logisticRegression, recency } from '../../../../src/pipeline/single-task/index.js';
import { futureRows, isBlindToFuture, withFuture } from '../../../support/future-of-history.js';
import { RATE_START, shopWithRates } from '../../../support/shop-with-rates.js';

const { history } = shopWithRates({ users: 50, items: 17, days: 300, seed: 4 });
const cut = RATE_START + 200 * DAY_MS;
const everyone = Int32Array.from(history.users, (_, user) => user);

const features = (of: ShopHistory) => userFeatures(of, everyone, cut, itemStatistics(of, cut));

describe('nothing at or after the cut changes', () => {
  const honest: readonly [string, (of: ShopHistory) => ArrayLike<number>][] = [
    ['a feature', features],
    [
      'an item’s statistics',
      (of) => {
        const { buyers, recentBuyers, loyalBuyers, loyalShare } = itemStatistics(of, cut);
        return [...buyers, ...recentBuyers, ...loyalBuyers, loyalShare];
      },
    ],
    ['who is asked about', (of) => buyersBefore(of, cut)],
    ['the cuts that are learnt from', (of) => exampleCuts(of, cut)],
    [
      'what features are standardised by',
      (of) => {
        const { means, deviations } = userPopulation(of, cut).standardiser;
        return [...means, ...deviations];
      },
    ],
    ['a label that ends by the cut', (of) => nextPurchases(of, everyone, cut - 90 * DAY_MS, cut)],
  ];
  test.each(honest)('%s', (_name, compute) => {
    expect(isBlindToFuture(history, cut, compute)).toBe(true);
  });

  test('an example', async () => {
    const before = await userExamples(history, cut);
    expect(before.count).toBeGreaterThan(700);
    await fc.assert(
      fc.asyncProperty(futureRows(history, cut), async (future) => {
        expect(await userExamples(withFuture(history, cut, future), cut)).toEqual(before);
      }),
      { numRuns: 3, seed: 1 },
    );
  });
});

describe('the same check catches what leaks', () => {
  const leaks: readonly [string, (of: ShopHistory) => ArrayLike<number>][] = [
    [
      'a count of all behaviours of a user, also later ones',
      (of) => everyone.map((user) => of.userOffsets[user + 1] - of.userOffsets[user]),
    ],
    ['features a moment too late', (of) => userFeatures(of, everyone, cut + 1, itemStatistics(of, cut))],
    [
      'item statistics of the whole year',
      (of) => userFeatures(of, everyone, cut, itemStatistics(of, Infinity)),
    ],
    [
      'features standardised by later users',
      (of) =>
        standardiserOf(
          userFeatures(of, everyone, cut + 60 * DAY_MS, itemStatistics(of, cut)),
          USER_FEATURE_COUNT,
        ).apply(features(of)),
    ],
    ['the label itself among the features', (of) => nextPurchases(of, everyone, cut, cut + 30 * DAY_MS)],
    [
      'a label from a window that is not over',
      (of) => nextPurchases(of, everyone, cut - 90 * DAY_MS, cut + 1),
    ],
  ];
  test.each(leaks)('%s', (_name, compute) => {
    expect(isBlindToFuture(history, cut, compute, 60)).toBe(false);
  });
});

describe('a fitted model is the same whatever comes after the cut', () => {
  const context = (): FitContext => ({
    seed: 3,
    signal: new AbortController().signal,
    onEpoch: () => undefined,
    onProgress: () => undefined,
  });
  const { history: clean } = shopWithRates({ users: 320, items: 17, days: 200, seed: 4 });
  const middle = RATE_START + 90 * DAY_MS;
  const users = buyersBefore(clean, middle);
  const [future] = fc.sample(futureRows(clean, middle), { numRuns: 1, seed: 12 });
  const planted = withFuture(clean, middle, future);

  async function probabilities(type: ModelType, of: ShopHistory, until: number) {
    const model = type.create(['PURCHASE_INTENT'], type === recency ? {} : { epochs: 1 });
    await model.fit({ history: of, cut: until }, context());
    const scores = await model.users!.scoreUsers({ history: of, users, asOf: middle });
    const some = { history: of, users: users.subarray(0, 4), asOf: middle };
    const parts = await model.users!.explainUsers(some, 'PURCHASE_INTENT', 5);
    model.dispose();
    return { scores, parts };
  }

  const types = [recency, logisticRegression, dense, linearHazards];
  test.each(types.map((type) => [type.architecture, type] as const))('%s', async (_name, type) => {
    const before = await probabilities(type, clean, middle);
    expect(await probabilities(type, planted, middle)).toEqual(before);
    // Fitted two months later it does see them: the test would notice.
    const later = await probabilities(type, planted, middle + 60 * DAY_MS);
    expect(later.scores).not.toEqual(before.scores);
  });
});

test('a user without a purchase before the cut has no features, however much they buy after it', () => {
  const planted = withFuture(history, RATE_START, [
    { user: 3, item: 1, type: 'PURCHASE', occurredAt: RATE_START, quantity: 1, value: 9, session: 1 },
  ]);
  const statistics = itemStatistics(planted, RATE_START);
  expect(rawUserFeatures(planted, 3, RATE_START, statistics)).toBeNull();
  expect(
    [...userFeatures(planted, Int32Array.of(3), RATE_START, statistics)].every((value) => value === 0),
  ).toBe(true);
  expect(rawUserFeatures(planted, 3, RATE_START + 1, statistics)).not.toBeNull();
});
