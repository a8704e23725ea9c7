import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from './backend.js';
import type { DenseWeights } from './weights.js';

export type Activation = 'linear' | 'relu' | 'sigmoid' | 'tanh' | 'elu' | 'gelu';

/** Applies an activation; 'gelu' is the tanh form (Hendrycks and Gimpel, 2016). */
export function activate<T extends Tensorflow.Tensor>(values: T, activation: Activation): T {
  switch (activation) {
    case 'linear':
      return values;
    case 'relu':
      return tf.relu(values);
    case 'sigmoid':
      return tf.sigmoid(values);
    case 'tanh':
      return tf.tanh(values);
    case 'elu':
      return tf.elu(values);
    case 'gelu': {
      const cubic = tf.add(values, tf.mul(tf.scalar(0.044715), tf.mul(values, tf.square(values))));
      const gate = tf.add(tf.scalar(1), tf.tanh(tf.mul(tf.scalar(Math.sqrt(2 / Math.PI)), cubic)));
      return tf.mul<T>(tf.mul(values, tf.scalar(0.5)), gate);
    }
  }
}

/** Dense layer: [rows, inputs] → [rows, units]. */
export function dense(
  inputs: Tensorflow.Tensor,
  weights: DenseWeights,
  activation: Activation = 'linear',
): Tensorflow.Tensor2D {
  const product = tf.matMul(inputs, weights.kernel);
  return activate(tf.add(product, weights.bias), activation);
}

/** Scale and shift of a normalisation, [width] each. */
export interface NormalisationWeights {
  readonly scale: Tensorflow.Tensor;
  readonly shift: Tensorflow.Tensor;
}

/** Brings each row to mean 0 and variance 1 over the last axis, then scales and shifts (Ba et al., 2016). */
export function layerNormalise<T extends Tensorflow.Tensor>(
  values: T,
  weights: NormalisationWeights,
  epsilon = 1e-5,
): T {
  const centred = tf.sub(values, tf.mean(values, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  const normal = tf.mul(centred, tf.rsqrt(tf.add(variance, tf.scalar(epsilon))));
  return tf.add<T>(tf.mul(normal, weights.scale), weights.shift);
}

/** Mean over axis 1 of the positions whose mask is 1: [rows, length, width] and [rows, length] → [rows, width]. */
export function maskedMean(values: Tensorflow.Tensor3D, mask: Tensorflow.Tensor2D): Tensorflow.Tensor2D {
  const weights = tf.expandDims(mask, 2);
  const count = tf.maximum(tf.sum(mask, 1, true), tf.scalar(1));
  return tf.div(tf.sum(tf.mul(values, weights), 1), count);
}
