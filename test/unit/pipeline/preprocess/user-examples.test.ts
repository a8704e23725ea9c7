import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { type BehaviourRow, DAY_MS } from '../../../../src/pipeline/index.js';
import {
  buyersBefore,
  exampleCuts,
  itemStatistics,
  itemTargets,
  knownItems,
  nextPurchases,
  purchaseLabels,
  Standardiser,
  standardiserOf,
  USER_EXAMPLE_DEFAULTS,
  USER_FEATURE_COUNT,
  userExamples,
  userFeatures,
  usersWithPurchase,
} from '../../../../src/pipeline/preprocess/index.js';
import { RATE_START, shopWithRates, withRows } from '../../../support/shop-with-rates.js';

const { history } = shopWithRates({ users: 60, items: 13, days: 200, seed: 6 });
const CUT = Date.UTC(2026, 4, 1);
const at = (day: number, change: Partial<BehaviourRow> = {}): BehaviourRow => ({
  user: 0,
  item: 0,
  type: 'PURCHASE',
  occurredAt: CUT + day * DAY_MS,
  quantity: 1,
  value: 1,
  session: -1,
  ...change,
});

describe('labels by hand', () => {
  const shop = withRows(history, [
    at(-10, { user: 0, item: 1 }),
    at(0, { user: 0, item: 2 }), // at the very cut: the future
    at(-3, { user: 1, item: 2 }),
    at(29.999, { user: 1, item: 1 }),
    at(-3, { user: 2, item: 3 }),
    at(30, { user: 2, item: 1 }), // the window's end is open
    at(-1, { user: 3, type: 'VIEW' }),
    at(5, { user: 3, item: 1 }),
    at(-50, { user: 4, item: 1 }),
    at(3, { user: 4, type: 'REFUND' }),
    at(-9, { user: 5, item: -1 }),
    at(7, { user: 5, item: 9 }), // an item that nobody bought before
    at(8, { user: 5, item: 1 }),
  ]);

  test('who bought before, and in the window', () => {
    expect([...buyersBefore(shop, CUT)]).toEqual([0, 1, 2, 4, 5]);
    expect([...usersWithPurchase(shop, CUT, CUT + 30 * DAY_MS)]).toEqual([0, 1, 3, 5]);
    expect([...purchaseLabels(shop, Int32Array.of(0, 1, 2, 4, 5), CUT, 30)]).toEqual([1, 1, 0, 0, 1]);
    expect([...purchaseLabels(shop, Int32Array.of(5, 2), CUT, 31)]).toEqual([1, 1]);
  });

  test('days to the next purchase that was seen', () => {
    const users = Int32Array.of(0, 1, 2, 3, 4);
    const days = [...nextPurchases(shop, users, CUT, CUT + 30 * DAY_MS)];
    expect(days[0]).toBe(0);
    expect(days[1]).toBeCloseTo(29.999, 4);
    expect(days.slice(2)).toEqual([Infinity, 5, Infinity]);
  });

  test('which items: those known before the cut, by users known before it', () => {
    const { users, targets, bought } = itemTargets(shop, CUT, 30);
    expect([...users]).toEqual([0, 1, 5]);
    expect(targets.map((items) => [...items])).toEqual([[2], [1], [1]]);
    expect(bought.map((items) => [...items])).toEqual([[1], [2], []]);
    expect([...knownItems(shop, CUT)].flatMap((isKnown, item) => (isKnown ? item : []))).toEqual([1, 2, 3]);
  });

  test('labels of a longer window hold those of a shorter one, and the two ways to them agree', () => {
    const users = buyersBefore(history, CUT);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 60 }), (days, more) => {
        const short = purchaseLabels(history, users, CUT, days);
        const long = purchaseLabels(history, users, CUT, days + more);
        const next = nextPurchases(history, users, CUT, CUT + days * DAY_MS);
        return short.every((label, user) => label <= long[user] && label === (next[user] < days ? 1 : 0));
      }),
    );
  });
});

