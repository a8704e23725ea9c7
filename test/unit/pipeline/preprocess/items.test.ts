import { describe, expect, test } from '@jest/globals';

import {
  type BehaviourRow,
  buildBehaviourColumns,
  DAY_MS,
  type ShopHistory,
} from '../../../../src/pipeline/index.js';
import {
  addNeighbours,
  DEMAND_FEATURE_COUNT,
  DEMAND_FEATURES,
  demandFeatures,
  itemState,
  neighbours,
  orderGroups,
  userGroups,
  userItems,
  Vocabulary,
  weekdayShares,
} from '../../../../src/pipeline/preprocess/index.js';

const START = Date.UTC(2026, 0, 4); // a Sunday

function shop(rows: readonly Partial<BehaviourRow>[]): ShopHistory {
  const full = rows.map((row) => ({
    user: 0,
    item: 0,
    type: 'PURCHASE' as const,
    occurredAt: START,
    quantity: 1,
    value: 2,
    session: -1,
    ...row,
  }));
  return {
    users: ['a', 'b'].map((id) => ({ id, attributes: {} })),
    items: ['x', 'y', 'z'].map((id) => ({
      id,
      title: id,
      category: [],
      price: 9,
      available: true,
      attributes: {},
    })),
    ...buildBehaviourColumns(full, 2),
    transactions: [],
    currency: 'GBP',
  };
}

test('a vocabulary answers for every name, unknown ones with one index of their own', () => {
  const vocabulary = new Vocabulary(['x', 'y']);
  expect(vocabulary.indicesOf(['y', 'never', 'x'])).toEqual(Int32Array.of(1, 2, 0));
  expect(vocabulary.oovIndex).toBe(2);
});

describe('neighbours', () => {
  // x with y in two groups, x with z in one; y and z never.
  const groups = {
    offsets: Int32Array.of(0, 2, 4, 6),
    items: Int32Array.of(0, 1, 0, 1, 0, 2),
    weights: new Float32Array(6).fill(1),
  };

  test('are shrunk cosines, the strongest first', () => {
    const found = neighbours(groups, 3, { shrinkage: 1, width: 2 });
    expect([...found.items]).toEqual([1, 2, 0, -1, 0, -1]);
    const expected = [
      2 / (Math.sqrt(3 * 2) + 1),
      1 / (Math.sqrt(3) + 1),
      2 / (Math.sqrt(6) + 1),
      0,
      1 / (Math.sqrt(3) + 1),
      0,
    ];
    found.scores.forEach((score, at) => expect(score).toBeCloseTo(expected[at], 6));
    const sums = new Float32Array(3);
    addNeighbours(found, 0, 2, sums);
    expect(sums[1]).toBeCloseTo(2 * expected[0], 6);
    expect(sums[0]).toBe(0);
  });

  test('keep the best when there are more than the width', () => {
    const many = {
      offsets: Int32Array.from({ length: 41 }, (_, at) => 2 * at),
      items: Int32Array.from({ length: 80 }, (_, at) => (at % 2 === 0 ? 0 : (at + 1) / 2)),
      weights: Float32Array.from({ length: 80 }, (_, at) => (at % 2 === 0 ? 1 : (at + 1) / 2)),
    };
    const found = neighbours(many, 41, { shrinkage: 10, width: 3 });
    const scoreOf = (item: number) => item / (Math.sqrt(40 * item * item) + 10);
    const best = Array.from({ length: 40 }, (_, at) => at + 1).sort((a, b) => scoreOf(b) - scoreOf(a));
    expect([...found.items.subarray(0, 3)]).toEqual(best.slice(0, 3));
  });
});

test('a user’s items count orders, not lines, and nothing from the cut on, refunds or searches', () => {
  const cut = START + 20 * DAY_MS;
  const history = shop([
    { session: 1, occurredAt: START },
    { session: 1, occurredAt: START + 1000 },
    { session: 2, occurredAt: START + 10 * DAY_MS },
    { item: 1, type: 'VIEW', occurredAt: START + 15 * DAY_MS },
    { item: 2, type: 'REFUND', occurredAt: START + 16 * DAY_MS },
    { item: 2, type: 'PURCHASE', occurredAt: cut },
  ]);
  const own = userItems(history, 0, cut, Int32Array.of(0, 1, 2), 3);
  expect([...own.items]).toEqual([0, 1]);
  expect([...own.orders]).toEqual([2, 0]);
  expect([...own.lastDays]).toEqual([10, 5]);
  expect([...own.firstDays]).toEqual([20, 5]);
  expect(own.decayed[0]).toBeCloseTo(Math.exp(-20 / 15) + Math.exp(-10 / 15), 5);
  expect(own).toMatchObject({ orderCount: 2, lastOrderDays: 10 });
});

