/** How far predictions are from others' that they are to come near to. */
import type * as Tensorflow from '@tensorflow/tfjs';

import { detach, sigmoidCrossEntropies, tf } from '../../nn/index.js';
import type { Answer } from '../multi-task/index.js';

/**
 * Divergence of a task's predictions from a target, through which no gradient flows; 0 where they are equal.
 * - SIGMOID: Kullback-Leibler divergence of the Bernoulli distributions.
 * - SOFTMAX: Kullback-Leibler divergence of the distributions over the candidates.
 * - VALUE: squared difference.
 *
 * Logits are divided by the temperature, and the divergence multiplied by its square, so that gradients keep their size (Hinton et al., 2015).
 *
 * @param answers of the task
 * @param targets by answer, of the shape of its values
 * @returns mean over the examples, each by its weight
 */
export function divergence(
  answers: readonly Answer[],
  targets: readonly Tensorflow.Tensor[],
  temperature: number,
): Tensorflow.Scalar {
  const parts = answers.map((answer, at) => {
    const { kind, values, weights, share } = answer;
    const each = eachDivergence(kind, values, detach(targets[at]), temperature);
    // Places that hold no example weigh nothing.
    const examples = tf.maximum(tf.sum(tf.cast(tf.greater(weights, tf.scalar(0)), 'float32')), tf.scalar(1));
    const mean = tf.div(tf.sum(tf.mul(each, weights)), examples);
    return tf.mul<Tensorflow.Scalar>(mean, tf.scalar(share));
  });
  return parts.length === 1 ? parts[0] : tf.addN(parts);
}

/** @returns [examples] */
function eachDivergence(
  kind: Answer['kind'],
  values: Tensorflow.Tensor,
  targets: Tensorflow.Tensor,
  temperature: number,
): Tensorflow.Tensor {
  const softened = (logits: Tensorflow.Tensor) => tf.div(logits, tf.scalar(temperature));
  const scale = tf.scalar(temperature ** 2);
  switch (kind) {
    case 'SIGMOID': {
      const wanted = softened(targets);
      const probabilities = tf.sigmoid(wanted);
      const crossEntropies = sigmoidCrossEntropies(probabilities, softened(values));
      return tf.mul(tf.sub(crossEntropies, sigmoidCrossEntropies(probabilities, wanted)), scale);
    }
    case 'SOFTMAX': {
      const wanted = tf.logSoftmax(softened(targets));
      const differences = tf.sub(wanted, tf.logSoftmax(softened(values)));
      return tf.mul(tf.sum(tf.mul(tf.exp(wanted), differences), 1), scale);
    }
    case 'VALUE':
      return tf.squaredDifference(values, targets);
  }
}

/** A teacher's values of a task's first answer, as targets of all its answers. */
export function targetsOf(answers: readonly Answer[], values: Tensorflow.Tensor): Tensorflow.Tensor[] {
  return answers.map(({ offsets }) => (offsets ? tf.add(values, offsets) : values));
}
