import { describe, expect, test } from '@jest/globals';
import type * as Tensorflow from '@tensorflow/tfjs';
import fc from 'fast-check';

import { tf } from '../../src/nn/index.js';
import { divergence } from '../../src/pipeline/collaborate/index.js';
import type { Answer } from '../../src/pipeline/multi-task/index.js';
import { centralDifference, expectClose, valueAndGradient } from '../support/gradients.js';

const ROWS = 3;
const CANDIDATES = 4;
const WEIGHTS = [1, 0, 2.5];
const softmax = (logits: readonly number[]): number[] => {
  const powers = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
};
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

/** float64 twins: the divergence of one example, straight from its definition. */
const TWINS: Record<Answer['kind'], (values: number[], targets: number[], temperature: number) => number> = {
  SIGMOID: ([z], [t], temperature) => {
    const [p, q] = [sigmoid(t / temperature), sigmoid(z / temperature)];
    return temperature ** 2 * (p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q)));
  },
  SOFTMAX: (values, targets, temperature) => {
    const q = softmax(values.map((value) => value / temperature));
    const p = softmax(targets.map((value) => value / temperature));
    return temperature ** 2 * p.reduce((sum, own, at) => sum + own * Math.log(own / q[at]), 0);
  },
  VALUE: ([value], [target]) => (value - target) ** 2,
};
const KINDS = Object.keys(TWINS) as Answer['kind'][];
const widthOf = (kind: Answer['kind']) => (kind === 'SOFTMAX' ? CANDIDATES : 1);
const shapeOf = (kind: Answer['kind']) => (kind === 'SOFTMAX' ? [ROWS, CANDIDATES] : [ROWS]);

function ofTensors(kind: Answer['kind'], values: Tensorflow.Tensor, targets: number[], temperature: number) {
  const weights = tf.tensor1d(WEIGHTS);
  const answers: Answer[] = [
    { kind, values, weights, share: 0.25 },
    { kind, values, weights, share: 0.75 },
  ];
  const target = tf.tensor(targets, shapeOf(kind));
  return divergence(answers, [target, target], temperature);
}

/** Mean over the two examples that weigh something. */
function twin(kind: Answer['kind'], values: number[], targets: number[], temperature: number): number {
  const width = widthOf(kind);
  const row = (all: number[], at: number) => all.slice(at * width, (at + 1) * width);
  return (
    WEIGHTS.reduce(
      (sum, weight, at) => sum + weight * TWINS[kind](row(values, at), row(targets, at), temperature),
      0,
    ) / 2
  );
}

describe.each(KINDS)('%s', (kind) => {
  const count = ROWS * widthOf(kind);
  const numbers = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), {
    minLength: count,
    maxLength: count,
  });
  const temperatures = fc.constantFrom(1, 2, 5);

  test('is 0 where predictions are equal, and above 0 elsewhere', () => {
    fc.assert(
      fc.property(numbers, numbers, temperatures, (values, targets, temperature) => {
        tf.tidy(() => {
          const [own] = ofTensors(kind, tf.tensor(values, shapeOf(kind)), values, temperature).dataSync();
          expect(Math.abs(own)).toBeLessThan(1e-4);
          const [other] = ofTensors(kind, tf.tensor(values, shapeOf(kind)), targets, temperature).dataSync();
          expect(other).toBeGreaterThan(-1e-4);
        });
      }),
      { numRuns: 30 },
    );
  });

  test('has the value and gradient of its definition in float64', () => {
    fc.assert(
      fc.property(numbers, numbers, temperatures, (values, targets, temperature) => {
        const found = valueAndGradient(
          (x) => ofTensors(kind, x, targets, temperature),
          values,
          shapeOf(kind),
        );
        expectClose([found.value], [twin(kind, values, targets, temperature)], { rtol: 1e-3, atol: 1e-4 });
        const expected = centralDifference((x) => twin(kind, x, targets, temperature), values);
        expectClose(found.gradient, expected, { rtol: 1e-3, atol: 1e-4 });
      }),
      { numRuns: 30 },
    );
  });

  test('sends no gradient into the target', () => {
    const gradient = tf.tidy(() =>
      tf
        .grad((targets) =>
          divergence(
            [{ kind, values: tf.zeros(shapeOf(kind)), weights: tf.ones([ROWS]), share: 1 }],
            [targets],
            2,
          ).add(tf.sum(targets)),
        )(tf.ones(shapeOf(kind)))
        .dataSync(),
    );
    expect([...gradient]).toEqual(new Array(count).fill(1));
  });
});
