import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { Random } from '../../../../src/nn/random.js';
import { auc } from '../../../../src/pipeline/evaluate/index.js';
import { binFeatures, MOST_BINS } from '../../../../src/pipeline/single-task/trees/binned-features.js';
import {
  boost,
  boostedContributions,
  boostedLogits,
} from '../../../../src/pipeline/single-task/trees/boosting.js';
import {
  BOOSTING_DEFAULTS,
  type BoostingSettings,
  boostingSettings,
} from '../../../../src/pipeline/single-task/trees/boosting-settings.js';
import { growTree } from '../../../../src/pipeline/single-task/trees/grow-tree.js';
import {
  addShapleyValues,
  type Tree,
  treeMean,
  treeValue,
} from '../../../../src/pipeline/single-task/trees/tree.js';

const WIDTH = 5;

function randomRows(count: number, seed: number): Float32Array {
  return new Random(seed).fillNormal(new Float32Array(count * WIDTH), 1);
}

/** Grows a tree on a target: the derivatives of half the squared error at 0. */
function treeFor(values: Float32Array, target: (row: number) => number, leaves = 4): Tree {
  const features = binFeatures(values, WIDTH);
  const first = Float64Array.from({ length: features.count }, (_, row) => -target(row));
  const second = new Float64Array(features.count).fill(1);
  const rows = Int32Array.from({ length: features.count }, (_, row) => row);
  const columns = Int32Array.of(0, 1, 2, 3, 4);
  return growTree(features, { first, second }, rows, { leaves, leastRows: 5, penalty: 0, rate: 1, columns });
}

const watch = (seed: number, signal = new AbortController().signal) => ({
  random: new Random(seed),
  signal,
  onTree: () => undefined,
});
const QUICK: BoostingSettings = {
  ...BOOSTING_DEFAULTS,
  trees: 40,
  shrinkage: 0.2,
  columnShare: 1,
  leastRows: 10,
};

/** Labels that no line can tell apart: yes where the first two features have the same sign. */
function sameSign(values: Float32Array): Float32Array {
  return Float32Array.from({ length: values.length / WIDTH }, (_, row) =>
    values[row * WIDTH] * values[row * WIDTH + 1] > 0 ? 1 : 0,
  );
}

describe('binned features', () => {
  test('a bin holds exactly the values up to its edge that are above the edge before', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true, min: -100, max: 100 }), { minLength: 1 }), (column) => {
        const values = Float32Array.from(column);
        const { bins, edges } = binFeatures(values, 1);
        expect(edges[0].length).toBeLessThan(MOST_BINS);
        values.forEach((value, row) => {
          const bin = bins[row];
          if (bin < edges[0].length) expect(value).toBeLessThanOrEqual(edges[0][bin]);
          if (bin > 0) expect(value).toBeGreaterThan(edges[0][bin - 1]);
        });
      }),
    );
  });

  test('a column of one value has one bin', () => {
    const { bins, edges } = binFeatures(new Float32Array(9).fill(3), 1);
    expect(edges[0]).toHaveLength(0);
    expect([...new Set(bins)]).toEqual([0]);
  });
});

