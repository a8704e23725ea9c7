import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { tf } from '../../../../src/nn/index.js';
import { Random, WeightSet } from '../../../../src/nn/index.js';
import { poissonDeviance } from '../../../../src/pipeline/evaluate/index.js';
import { CustomHead, labelMoments } from '../../../../src/pipeline/multi-task/entities/custom-head.js';
import type { MultiTaskNetwork } from '../../../../src/pipeline/multi-task/multi-task-network.js';

/** A head that is about to learn these labels. */
function headOf(
  labels: Float32Array,
  { isNumber, hasCountsAlone }: { isNumber: boolean; hasCountsAlone: boolean },
) {
  const head = new CustomHead('CUSTOM_ANY', { isNumber, hasCountsAlone, isSquared: false, hidden: 2 });
  const weights = new WeightSet(new Random(1));
  head.build({ weights, width: 2 } as MultiTaskNetwork, labelMoments(labels));
  return { head, end: () => weights.dispose() };
}

/** Losses by an output that answers `rate`, and the root mean square of their gradients by it. */
function learnt(labels: Float32Array, rate: number, kind: { isNumber: boolean; hasCountsAlone: boolean }) {
  const { head, end } = headOf(labels, kind);
  const output = kind.isNumber ? Math.log(rate) : Math.log(rate / (1 - rate));
  const { losses, gradients } = tf.tidy(() => {
    const outputs = tf.fill([labels.length], output);
    const { value, grad } = tf.valueAndGrad((z) => tf.sum(head.losses(tf.tensor1d(labels), z)))(outputs);
    value.dispose();
    return {
      losses: head.losses(tf.tensor1d(labels), outputs).dataSync(),
      gradients: Float32Array.from(grad.dataSync()),
    };
  });
  end();
  return { losses, size: Math.sqrt(gradients.reduce((sum, one) => sum + one * one, 0) / labels.length) };
}

const meanOf = (labels: Float32Array) => labels.reduce((a, b) => a + b, 0) / labels.length;
const counts = (largest: number) =>
  fc
    .array(fc.integer({ min: 0, max: largest }), { minLength: 4, maxLength: 30 })
    .filter((drawn) => new Set(drawn).size > 1)
    .map((drawn) => Float32Array.from(drawn));

describe('the gradient that a count starts with', () => {
  test('beside yes/no tasks is no larger than that of yes and no at even odds', () => {
    const even = learnt(Float32Array.of(0, 1, 0, 1), 0.5, { isNumber: false, hasCountsAlone: false }).size;
    fc.assert(
      fc.property(counts(400), (labels) => {
        const { size } = learnt(labels, meanOf(labels), { isNumber: true, hasCountsAlone: false });
        expect(size).toBeLessThanOrEqual(even * 1.001);
      }),
      { seed: 1 },
    );
  });

  test('of 0 and 1 is that of yes and no with the same labels', () => {
    const labels = Float32Array.of(0, 0, 0, 1);
    const [count, answer] = [true, false].map(
      (isNumber) => learnt(labels, 0.25, { isNumber, hasCountsAlone: false }).size,
    );
    expect(count).toBeCloseTo(answer, 5);
  });

  test('where only counts are learnt is the labels’ standard deviation', () => {
    const labels = Float32Array.of(0, 100, 300);
    const { size } = learnt(labels, meanOf(labels), { isNumber: true, hasCountsAlone: true });
    expect(size).toBeCloseTo(labelMoments(labels).deviation, 2);
  });
});

test('a count’s loss is in proportion to its deviance, whatever the scale', () => {
  fc.assert(
    fc.property(counts(400), fc.double({ min: 0.5, max: 300, noNaN: true }), (labels, rate) => {
      const { losses } = learnt(labels, rate, { isNumber: true, hasCountsAlone: false });
      const scale = Math.min(1, 0.5 / labelMoments(labels).deviation);
      losses.forEach((loss, at) => {
        const expected = (scale * poissonDeviance(labels[at], rate)) / 2;
        expect(Math.abs(loss - expected)).toBeLessThan(1e-3 * (1 + expected));
      });
    }),
    { seed: 1 },
  );
});
