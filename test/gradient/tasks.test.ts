import { describe, expect, test } from '@jest/globals';
import type * as Tensorflow from '@tensorflow/tfjs';
import fc from 'fast-check';

import {
  adversarialNoise,
  detach,
  type ModelRandom,
  pcGrad,
  Random,
  reverseGradient,
  tf,
} from '../../src/nn/index.js';
import { centralDifference, expectClose, valueAndGradient } from '../support/gradients.js';

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, at) => sum + value * b[at], 0);

/** PCGrad as the paper's algorithm 1 has it, on the gradients themselves, in float64. */
function surgery(gradients: readonly number[][], orders: readonly number[][]): number[] {
  const projected = gradients.map((own, task) => {
    let result = [...own];
    for (const other of orders[task]) {
      const conflict = dot(result, gradients[other]);
      if (other === task || conflict >= 0) continue;
      const share = conflict / dot(gradients[other], gradients[other]);
      result = result.map((value, at) => value - share * gradients[other][at]);
    }
    return result;
  });
  return projected[0].map((_, at) => projected.reduce((sum, gradient) => sum + gradient[at], 0));
}

describe('PCGrad', () => {
  test('equals the paper’s algorithm on the gradients, for any gradients and orders', () => {
    const numbers = fc.double({ min: -2, max: 2, noNaN: true });
    const cases = fc.integer({ min: 2, max: 5 }).chain((tasks) =>
      fc.record({
        gradients: fc.array(fc.array(numbers, { minLength: 6, maxLength: 6 }), {
          minLength: tasks,
          maxLength: tasks,
        }),
        seed: fc.integer(),
      }),
    );
    fc.assert(
      fc.property(cases, ({ gradients, seed }) => {
        const tasks = gradients.length;
        fc.pre(gradients.every((gradient) => dot(gradient, gradient) > 0.01));
        const draws = new Random(seed).fillUniform(new Float32Array(tasks * tasks), 0, 1);
        const orders = gradients.map((_, task) =>
          [...gradients.keys()].sort((a, b) => draws[task * tasks + a] - draws[task * tasks + b]),
        );
        const random = { uniform: (shape: number[]) => tf.tensor(draws.slice(), shape) };
        const coefficients = tf.tidy(() => {
          const products = tf.tensor2d(gradients.map((a) => gradients.map((b) => dot(a, b))));
          const context = { losses: tf.ones<Tensorflow.Rank.R1>([tasks]), random: random as ModelRandom };
          return Array.from(pcGrad()(products, context).dataSync());
        });
        const combined = gradients[0].map((_, at) =>
          coefficients.reduce((sum, share, task) => sum + share * gradients[task][at], 0),
        );
        expectClose(combined, surgery(gradients, orders), { rtol: 1e-3, atol: 1e-3 });
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});

const random = new Random(8);
const normals = (length: number) => Array.from({ length }, () => random.normal());

describe('gradients that are turned or stopped', () => {
  const values = normals(6);
  const square = (x: Tensorflow.Tensor) => tf.sum(tf.mul(tf.square(x), tf.scalar(0.5)));

  test('reverseGradient: the value stays, the gradient is the float64 twin’s times -strength', () => {
    const twin = centralDifference((x) => dot(x, x) / 2, values);
    const { value, gradient } = valueAndGradient((x) => square(reverseGradient(x, 0.3)), values, [6]);
    expect(value).toBeCloseTo(dot(values, values) / 2, 4);
    expectClose(
      gradient,
      twin.map((slope) => -0.3 * slope),
    );
  });

  test('detach: no gradient', () => {
    const { gradient } = valueAndGradient((x) => tf.sum(tf.mul(detach(x), x)), values, [6]);
    expectClose(gradient, values); // of the second factor alone
  });
});

describe('adversarialNoise', () => {
  test('is epsilon along the float64 twin’s gradient, in each row over all inputs', () => {
    const [rows, width] = [3, 4];
    const a = normals(rows * width);
    const b = normals(rows * 2);
    const rowLoss = (x: number[], y: number[]) =>
      Math.tanh(x.reduce((sum, value, k) => sum + value * Math.sin(k + 1), 0)) + y[0] * y[1];
    const loss = (all: number[]) => {
      let sum = 0;
      for (let row = 0; row < rows; row++) {
        const x = all.slice(row * width, (row + 1) * width);
        const y = all.slice(rows * width + row * 2, rows * width + row * 2 + 2);
        sum += rowLoss(x, y) / rows;
      }
      return sum;
    };
    const twin = centralDifference(loss, [...a, ...b]);
    const gradients = [
      tf.tensor2d(twin.slice(0, rows * width), [rows, width]),
      tf.tensor2d(twin.slice(rows * width), [rows, 2]),
    ];
    const noise = adversarialNoise(gradients, 0.1).map((tensor) => Array.from(tensor.dataSync()));
    for (let row = 0; row < rows; row++) {
      const own = [
        ...twin.slice(row * width, (row + 1) * width),
        ...twin.slice(rows * width + row * 2, rows * width + row * 2 + 2),
      ];
      const norm = Math.sqrt(dot(own, own));
      const got = [
        ...noise[0].slice(row * width, (row + 1) * width),
        ...noise[1].slice(row * 2, row * 2 + 2),
      ];
      expectClose(
        got,
        own.map((slope) => (0.1 * slope) / norm),
      );
    }
  });

  test('a row without a gradient is left as it is', () => {
    const [noise] = adversarialNoise([tf.zeros([2, 3])], 1);
    expect(Array.from(noise.dataSync())).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
