import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from '../../nn/index.js';

/** Keeps a count's exponential finite: e^20 behaviours are nobody's. */
const LARGEST_LOG = 20;

/**
 * Negative log likelihoods of counts under Poisson distributions, without the part that no prediction changes: exp(z) - count · z.
 *
 * @param labels counts, any shape
 * @param logs   z, logarithms of the expected counts, the same shape
 */
export function poissonLosses(labels: Tensorflow.Tensor, logs: Tensorflow.Tensor): Tensorflow.Tensor {
  const bounded = tf.minimum(logs, tf.scalar(LARGEST_LOG));
  return tf.sub(tf.exp(bounded), tf.mul(labels, bounded));
}

/** The expected count that an output stands for. */
export const countOf = (log: number): number => Math.exp(Math.min(log, LARGEST_LOG));
