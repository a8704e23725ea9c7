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

/**
 * Half the deviances of counts from Poisson distributions (Generalized Linear Models, 2nd edition, 1989): `poissonLosses`
 * above those of the best logarithms there are, so never negative.
 *
 * @param labels counts, whole numbers, any shape
 * @param logs   logarithms of the expected counts, the same shape
 */
export function poissonDeviances(labels: Tensorflow.Tensor, logs: Tensorflow.Tensor): Tensorflow.Tensor {
  const best = tf.mul(labels, tf.sub(tf.scalar(1), tf.log(tf.maximum(labels, tf.scalar(1)))));
  return tf.sub(poissonLosses(labels, logs), best);
}

/** The expected count that an output stands for. */
export const countOf = (log: number): number => Math.exp(Math.min(log, LARGEST_LOG));
