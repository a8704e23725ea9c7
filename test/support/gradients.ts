import { expect } from '@jest/globals';
import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from '../../src/nn/index.js';

/** Gradient of a function of numbers by central differences, in float64. */
export function centralDifference(loss: (x: number[]) => number, at: readonly number[], h = 1e-5): number[] {
  return at.map((value, index) => {
    const shifted = (by: number) => loss(at.map((other, k) => (k === index ? value + by : other)));
    return (shifted(h) - shifted(-h)) / (2 * h);
  });
}

/** Value and gradient of a tensor function. */
export function valueAndGradient(
  loss: (x: Tensorflow.Tensor) => Tensorflow.Tensor,
  values: readonly number[],
  shape: number[],
): { value: number; gradient: Float32Array } {
  return tf.tidy(() => {
    const { value, grad } = tf.valueAndGrad(loss)(tf.tensor([...values], shape));
    return { value: value.dataSync()[0], gradient: Float32Array.from(grad.dataSync()) };
  });
}

/** Every element within rtol × |expected| + atol. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rtol = 1e-4, atol = 1e-6 } = {},
): void {
  expect(actual.length).toBe(expected.length);
  for (let at = 0; at < expected.length; at++) {
    const limit = rtol * Math.abs(expected[at]) + atol;
    if (!(Math.abs(actual[at] - expected[at]) <= limit)) {
      throw new Error(`Element ${at}: got ${actual[at]}, expected ${expected[at]} within ${limit}`);
    }
  }
}
