import { describe, expect, test } from '@jest/globals';

import {
  type BehaviourRow,
  type BehaviourType,
  buildBehaviourColumns,
  DAY_MS,
  type ShopHistory,
} from '../../../../src/pipeline/index.js';
import { itemStatistics, rawUserFeatures, USER_FEATURES } from '../../../../src/pipeline/preprocess/index.js';

const START = Date.UTC(2026, 0, 1);
const CUT = START + 100 * DAY_MS;

function shopOf(behaviours: readonly (readonly [day: number, type: BehaviourType])[]): ShopHistory {
  const rows = behaviours.map(([day, type], session): BehaviourRow => ({
    user: 0,
    item: 0,
    type,
    occurredAt: START + day * DAY_MS + 1000,
    quantity: 1,
    value: 5,
    session,
  }));
  return {
    users: [{ id: 'u', attributes: {} }],
    items: [{ id: 'i', title: 'i', category: [], price: 5, available: true, attributes: {} }],
    ...buildBehaviourColumns(rows, 1),
    transactions: [],
    currency: 'EUR',
  };
}

function looking(behaviours: Parameters<typeof shopOf>[0]): Record<string, number> {
  const history = shopOf(behaviours);
  const values = rawUserFeatures(history, 0, CUT, itemStatistics(history, CUT));
  if (!values) throw new Error('The user has no features.');
  return Object.fromEntries(
    USER_FEATURES.flatMap(({ name }, at) => (name.startsWith('looked_') ? [[name, values[at]]] : [])),
  );
}

describe('features of looking around', () => {
  test('are 0 in a shop that records orders and refunds alone', () => {
    const values = Object.values(
      looking([
        [3, 'PURCHASE'],
        [9, 'REFUND'],
        [40, 'PURCHASE'],
        [70, 'REFUND'],
      ]),
    );
    expect(values).toHaveLength(12);
    expect(values.every((value) => value === 0)).toBe(true);
  });

  test('tell visits without an order from those with one', () => {
    const values = looking([
      [10, 'VIEW'],
      [20, 'VIEW'],
      [20, 'PURCHASE'],
      [30, 'FAVOURITE'],
      [40, 'PURCHASE'],
      [80, 'VIEW'],
      [95, 'SEARCH'],
      [95, 'ADD_TO_CART'],
      [101, 'VIEW'],
    ]);
    expect(values).toMatchObject({
      looked_since_order: 55,
      looked_days: 4,
      looked_days_7d: 1,
      looked_days_30d: 2,
      looked_days_90d: 4,
      looked_before: 10,
    });
    // The last order was 60 days ago, the last visit 5; 6 visits in 85 days, 2 of them with an order.
    expect(values.looked_lately).toBeCloseTo(Math.log(61 / 6), 10);
    expect(values.looked_rate).toBeCloseTo(Math.log(6 / 2), 10);
    expect(values.looked_to_gap).toBeCloseTo(Math.log(6 / ((85 + 15) / 6 + 1)), 10);
    expect(values.looked_decayed_15d).toBeCloseTo(
      [90, 70, 20, 5].reduce((sum, age) => sum + 2 ** (-age / 15), 0),
      10,
    );
  });
});
