import { describe, expect, test } from '@jest/globals';

import { Random } from '../../../../src/nn/random.js';
import { permutationImportance, type PermutationOptions } from '../../../../src/pipeline/evaluate/index.js';
import { areaUnderCurve } from '../../../support/area-under-curve.js';

const ROWS = 3_000;
const WIDTH = 5;
const random = new Random(3);
const features = random.fillNormal(new Float32Array(ROWS * WIDTH), 1);
// Column 3 says the same as column 0; column 4 says nothing.
for (let row = 0; row < ROWS; row++) features[row * WIDTH + 3] = features[row * WIDTH];
const WEIGHTS = [1, 2, 0.5, 1, 0];
const logits = (values: Float32Array) =>
  Float64Array.from({ length: values.length / WIDTH }, (_, row) =>
    WEIGHTS.reduce((sum, weight, column) => sum + weight * values[row * WIDTH + column], 0),
  );
const labels = Array.from(logits(features), (logit) =>
  random.uniform() < 1 / (1 + Math.exp(-logit)) ? 1 : 0,
);
const options: PermutationOptions = {
  features,
  width: WIDTH,
  groups: [
    { name: 'pair', columns: [0, 3] },
    { name: 'strong', columns: [1] },
    { name: 'weak', columns: [2] },
    { name: 'half of the pair', columns: [3] },
    { name: 'nothing', columns: [4] },
  ],
  predict: logits,
  quality: (scores) => areaUnderCurve(labels, Float64Array.from(scores)),
  seed: 1,
};

describe('permutation importance', () => {
  test('ranks the causes by their weights, a pair as one, and what is not used at exactly 0', async () => {
    const before = features.slice();
    const { groups, quality } = await permutationImportance(options);
    expect(quality).toBeGreaterThan(0.85);
    const of = (name: string) => groups.find((group) => group.name === name)?.importance ?? NaN;
    expect(groups.map(({ importance }) => importance)).toEqual(
      groups.map(({ importance }) => importance).sort((a, b) => b - a),
    );
    expect(of('nothing')).toBe(0);
    expect(of('weak')).toBeGreaterThan(0.002);
    expect(of('strong')).toBeGreaterThan(5 * of('weak'));
    // Both copies weigh 2 together, as much as the strong one; shuffling one of them alone loses less.
    expect(Math.abs(of('pair') - of('strong'))).toBeLessThan(0.02);
    expect(of('half of the pair')).toBeLessThan(of('pair') / 2);
    expect(features).toEqual(before);
    for (const { spread, importance } of groups) expect(spread).toBeLessThan(Math.max(0.01, importance / 5));
  });

  test('is the same for a seed, whatever else is asked, and agrees between seeds within its spread', async () => {
    const strong = async (change: Partial<PermutationOptions>) =>
      (await permutationImportance({ ...options, ...change })).groups.find(({ name }) => name === 'strong');
    const first = await strong({});
    expect(await strong({ groups: options.groups.slice(1, 2) })).toEqual(first);
    const other = await strong({ seed: 2 });
    expect(other).not.toEqual(first);
    expect(Math.abs((other?.importance ?? NaN) - (first?.importance ?? NaN))).toBeLessThan(
      4 * Math.max(first?.spread ?? NaN, other?.spread ?? NaN),
    );
  });

  test('waits for a model that answers later', async () => {
    const later = await permutationImportance({
      ...options,
      predict: (values) => Promise.resolve(logits(values)),
    });
    expect(later).toEqual(await permutationImportance(options));
  });

  test.each([
    [{ width: 4.5 }, /width/],
    [{ repeats: 0 }, /repeat/],
    [{ groups: [{ name: 'g', columns: [5] }] }, /Group g: expected columns from 0 to 4; got 5/],
    [{ groups: [{ name: 'g', columns: [] }] }, /no columns/],
  ])('refuses %j', async (change, message) => {
    await expect(permutationImportance({ ...options, ...change })).rejects.toThrow(message);
  });
});