describe('a tree', () => {
  test('finds a step where it is, and gives each side its mean', () => {
    const values = randomRows(2000, 3);
    const isHigh = (row: number) => values[row * WIDTH + 2] > 0.5;
    const tree = treeFor(values, (row) => (isHigh(row) ? 7 : -1), 2);
    expect(tree.feature[0]).toBe(2);
    // The edge is a quantile: within a bin of the step, so that a few rows are on the wrong side.
    expect(Math.abs(tree.threshold[0] - 0.5)).toBeLessThan(0.1);
    expect(treeValue(tree, Float32Array.of(0, 0, 2, 0, 0), 0)).toBeGreaterThan(6.5);
    expect(treeValue(tree, Float32Array.of(0, 0, -2, 0, 0), 0)).toBeLessThan(-0.5);
    expect(tree.cover[tree.left[0]] + tree.cover[tree.right[0]]).toBe(2000);
  });

  test('does not split what has nothing to tell apart', () => {
    const tree = treeFor(randomRows(300, 4), () => 2);
    expect(tree.feature[0]).toBe(-1);
    expect(tree.value[0]).toBeCloseTo(2, 5);
  });

  test('Shapley values add up to what the tree says of a row, against its mean', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 2, max: 8 }), (seed, leaves) => {
        const values = randomRows(400, seed);
        const target = (row: number) =>
          values[row * WIDTH] * values[row * WIDTH + 1] + values[row * WIDTH + 3];
        const tree = treeFor(values, target, leaves);
        for (const row of [0, 17, 399]) {
          const sums = new Float64Array(WIDTH);
          addShapleyValues(tree, values, row * WIDTH, sums);
          const total = sums.reduce((sum, value) => sum + value, 0);
          expect(total).toBeCloseTo(treeValue(tree, values, row * WIDTH) - treeMean(tree), 5);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('a feature that no split asks for has no part; two alike share evenly', () => {
    // XOR of two features by hand: each moves the row as much as the other.
    const tree: Tree = {
      feature: Int32Array.of(0, 1, 1, -1, -1, -1, -1),
      threshold: new Float32Array(7),
      left: Int32Array.of(1, 3, 5, 0, 0, 0, 0),
      right: Int32Array.of(2, 4, 6, 0, 0, 0, 0),
      value: Float32Array.of(0, 0, 0, 1, 0, 0, 1),
      cover: Float32Array.of(8, 4, 4, 2, 2, 2, 2),
    };
    const sums = new Float64Array(WIDTH);
    addShapleyValues(tree, Float32Array.of(1, 1, 5, 5, 5), 0, sums);
    expect([...sums]).toEqual([0.25, 0.25, 0, 0, 0]);
  });
});

describe('boosting', () => {
  test('learns what a line cannot', async () => {
    const train = randomRows(3000, 1);
    const rows = {
      features: train,
      width: WIDTH,
      outputs: 1,
      labels: sameSign(train),
      masks: new Float32Array(3000).fill(1),
    };
    const score = await boost(rows, QUICK, watch(1));
    const test = randomRows(1000, 2);
    expect(auc(sameSign(test), boostedLogits(score, test, WIDTH))).toBeGreaterThan(0.95);
  });

  test('outputs share the score and are known apart by intercepts at their rates', async () => {
    const random = new Random(5);
    const features = randomRows(4000, 6);
    const rates = [0.2, 0.6];
    const labels = Float32Array.from({ length: 8000 }, (_, at) => (random.uniform() < rates[at % 2] ? 1 : 0));
    const masks = new Float32Array(8000).fill(1);
    const score = await boost({ features, width: WIDTH, outputs: 2, labels, masks }, QUICK, watch(2));
    const logits = boostedLogits(score, features, WIDTH);
    const gap = score.intercepts[1] - score.intercepts[0];
    const mean = [0, 0];
    for (let row = 0; row < 4000; row++) {
      expect(logits[2 * row + 1] - logits[2 * row]).toBeCloseTo(gap, 4);
      for (const output of [0, 1]) mean[output] += 1 / (1 + Math.exp(-logits[2 * row + output])) / 4000;
    }
    expect(mean[0]).toBeCloseTo(0.2, 1);
    expect(mean[1]).toBeCloseTo(0.6, 1);
  });

  test('a label that is masked teaches nothing', async () => {
    const features = randomRows(1000, 7);
    const masks = Float32Array.from({ length: 1000 }, (_, row) => (row % 2 ? 1 : 0));
    const labels = sameSign(features);
    const lies = labels.map((label, row) => (masks[row] ? label : 1 - label));
    const fit = (given: Float32Array) =>
      boost({ features, width: WIDTH, outputs: 1, labels: given, masks }, QUICK, watch(3));
    expect(boostedLogits(await fit(lies), features, WIDTH)).toEqual(
      boostedLogits(await fit(labels), features, WIDTH),
    );
  });

  test('contributions add up to the score against its mean, and the same seed gives the same trees', async () => {
    const features = randomRows(800, 8);
    const rows = {
      features,
      width: WIDTH,
      outputs: 1,
      labels: sameSign(features),
      masks: new Float32Array(800).fill(1),
    };
    const score = await boost(rows, QUICK, watch(4));
    expect(await boost(rows, QUICK, watch(4))).toEqual(score);
    const middle = score.trees.reduce((sum, tree) => sum + treeMean(tree), 0) + score.intercepts[0];
    const parts = boostedContributions(score, features, WIDTH, 11);
    const [logit] = boostedLogits(score, features.subarray(11 * WIDTH, 12 * WIDTH), WIDTH);
    expect(parts.reduce((sum, part) => sum + part, middle)).toBeCloseTo(logit, 4);
  });

  test('stops when cancelled', async () => {
    const features = randomRows(200, 9);
    const rows = {
      features,
      width: WIDTH,
      outputs: 1,
      labels: sameSign(features),
      masks: new Float32Array(200).fill(1),
    };
    const signal = AbortSignal.abort(new Error('cancelled by the user'));
    await expect(boost(rows, QUICK, watch(5, signal))).rejects.toThrow('cancelled by the user');
  });

  test('refuses settings that do not exist or cannot be, and names them', () => {
    expect(() => boostingSettings({ trees: 0 })).toThrow(/trees/);
    expect(() => boostingSettings({ hiddenUnits: [4] })).toThrow(/hiddenUnits/);
    expect(boostingSettings({ leaves: 3 })).toEqual({ ...BOOSTING_DEFAULTS, leaves: 3 });
  });
});
