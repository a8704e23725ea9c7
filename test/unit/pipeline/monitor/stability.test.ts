import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { Random } from '../../../../src/nn/random.js';
import { stabilityOf } from '../../../../src/pipeline/monitor/index.js';

const normals = (count: number, seed: number, mean = 0) => {
  const random = new Random(seed);
  return Float64Array.from({ length: count }, () => mean + random.normal());
};

describe('stability of a quantity', () => {
  test('is zero for the same sample and never negative', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1 }),
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1 }),
        (reference, current) => {
          expect(stabilityOf(reference, reference)?.psi).toBeCloseTo(0, 12);
          expect(stabilityOf(reference, current)?.psi).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  test('of a yes/no quantity is the sum worked by hand', () => {
    // Half yes before, nine tenths now: (0.9 - 0.5) ln(0.9 / 0.5) + (0.1 - 0.5) ln(0.1 / 0.5), but for half an example a bin.
    const half = Array.from({ length: 20_000 }, (_, at) => at % 2);
    const most = Array.from({ length: 20_000 }, (_, at) => (at % 10 === 0 ? 0 : 1));
    const expected = 0.4 * Math.log(0.9 / 0.5) - 0.4 * Math.log(0.1 / 0.5);
    expect(stabilityOf(half, most)?.psi).toBeCloseTo(expected, 3);
  });

  test('passes 0.2 for a shift of one standard deviation, and stays below chance without one', () => {
    const reference = normals(2000, 1);
    const shifted = stabilityOf(reference, normals(500, 2, 1));
    expect(shifted?.psi).toBeGreaterThan(0.2);
    expect(shifted?.psi).toBeGreaterThan(shifted?.chance ?? Infinity);
    const excesses = Array.from({ length: 200 }, (_, seed) => {
      const same = stabilityOf(normals(300, 2 * seed + 10), normals(40, 2 * seed + 11));
      return (same?.psi ?? Infinity) > (same?.chance ?? 0) ? 1 : 0;
    });
    expect(excesses.reduce<number>((sum, one) => sum + one, 0)).toBeLessThanOrEqual(4);
  });

  test('tells another value from a reference of one value, and has none without values', () => {
    expect(stabilityOf([3, 3, 3, 3], [4, 4, 4, 4])?.psi).toBeGreaterThan(0.2);
    expect(stabilityOf([], [1])).toBeNull();
    expect(stabilityOf([1], [])).toBeNull();
  });
});

test('values never met before are told from the largest and the least that were', () => {
  const reference = Array.from({ length: 300 }, (_, at) => (at % 3) + 1);
  const above = reference.map((value) => (value === 3 ? 30 : value));
  const below = reference.map((value) => (value === 1 ? -30 : value));
  expect(stabilityOf(reference, above)?.psi).toBeGreaterThan(1);
  expect(stabilityOf(reference, below)?.psi).toBeGreaterThan(1);
});
