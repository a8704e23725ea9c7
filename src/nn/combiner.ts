import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from './backend.js';
import { makeRandom } from './context.js';
import type { GradientCombiner } from './task-options.js';

/** Runs a combiner on tensors: [tasks] coefficients. @throws Error when it gives another shape */
export function runCombiner(
  combine: GradientCombiner,
  given: {
    products: Tensorflow.Tensor2D;
    weights: Tensorflow.Tensor1D;
    losses: Tensorflow.Tensor1D;
    seed: Tensorflow.Tensor1D;
    part: number;
  },
): Tensorflow.Tensor1D {
  const { products, weights, losses, seed, part } = given;
  const [count] = weights.shape;
  const weighted = tf.mul(tf.mul(products, weights), tf.reshape(weights, [count, 1]));
  const coefficients = combine(weighted as Tensorflow.Tensor2D, {
    losses: tf.slice(losses, [1], [count]),
    random: makeRandom(seed, true, part),
  });
  if (coefficients.shape.length !== 1 || coefficients.shape[0] !== count) {
    throw new Error(
      `Combining the gradients of ${count} tasks should give [${count}] numbers, got [${(coefficients as Tensorflow.Tensor).shape.join(', ')}]`,
    );
  }
  return coefficients;
}
