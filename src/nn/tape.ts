import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from './backend.js';

type Tensor = Tensorflow.Tensor;

/**
 * Runs a function whose ops are kept for gradients, so that several can be taken from one forward pass. What it makes is disposed when it
 * returns: read or record it within.
 */
export function onTape(body: () => void): void {
  tf.tidy(() => {
    const start = tf.scalar(0);
    const run = () => {
      body();
      return tf.neg(start); // gradients want something to differentiate
    };
    gradientsOf(run, [start]);
  });
}

/**
 * Gradients of a number by inputs, null for what it does not depend on.
 *
 * @param compute gives a scalar: computes it, or hands over one that was computed on the running tape
 * @param inputs  variables or tensors of the tape, any shapes
 */
export function gradientsOf(compute: () => Tensor, inputs: readonly Tensor[]): (Tensor | null)[] {
  const { grads } = tf.engine().gradients(compute, [...inputs], undefined, true);
  return grads.map((gradient: Tensor | undefined) => gradient ?? null);
}

/** The same values, through which no gradient flows. */
export function detach<T extends Tensor>(values: T): T {
  const detached = tf.customGrad(() => ({ value: tf.clone(values), gradFunc: () => [] }));
  return detached();
}

/**
 * Hands values through and turns their gradient around: times -strength (gradient reversal layer, Ganin and Lempitsky, ICML 2015). What
 * lies before learns to make it hard for what comes after, e.g. to tell two domains apart.
 *
 * @param strength a number, or a scalar such as `context.schedule(name)` for one that grows in training
 */
export function reverseGradient<T extends Tensor>(values: T, strength: number | Tensorflow.Tensor = 1): T {
  const reversed = tf.customGrad((given, save) => {
    // Kept for the way back, by when a scalar of the loss may be disposed of.
    (save as Tensorflow.GradSaveFunc)([typeof strength === 'number' ? tf.scalar(strength) : strength]);
    return {
      value: tf.clone(given as T),
      gradFunc: (gradient: Tensor, [kept]: Tensor[]) => [tf.mul(gradient, tf.neg(kept))],
    };
  });
  return reversed(values);
}

/** Below this a gradient has no direction. */
const LEAST_NORM = 1e-12;

/**
 * The small change of inputs that raises the loss the most: epsilon × g / ‖g‖₂, where g is the loss's gradient by all of one row's inputs
 * (fast gradient method, Miyato et al., ICLR 2017).
 *
 * @param gradients [rows, …] each, of all the inputs that are perturbed together; from `context.gradients`
 * @param epsilon   length of a row's change, in the inputs' unit
 * @returns what to add to each input; rows without a gradient are left as they are
 */
export function adversarialNoise(gradients: readonly Tensor[], epsilon: number): Tensor[] {
  return tf.tidy(() => {
    const [rows] = gradients[0].shape;
    const flat = gradients.map((gradient) => tf.reshape<Tensorflow.Rank.R2>(gradient, [rows, -1]));
    const joined = flat.length > 1 ? tf.concat(flat, 1) : flat[0];
    const largest = tf.maximum(tf.max(tf.abs(joined), 1, true), tf.scalar(LEAST_NORM));
    const scaled = tf.div(joined, largest); // a mean's gradient is about 1 / rows, whose square may leave float32
    const norm = tf.maximum(tf.sqrt(tf.sum(tf.square(scaled), 1, true)), tf.scalar(LEAST_NORM));
    const noise = tf.mul(tf.div(scaled, norm), tf.scalar(epsilon));
    let start = 0;
    return gradients.map((gradient, at) => {
      const [, width] = flat[at].shape;
      const own = gradients.length > 1 ? tf.slice(noise, [0, start], [rows, width]) : noise;
      start += width;
      return tf.reshape(own, gradient.shape);
    });
  });
}
