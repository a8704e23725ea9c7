import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  type TabularColumn,
  TabularEncoder,
  tabularEncodingSchema,
} from '../../../../src/pipeline/preprocess/index.js';

const number = (values: number[]): TabularColumn => ({ name: 'x', kind: 'NUMBER', values });
const category = (values: (string | null)[]): TabularColumn => ({ name: 'c', kind: 'CATEGORY', values });
const places = (count: number) => Array.from({ length: count }, (_, at) => at);

describe('by hand', () => {
  test('numbers: standardised logarithm, known or not, and how far through each bin', () => {
    const encoder = TabularEncoder.fit([number([0, 1, 2, 3, 4])], places(5));
    // Bins between 0, 1, 2, 3 and 4.
    expect(encoder.width).toBe(2 + 4);
    const [, isUnknown, ...bins] = encoder.encode([number([2.5])], [0]);
    expect(isUnknown).toBe(0);
    [1, 1, 0.5, 0].forEach((share, at) => expect(bins[at]).toBeCloseTo(share, 6));
    expect([...encoder.encode([number([Number.NaN])], [0])]).toEqual([0, 1, 0, 0, 0, 0]);
    expect([...encoder.encode([number([99])], [0])].slice(2)).toEqual([1, 1, 1, 1]);
    expect([...encoder.encode([number([-99])], [0])].slice(2)).toEqual([0, 0, 0, 0]);
    const logs = [0, 1, 2, 3, 4].map(Math.log1p);
    const mean = logs.reduce((sum, log) => sum + log, 0) / 5;
    const deviation = Math.sqrt(logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / 5);
    expect(encoder.encode([number([3])], [0])[0]).toBeCloseTo((Math.log1p(3) - mean) / deviation, 4);
  });

  test('where most rows share a value the others get bins of their own', () => {
    const values = [...new Array<number>(90).fill(0), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    const { encoding } = TabularEncoder.fit([number(values)], places(100));
    expect(encoding[0].kind === 'NUMBER' && encoding[0].edges.length).toBeGreaterThan(8);
  });

  test('categories: a one among zeros; rare, new and unknown ones share the last place', () => {
    const seen = [...new Array<string>(10).fill('b'), ...new Array<string>(12).fill('a'), 'rare'];
    const encoder = TabularEncoder.fit([category(seen)], places(seen.length));
    expect([...encoder.encode([category(['a', 'b', 'rare', 'new', null])], places(5))]).toEqual([
      1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1,
    ]);
  });

  test('another table is refused', () => {
    const encoder = TabularEncoder.fit([number([1, 2])], [0, 1]);
    expect(() => encoder.encode([category(['a'])], [0])).toThrow('Expected the column x (NUMBER), got c.');
  });
});

describe('properties', () => {
  const numbers = fc.array(
    fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constantFrom(0, Number.NaN)),
    {
      minLength: 4,
      maxLength: 50,
    },
  );

  test('rows that it is not fitted on change nothing', () => {
    fc.assert(
      fc.property(numbers, numbers, (train, others) => {
        const fitted = TabularEncoder.fit([number([...train, ...others])], places(train.length));
        expect(fitted.encoding).toEqual(TabularEncoder.fit([number(train)], places(train.length)).encoding);
      }),
    );
  });

  test('every input is a number in bounds, bins fill in order, and it comes back from text', () => {
    fc.assert(
      fc.property(numbers, numbers, (train, others) => {
        const encoder = TabularEncoder.fit([number(train)], places(train.length));
        const again = new TabularEncoder(
          tabularEncodingSchema.parse(JSON.parse(JSON.stringify(encoder.encoding))),
        );
        const encoded = encoder.encode([number(others)], places(others.length));
        expect(again.encode([number(others)], places(others.length))).toEqual(encoded);
        for (let from = 0; from < encoded.length; from += encoder.width) {
          const [scaled, isUnknown, ...bins] = encoded.subarray(from, from + encoder.width);
          expect(Math.abs(scaled)).toBeLessThanOrEqual(4);
          expect([0, 1]).toContain(isUnknown);
          bins.forEach((share, at) => {
            expect(share).toBeGreaterThanOrEqual(0);
            expect(share).toBeLessThanOrEqual(1);
            if (at > 0 && share > 0) expect(bins[at - 1]).toBe(1);
          });
        }
      }),
    );
  });
});
