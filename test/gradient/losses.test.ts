import { describe, expect, test } from '@jest/globals';
import type * as Tensorflow from '@tensorflow/tfjs';

import {
  huberLoss,
  poissonLoss,
  quantileLoss,
  Random,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  squaredError,
  tf,
} from '../../src/nn/index.js';
import { centralDifference, expectClose, valueAndGradient } from '../support/gradients.js';

const ROWS = 5;
const CLASSES = 4;
const random = new Random(7);
const normals = (length: number) => Array.from({ length }, () => random.normal() * 2);
const WEIGHTS = [1, 0, 2, 0.5, 3];
const CHOSEN = [0, 3, 1, 1, 2];

type Reduce = (losses: number[]) => number;
const mean: Reduce = (losses) => losses.reduce((a, b) => a + b, 0) / losses.length;
const weighted: Reduce = (losses) =>
  losses.reduce((sum, loss, at) => sum + WEIGHTS[at] * loss, 0) / WEIGHTS.reduce((a, b) => a + b, 0);

/** float64 twins: the loss of one row, straight from its definition. */
const twins = {
  sigmoid: (z: number, y: number) =>
    -y * Math.log(1 / (1 + Math.exp(-z))) - (1 - y) * Math.log(1 - 1 / (1 + Math.exp(-z))),
  squared: (z: number, y: number) => (z - y) ** 2,
  huber: (z: number, y: number) => (Math.abs(z - y) <= 1 ? 0.5 * (z - y) ** 2 : Math.abs(z - y) - 0.5),
  poisson: (z: number, y: number) => Math.exp(z) - y * z,
  quantile: (z: number, y: number) => (y >= z ? 0.9 * (y - z) : 0.1 * (z - y)),
};
const losses: Record<
  keyof typeof twins,
  (y: Tensorflow.Tensor, z: Tensorflow.Tensor, w?: Tensorflow.Tensor) => Tensorflow.Tensor
> = {
  sigmoid: sigmoidCrossEntropy,
  squared: squaredError,
  huber: huberLoss,
  poisson: poissonLoss,
  quantile: (y, z, w) => quantileLoss(y, z, 0.9, w),
};
const labelsOf = {
  sigmoid: [0, 1, 1, 0, 1],
  squared: normals(ROWS),
  huber: normals(ROWS),
  poisson: [0, 2, 1, 5, 3],
  quantile: normals(ROWS),
};

describe.each(Object.keys(twins) as (keyof typeof twins)[])('%s', (name) => {
  const labels = labelsOf[name];
  const logits = normals(ROWS);
  test.each([
    ['mean', mean, undefined],
    ['weighted mean', weighted, WEIGHTS],
  ] as const)('%s: value and gradient equal the float64 twin', (_, reduce, weights) => {
    const twin = (z: number[]) => reduce(z.map((value, at) => twins[name](value, labels[at])));
    const loss = (z: Tensorflow.Tensor) =>
      losses[name](tf.tensor1d(labels), z, weights && tf.tensor1d([...weights]));
    const { value, gradient } = valueAndGradient(loss, logits, [ROWS]);
    expect(value).toBeCloseTo(twin(logits), 5);
    expectClose(gradient, centralDifference(twin, logits));
  });
});

describe('softmax cross-entropy', () => {
  const logits = normals(ROWS * CLASSES);
  const rowLosses = (z: number[]) =>
    CHOSEN.map((chosen, row) => {
      const own = z.slice(row * CLASSES, (row + 1) * CLASSES);
      return Math.log(own.reduce((sum, value) => sum + Math.exp(value), 0)) - own[chosen];
    });

  test.each([
    ['mean', mean, undefined],
    ['weighted mean', weighted, WEIGHTS],
  ] as const)('%s: value and gradient equal the float64 twin', async (_, reduce, weights) => {
    const twin = (z: number[]) => reduce(rowLosses(z));
    const loss = (z: Tensorflow.Tensor) =>
      softmaxCrossEntropy(tf.tensor1d(CHOSEN, 'int32'), z, weights && tf.tensor1d([...weights]));
    const check = () => {
      const { value, gradient } = valueAndGradient(loss, logits, [ROWS, CLASSES]);
      expect(value).toBeCloseTo(twin(logits), 5);
      expectClose(gradient, centralDifference(twin, logits));
    };
    check();
    const own = tf.getBackend();
    tf.env().set('PROD', true); // or the backend prints an advertisement
    await tf.setBackend('cpu');
    try {
      check(); // the form without TensorFlow's fused op
    } finally {
      await tf.setBackend(own);
    }
  });
});

test('logits that would overflow a plain sigmoid give finite losses and gradients', () => {
  const labels = [0, 1, 1, 0];
  const loss = (z: Tensorflow.Tensor) => sigmoidCrossEntropy(tf.tensor1d(labels), z);
  const { value, gradient } = valueAndGradient(loss, [500, -500, 500, -500], [4]);
  expect(value).toBeCloseTo(250, 3);
  expectClose(gradient, [0.25, -0.25, 0, 0]);
});

test('a mask of zeros gives a loss of 0, not NaN', () => {
  const loss = (z: Tensorflow.Tensor) => squaredError(tf.tensor1d([1, 2]), z, tf.tensor1d([0, 0]));
  const { value, gradient } = valueAndGradient(loss, [5, 6], [2]);
  expect(value).toBe(0);
  expectClose(gradient, [0, 0]);
});
