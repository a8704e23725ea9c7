import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from '../../nn/index.js';

/**
 * What the focal loss (Lin et al., ICCV 2017) multiplies each cross-entropy by: (1 - p of the own class) ^ gamma, so that what is easy
 * already counts less.
 *
 * @param labels 0 or 1, of any shape
 * @param logits of the same shape
 */
export function focalWeights(
  labels: Tensorflow.Tensor,
  logits: Tensorflow.Tensor,
  gamma: number,
): Tensorflow.Tensor {
  // 1 - p of the own class is sigmoid(-s) with s = ±logit; its logarithm, -softplus(s), no logit overflows.
  const signed = tf.mul(logits, tf.sub(tf.mul(labels, tf.scalar(2)), tf.scalar(1)));
  return tf.exp(tf.mul(tf.softplus(signed), tf.scalar(-gamma)));
}
