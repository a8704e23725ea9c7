import { describe, expect, test } from '@jest/globals';

import {
  adagrad,
  compileStep,
  idColumn,
  isNative,
  Random,
  tf,
  uniformWith,
  WeightSet,
} from '../../../src/nn/index.js';

describe('WeightSet', () => {
  test('a weight starts the same whatever else is in the set', () => {
    const alone = new WeightSet(new Random(3));
    alone.dense('b', 4, 5);
    const beside = new WeightSet(new Random(3));
    beside.dense('a', 2, 2);
    beside.dense('b', 4, 5);
    expect(beside.export()['b/kernel']).toEqual(alone.export()['b/kernel']);
    expect(alone.parameters).toBe(25);
    expect(() => alone.dense('b', 1, 1)).toThrow(/"b\/kernel" already/);
    alone.dispose();
    beside.dispose();
  });

  test('import refuses weights that are missing or of another shape, by name', () => {
    const set = new WeightSet(new Random(1));
    set.dense('layer', 2, 3);
    const values = set.export();
    expect(() => set.import({ 'layer/kernel': values['layer/kernel'] })).toThrow(/no "layer\/bias"/);
    const other = { ...values, 'layer/bias': { shape: [2], values: new Float32Array(2) } };
    expect(() => set.import(other)).toThrow(/"layer\/bias" is \[3\], but \[2\] was saved/);
    set.dispose();
  });

  test('a table is uniform with the deviation asked for', () => {
    const { values } = new WeightSet(new Random(1)).table('t', 5000, 4, uniformWith(0.3));
    const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    expect(largest).toBeLessThanOrEqual(0.3001);
    expect(largest).toBeGreaterThan(0.299);
    expect(Math.abs(mean)).toBeLessThan(0.01);
  });

  (isNative ? test : test.skip)(
    'a table that TensorFlow draws is the one that JavaScript draws, to the bit',
    () => {
      const make = () => {
        const weights = new WeightSet(new Random(7));
        return { weights, table: weights.table('t', 500, 3) };
      };
      const drawn = make();
      const step = compileStep({
        weights: drawn.weights,
        batch: { id: idColumn() },
        loss: ({ id }, { lookup }) => tf.sum(lookup(drawn.table, id)),
        tableOptimizer: adagrad(),
        seed: 1,
        batchSizes: [2],
      });
      const inGraph = step.exportState().values.t;
      expect([...inGraph]).toEqual([...make().table.values]);
      step.dispose();
    },
  );
});
