import { describe, test } from '@jest/globals';
import type * as Tensorflow from '@tensorflow/tfjs';

import {
  activate,
  type Activation,
  dense,
  layerNormalise,
  maskedMean,
  Random,
  tf,
} from '../../src/nn/index.js';
import { centralDifference, expectClose, valueAndGradient } from '../support/gradients.js';

const random = new Random(3);
const normals = (length: number) => Array.from({ length }, () => random.normal());
/** Weighs the outputs differently, so that a mistake in one place does not cancel out. */
const project = (values: number[]) => values.reduce((sum, value, at) => sum + value * Math.sin(at + 1), 0);
const projectTensor = (values: Tensorflow.Tensor) => {
  const weights = Array.from({ length: values.size }, (_, at) => Math.sin(at + 1));
  return tf.sum(tf.mul(tf.reshape(values, [-1]), tf.tensor1d(weights)));
};

const activations: Record<Activation, (z: number) => number> = {
  linear: (z) => z,
  relu: (z) => Math.max(0, z),
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  tanh: Math.tanh,
  elu: (z) => (z > 0 ? z : Math.exp(z) - 1),
  gelu: (z) => 0.5 * z * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3))),
};

describe.each(Object.keys(activations) as Activation[])('%s', (name) => {
  test('gradient equals the float64 twin', () => {
    const values = normals(12);
    const twin = (x: number[]) => project(x.map(activations[name]));
    const { gradient } = valueAndGradient((x) => projectTensor(activate(x, name)), values, [3, 4]);
    expectClose(gradient, centralDifference(twin, values));
  });
});

describe('dense', () => {
  const [rows, inputs, units] = [3, 4, 2];
  const x = normals(rows * inputs);
  const kernel = normals(inputs * units);
  const bias = normals(units);
  const forward = (ax: number[], ak: number[], ab: number[]) =>
    Array.from({ length: rows * units }, (_, at) => {
      const [row, unit] = [Math.floor(at / units), at % units];
      const sum =
        ab[unit] +
        Array.from({ length: inputs }, (_v, k) => ax[row * inputs + k] * ak[k * units + unit]).reduce(
          (a, b) => a + b,
        );
      return Math.max(0, sum);
    });
  const layer = (ax: Tensorflow.Tensor, ak: Tensorflow.Tensor, ab: Tensorflow.Tensor) =>
    projectTensor(dense(ax, { kernel: ak, bias: ab } as Parameters<typeof dense>[1], 'relu'));

  test('gradient by its inputs', () => {
    const { gradient } = valueAndGradient(
      (v) => layer(v, tf.tensor2d(kernel, [inputs, units]), tf.tensor1d(bias)),
      x,
      [rows, inputs],
    );
    expectClose(
      gradient,
      centralDifference((v) => project(forward(v, kernel, bias)), x),
    );
  });

  test('gradient by its kernel', () => {
    const { gradient } = valueAndGradient(
      (v) => layer(tf.tensor2d(x, [rows, inputs]), v, tf.tensor1d(bias)),
      kernel,
      [inputs, units],
    );
    expectClose(
      gradient,
      centralDifference((v) => project(forward(x, v, bias)), kernel),
    );
  });

  test('gradient by its bias', () => {
    const { gradient } = valueAndGradient(
      (v) => layer(tf.tensor2d(x, [rows, inputs]), tf.tensor2d(kernel, [inputs, units]), v),
      bias,
      [units],
    );
    expectClose(
      gradient,
      centralDifference((v) => project(forward(x, kernel, v)), bias),
    );
  });
});

test('layer normalisation: gradient equals the float64 twin', () => {
  const [rows, width] = [3, 5];
  const values = normals(rows * width);
  const scale = normals(width);
  const shift = normals(width);
  const twin = (x: number[]) =>
    project(
      x.map((value, at) => {
        const row = x.slice(at - (at % width), at - (at % width) + width);
        const mean = row.reduce((a, b) => a + b) / width;
        const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / width;
        return ((value - mean) / Math.sqrt(variance + 1e-5)) * scale[at % width] + shift[at % width];
      }),
    );
  const { gradient } = valueAndGradient(
    (x) => projectTensor(layerNormalise(x, { scale: tf.tensor1d(scale), shift: tf.tensor1d(shift) })),
    values,
    [rows, width],
  );
  expectClose(gradient, centralDifference(twin, values), { atol: 1e-5 });
});

test('masked mean: gradient equals the float64 twin, and masked positions get none', () => {
  const [rows, length, width] = [2, 3, 2];
  const values = normals(rows * length * width);
  const mask = [1, 1, 0, 1, 0, 0];
  const twin = (x: number[]) =>
    project(
      Array.from({ length: rows * width }, (_, at) => {
        const [row, column] = [Math.floor(at / width), at % width];
        const kept = [0, 1, 2].filter((position) => mask[row * length + position] === 1);
        return (
          kept.reduce((sum, position) => sum + x[(row * length + position) * width + column], 0) / kept.length
        );
      }),
    );
  const { gradient } = valueAndGradient(
    (x) => projectTensor(maskedMean(x as Tensorflow.Tensor3D, tf.tensor2d(mask, [rows, length]))),
    values,
    [rows, length, width],
  );
  expectClose(gradient, centralDifference(twin, values));
});
