import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { Random } from '../../../src/nn/random.js';

describe('Random', () => {
  test('xoshiro128** of known words gives the numbers of its reference implementation', () => {
    const random = new Random(0);
    random.restore({ words: [1, 2, 3, 4], spareNormal: null });
    // By hand from the published C: rotl(s[1] * 5, 7) * 9 for s = (1, 2, 3, 4), then for the state after one step.
    expect(random.word()).toBe(11520);
    expect(random.word()).toBe(0);
    expect(random.word()).toBe(5927040);
  });

  test('goes on from a saved state, the spare normal included', () => {
    const random = new Random(5);
    random.normal();
    const state = random.state();
    const expected = [random.normal(), random.normal(), random.uniform()];
    const other = new Random(99);
    other.restore(state);
    expect([other.normal(), other.normal(), other.uniform()]).toEqual(expected);
  });

  test('forks differ from one another and from their parent, and do not move it', () => {
    const random = new Random(5);
    const first = random.fork('a').uniform();
    expect(random.fork('b').uniform()).not.toBe(first);
    expect(random.fork('a').uniform()).toBe(first);
    expect(random.uniform()).toBe(new Random(5).uniform());
  });

  test('normals have mean 0, variance 1 and the right share beyond 1.96', () => {
    const values = new Random(3).fillNormal(new Float32Array(100_000), 1);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((a, b) => a + b * b, 0) / values.length;
    const tail = values.filter((value) => Math.abs(value) > 1.96).length / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.015);
    expect(Math.abs(variance - 1)).toBeLessThan(0.02);
    expect(Math.abs(tail - 0.05)).toBeLessThan(0.004);
  });

  test('integers are below the bound and even', () => {
    const counts = new Array<number>(7).fill(0);
    const random = new Random(1);
    for (let draw = 0; draw < 70_000; draw++) counts[random.integer(7)]++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    expect(() => random.integer(0)).toThrow(RangeError);
  });

  test('a permutation holds each index once', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 300 }), (seed, length) => {
        const sorted = [...new Random(seed).permutation(length)].sort((a, b) => a - b);
        expect(sorted).toEqual(Array.from({ length }, (_, at) => at));
      }),
    );
  });
});
