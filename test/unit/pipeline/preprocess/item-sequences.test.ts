import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  type BehaviourRow,
  buildBehaviourColumns,
  type ShopHistory,
} from '../../../../src/pipeline/index.js';
import { itemSequence, sequenceWindows } from '../../../../src/pipeline/preprocess/index.js';

const PADDING = 99;

describe('windows of sequences', () => {
  test('are cut from the end, share one item with their neighbour, and are filled up on the left', () => {
    const windows = sequenceWindows(
      [Int32Array.of(1, 2, 3, 4, 5, 6), Int32Array.of(7), Int32Array.of(8, 9)],
      3,
      PADDING,
    );
    expect(windows.count).toBe(4);
    expect([...windows.sequence]).toEqual([0, 0, 0, 2]);
    expect([...windows.items]).toEqual([4, 5, 6, 2, 3, 4, PADDING, 1, 2, PADDING, 8, 9]);
  });

  test('ask for every item but the first exactly once', () => {
    const sequences = fc.array(fc.array(fc.nat(50), { maxLength: 40 }), { maxLength: 8 });
    fc.assert(
      fc.property(sequences, fc.integer({ min: 2, max: 9 }), (rows, length) => {
        const { items, count } = sequenceWindows(
          rows.map((row) => Int32Array.from(row)),
          length,
          PADDING,
        );
        const asked: number[] = [];
        for (let row = 0; row < count; row++)
          for (let at = 1; at < length; at++)
            if (items[row * length + at - 1] !== PADDING) asked.push(items[row * length + at]);
        const expected = rows.flatMap((row) => row.slice(1));
        expect(asked.sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b));
      }),
    );
  });
});

describe('the sequence of a user', () => {
  const row = (item: number, type: BehaviourRow['type'], occurredAt: number): BehaviourRow => ({
    user: 0,
    item,
    type,
    occurredAt,
    quantity: 1,
    value: 1,
    session: -1,
  });
  const rows = [
    row(2, 'VIEW', 1),
    row(2, 'ADD_TO_CART', 2),
    row(2, 'PURCHASE', 3),
    row(0, 'VIEW', 4),
    row(1, 'REFUND', 5),
    row(-1, 'SEARCH', 6),
    row(1, 'VIEW', 7),
    row(2, 'VIEW', 8),
    row(0, 'PURCHASE', 9),
  ];
  const history: ShopHistory = {
    users: [{ id: 'u', attributes: {} }],
    items: ['a', 'b', 'c'].map((id) => ({
      id,
      title: id,
      category: [],
      price: 1,
      available: true,
      attributes: {},
    })),
    ...buildBehaviourColumns(rows, 1),
    transactions: [],
    currency: 'EUR',
  };

  test('holds likings before the cut in their order, without repeats in a row and without unknown items', () => {
    const all = itemSequence(history, 0, 9, Int32Array.of(0, 1, 2), 3);
    expect([...all]).toEqual([2, 0, 1, 2]);
    const withoutB = itemSequence(history, 0, 9, Int32Array.of(0, 3, 1), 2);
    expect([...withoutB]).toEqual([1, 0, 1]);
  });
});
