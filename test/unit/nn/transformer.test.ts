import { afterAll, describe, expect, test } from '@jest/globals';

import { column, compilePredict, Random, TransformerEncoder, WeightSet } from '../../../src/nn/index.js';

const [LENGTH, WIDTH] = [6, 8];
const options = { width: WIDTH, heads: 2, blocks: 2, feedForward: 16, dropout: 0.5 };

function encoderOf(isCausal: boolean, mode?: 'graph' | 'eager') {
  const weights = new WeightSet(new Random(3));
  const encoder = new TransformerEncoder(weights, 'encoder', { ...options, isCausal });
  const predictor = compilePredict({
    weights,
    batch: { values: column(LENGTH, WIDTH), mask: column(LENGTH) },
    batchSizes: [1, 2],
    mode,
    predict: ({ values, mask }, context) => ({ encoded: encoder.encode(values, mask, context) }),
  });
  return {
    encode: (values: Float32Array, mask: Float32Array) => predictor.predict({ values, mask }).encoded,
    dispose: () => {
      predictor.dispose();
      weights.dispose();
    },
  };
}

const random = new Random(5);
const values = random.fillNormal(new Float32Array(LENGTH * WIDTH), 1);
const all = new Float32Array(LENGTH).fill(1);
const changedAt = (position: number) => {
  const changed = values.slice();
  for (let at = position * WIDTH; at < (position + 1) * WIDTH; at++) changed[at] += 1;
  return changed;
};
const position = (encoded: Float32Array, at: number) => [...encoded.subarray(at * WIDTH, (at + 1) * WIDTH)];

describe('transformer encoder', () => {
  const causal = encoderOf(true);
  const both = encoderOf(false);
  afterAll(() => [causal, both].forEach((encoder) => encoder.dispose()));

  test('a causal position sees nothing after it, and everything before', () => {
    const before = causal.encode(values, all);
    const after = causal.encode(changedAt(3), all);
    for (let at = 0; at < 3; at++) expect(position(after, at)).toEqual(position(before, at));
    for (let at = 3; at < LENGTH; at++) expect(position(after, at)).not.toEqual(position(before, at));
  });

  test('without order every position sees all', () => {
    const before = both.encode(values, all);
    const after = both.encode(changedAt(3), all);
    for (let at = 0; at < LENGTH; at++) expect(position(after, at)).not.toEqual(position(before, at));
  });

  test('no position sees padding', () => {
    const mask = Float32Array.of(0, 0, 1, 1, 1, 1);
    const before = both.encode(values, mask);
    const after = both.encode(changedAt(1), mask);
    for (let at = 2; at < LENGTH; at++) expect(position(after, at)).toEqual(position(before, at));
  });

  test('a row alone is encoded as in a batch, and graph and eager agree', () => {
    const alone = causal.encode(values, all);
    const other = random.fillNormal(new Float32Array(LENGTH * WIDTH), 1);
    const twice = causal.encode(Float32Array.of(...other, ...values), Float32Array.of(...all, ...all));
    twice.subarray(LENGTH * WIDTH).forEach((value, at) => expect(value).toBeCloseTo(alone[at], 4));
    const eager = encoderOf(true, 'eager');
    eager.encode(values, all).forEach((value, at) => expect(value).toBeCloseTo(alone[at], 4));
    eager.dispose();
  });

  test('refuses heads that do not divide the width', () => {
    const weights = new WeightSet(new Random(1));
    const make = () => new TransformerEncoder(weights, 'odd', { ...options, heads: 3, isCausal: true });
    expect(make).toThrow('3 heads do not divide a width of 8 evenly');
    weights.dispose();
  });
});