describe('examples', () => {
  const until = RATE_START + 150 * DAY_MS;

  test('are taken at cuts a step apart, with history before and seen days after each', () => {
    const cuts = exampleCuts(history, until);
    expect(cuts[0]).toBe(until - 5 * DAY_MS);
    expect(cuts.every((cut, index) => index === 0 || cuts[index - 1] - cut === 5 * DAY_MS)).toBe(true);
    const first = history.behaviours.occurredAt.reduce((least, time) => Math.min(least, time), Infinity);
    expect(cuts[cuts.length - 1]).toBeGreaterThanOrEqual(first + 14 * DAY_MS);
    expect(cuts[cuts.length - 1]).toBeLessThan(first + 19 * DAY_MS);
    const few = exampleCuts(history, until, { ...USER_EXAMPLE_DEFAULTS, maxExamples: 200 });
    expect(few.length).toBeLessThan(cuts.length);
    expect(exampleCuts(history, RATE_START)).toEqual([]);
  });

  test('hold one row for every user at every cut, with their next purchase and how long was seen', async () => {
    const cuts = exampleCuts(history, until);
    const examples = await userExamples(history, until);
    const expected = cuts.map((cut) => buyersBefore(history, cut));
    expect(examples.count).toBe(expected.reduce((sum, users) => sum + users.length, 0));
    let row = 0;
    cuts.forEach((cut, index) => {
      const next = nextPurchases(history, expected[index], cut, until);
      next.forEach((days, user) => {
        expect(examples.nextPurchaseDays[row + user]).toBe(days);
        expect(examples.seenDays[row + user]).toBeCloseTo((until - cut) / DAY_MS, 4);
      });
      row += next.length;
    });
  });

  test('are standardised by the users of their own cut and no one else', async () => {
    const cuts = exampleCuts(history, until);
    const examples = await userExamples(history, until);
    let row = 0;
    for (const cut of cuts) {
      const users = buyersBefore(history, cut);
      const raw = userFeatures(history, users, cut, itemStatistics(history, cut));
      const rows = examples.features.subarray(
        row * USER_FEATURE_COUNT,
        (row + users.length) * USER_FEATURE_COUNT,
      );
      expect(rows).toEqual(standardiserOf(raw, USER_FEATURE_COUNT).apply(raw));
      row += users.length;
    }
    expect(row).toBe(examples.count);
  });
});

describe('standardiser', () => {
  test('by hand: mean 0, deviation 1 where it was fitted; elsewhere by the same numbers', () => {
    const fitted = standardiserOf(Float32Array.of(1, 10, 3, 10, 5, 10, 7, 10), 2);
    expect([...fitted.means]).toEqual([4, 10]);
    expect(fitted.deviations[0]).toBeCloseTo(Math.sqrt(5), 5);
    const own = fitted.apply(Float32Array.of(1, 10, 7, 10));
    expect(own[0]).toBeCloseTo(-3 / Math.sqrt(5), 5);
    expect(own[1]).toBe(0);
    // What lies far out is cut off, and a column that never varied stays bounded.
    expect([...fitted.apply(Float32Array.of(1000, 11))]).toEqual([4, 4]);
  });

  test('other rows change nothing in what was fitted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, min: -1000, max: 1000 }), { minLength: 6, maxLength: 60 }),
        (values) => {
          const rows = Float32Array.from(values.slice(0, values.length - (values.length % 3)));
          const fitted = standardiserOf(rows, 3);
          const { means, deviations } = fitted;
          const copy = new Standardiser(means.slice(), deviations.slice());
          fitted.apply(rows.map((value) => value * 1e6));
          expect(fitted).toEqual(copy);
          const scaled = fitted.apply(rows.slice());
          expect(scaled.every((value) => Math.abs(value) <= 4)).toBe(true);
        },
      ),
    );
  });
});