describe('groups', () => {
  test('of orders hold their different items before the cut, first come first, and none with one item', () => {
    const cut = START + 20 * DAY_MS;
    const history = shop([
      { session: 1, item: 2, occurredAt: START },
      { session: 1, item: 0, occurredAt: START + 1 },
      { session: 1, item: 2, occurredAt: START + 2 },
      { session: 1, item: 1, type: 'SEARCH', occurredAt: START + 3 },
      { session: 2, item: 1, occurredAt: START + DAY_MS },
      { session: 2, item: 1, occurredAt: START + DAY_MS + 1 },
      { session: 3, item: 0, occurredAt: cut - 1, user: 1 },
      { session: 3, item: 1, occurredAt: cut, user: 1 },
      { session: 4, item: 1, occurredAt: cut - 2, user: 1 },
      { session: 4, item: 0, type: 'VIEW', occurredAt: cut - 1, user: 1 },
      { item: 1, occurredAt: START },
      { item: 2, occurredAt: START },
    ]);
    const { offsets, items, weights } = orderGroups(history, cut, Int32Array.of(0, 1, 2), 3);
    expect([...offsets]).toEqual([0, 2, 4]);
    expect([...items]).toEqual([2, 0, 1, 0]);
    expect([...weights]).toEqual([1, 1, 1, 1]);
    // Items that the vocabulary does not hold.
    expect([...orderGroups(history, cut, Int32Array.of(0, 1, 2), 2).items]).toEqual([1, 0]);
  });

  test('of users hold what they took to, latest first, and 500 items at most', () => {
    const cut = START + 20 * DAY_MS;
    const history = shop([
      { item: 2, occurredAt: START },
      { item: 0, occurredAt: START + DAY_MS },
      { item: 1, occurredAt: START },
      { item: 1, occurredAt: START + DAY_MS, user: 1 },
    ]);
    const users = [0, 1].map((user) => userItems(history, user, cut, Int32Array.of(0, 1, 2), 3));
    const { offsets, items, weights } = userGroups(users, (user, at) => user.lastDays[at]);
    expect([...offsets]).toEqual([0, 3, 4]);
    expect([...items]).toEqual([0, 1, 2, 1]);
    expect([...weights]).toEqual([19, 20, 20, 19]);
    const many = { ...users[0], items: Int32Array.from({ length: 600 }, (_, at) => at) };
    const big = { ...many, lastDays: Float32Array.from({ length: 600 }, (_, at) => 600 - at) };
    const kept = userGroups([big], () => 1);
    expect([...kept.offsets]).toEqual([0, 500]);
    expect([kept.items[0], kept.items[499]]).toEqual([599, 100]);
  });
});

test('prices of items are those paid before the cut', () => {
  const cut = START + DAY_MS;
  const state = itemState(
    shop([
      { value: 6, quantity: 3 },
      { value: 100, occurredAt: cut },
    ]),
    cut,
  );
  expect(state.vocabulary.ids).toEqual(['x']);
  expect(state.logPrices[0]).toBeCloseTo(Math.log(2.01), 5);
});

describe('demand', () => {
  test('features read only days before the end, and cap single large orders', () => {
    const days = 60;
    const usual = new Float32Array(days).fill(2);
    const spiked = usual.slice();
    spiked[40] = 500;
    const of = (units: Float32Array, end: number) => demandFeatures({ units, days, itemIds: ['x'] }, 0, end);
    expect(of(spiked, 40)).toEqual(of(usual, 40));
    // Capped at three usual days: 27 × 2 + 6 over 28 days, for 14 days, and the half that keeps it above 0.
    expect(of(spiked, 60).references[0]).toBeCloseTo((14 * 60) / 28 + 0.5, 4);
    const median = of(spiked, 60).features[DEMAND_FEATURES.indexOf('median4Weeks')];
    expect(median).toBeCloseTo(Math.log((2 * 14 + 1) / (30.5 + 1)), 4);
    expect(of(spiked, 60).features).toHaveLength(DEMAND_FEATURE_COUNT);
  });

  test('weekday shares count days with sales', () => {
    // Two weeks from a Sunday on: sales on Sundays, and on one Monday.
    const units = new Float32Array(14);
    units.set([5, 1], 0);
    units[7] = 500;
    expect([...weekdayShares(units, 14, START)]).toEqual([2 / 3, 1 / 3, 0, 0, 0, 0, 0]);
  });
});
