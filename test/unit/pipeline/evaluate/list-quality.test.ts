import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  buyerSimilarity,
  headItems,
  listCoverage,
  listDiversity,
  listRecall,
} from '../../../../src/pipeline/evaluate/index.js';

const LISTS = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 19 }), { maxLength: 10 }), { minLength: 1 });

describe('lists of recommendations', () => {
  test('coverage counts each shown item once', () => {
    expect(listCoverage([[0, 1, 2], [2, 1], []], 12)).toBe(0.25);
    fc.assert(
      fc.property(LISTS, (lists) => {
        expect(listCoverage([...lists, ...lists], 20)).toBe(listCoverage(lists, 20));
        expect(listCoverage(lists, 20)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('diversity is none among alike items, all among strangers, and the mean of a list’s pairs', () => {
    expect(listDiversity([[0, 1, 2]], () => 1)).toBe(0);
    expect(listDiversity([[0, 1, 2], [7]], () => 0)).toBe(1);
    // Of the three pairs one is alike.
    expect(listDiversity([[0, 1, 2]], (a, b) => (a + b === 1 ? 1 : 0))).toBeCloseTo(2 / 3, 12);
    expect(listDiversity([[3]], () => 0)).toBeNaN();
  });

  test('similarity is the cosine of the buyers', () => {
    const similarity = buyerSimilarity([[1, 2, 3, 4], [2, 4, 9, 11], [], [5]]);
    expect(similarity(0, 1)).toBe(0.5);
    expect(similarity(1, 0)).toBe(0.5);
    expect(similarity(0, 0)).toBe(1);
    expect(similarity(0, 2)).toBe(0);
    expect(similarity(0, 3)).toBe(0);
  });

  test('the head is the fewest popular items that make up the share', () => {
    expect([...headItems([1, 6, 1, 2, 2])]).toEqual([0, 1, 0, 0, 0]);
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { minLength: 1 }),
        fc.double({ min: 0.1, max: 0.9, noNaN: true }),
        (counts, share) => {
          const isHead = headItems(counts, share);
          const total = counts.reduce((sum, count) => sum + count, 0);
          const head = counts.filter((_, item) => isHead[item]);
          const tail = counts.filter((_, item) => !isHead[item]);
          const reached = head.reduce((sum, count) => sum + count, 0);
          expect(reached).toBeGreaterThanOrEqual(share * total);
          if (head.length > 0) {
            expect(reached - Math.min(...head)).toBeLessThan(share * total);
            expect(Math.max(0, ...tail)).toBeLessThanOrEqual(Math.min(...head));
          }
        },
      ),
    );
  });

  test('recall counts targets, not users, and only those asked for', () => {
    const lists = [[1, 2], [3]];
    const targets = [new Set([1, 5, 6]), new Set([3])];
    expect(listRecall(lists, targets)).toBe(0.5);
    expect(listRecall(lists, targets, (item) => item > 4)).toBe(0);
    expect(listRecall(lists, targets, (item) => item > 9)).toBeNaN();
  });
});
