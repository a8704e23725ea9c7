/** What the product computes around its networks in JavaScript, in tfjs ops: an exported network holds it, so that raw features give probabilities. */
import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from '../../../nn/index.js';
import type { NetworkColumn } from '../../index.js';
import type { LogitCorrection } from '../base-rate.js';

export interface Scales {
  readonly means: ArrayLike<number>;
  readonly deviations: ArrayLike<number>;
}

/** Standardised rows, cut off beyond `clip` deviations. @param values [rows, columns] */
export function standardisedInGraph(
  values: Tensorflow.Tensor,
  { means, deviations }: Scales,
  clip = Infinity,
): Tensorflow.Tensor2D {
  const scaled = tf.div<Tensorflow.Tensor2D>(
    tf.sub(values, tf.tensor1d(Float32Array.from(means))),
    tf.tensor1d(Float32Array.from(deviations)),
  );
  return Number.isFinite(clip) ? tf.clipByValue(scaled, -clip, clip) : scaled;
}

/** Corrected logits; the same as `correctLogit`. @param logits [rows, outputs] @param corrections one an output */
export function correctedInGraph(
  logits: Tensorflow.Tensor,
  corrections: readonly LogitCorrection[],
): Tensorflow.Tensor {
  const gammas = corrections.map(({ focalGamma }) => focalGamma);
  const shifts = corrections.map(({ shift }) => shift);
  const opened = gammas.some((gamma) => gamma > 0) ? focalInGraph(logits, tf.tensor1d(gammas)) : logits;
  return shifts.some((shift) => shift !== 0) ? tf.add(opened, tf.tensor1d(shifts)) : opened;
}

/** See `focalLogOdds`. Where gamma is 0, that is the logit itself. */
function focalInGraph(logits: Tensorflow.Tensor, gamma: Tensorflow.Tensor): Tensorflow.Tensor {
  const logSlope = (z: Tensorflow.Tensor) => {
    const softplus = tf.softplus(z);
    const logP = tf.neg(tf.softplus(tf.neg(z)));
    // Where p goes to 0, so does softplus, and their ratio to 1.
    const ratio = tf.where(tf.less(z, tf.scalar(-15)), tf.onesLike(z), tf.div(softplus, tf.exp(logP)));
    const inner = tf.mul(tf.mul(gamma, ratio), tf.exp(tf.neg(softplus)));
    return tf.add(tf.add(tf.mul(gamma, logP), softplus), tf.log1p(inner));
  };
  return tf.sub(logSlope(logits), logSlope(tf.neg(logits)));
}

/**
 * Probability that a task's label is yes, from logits of hazards by interval (or of the label itself, where there is one).
 *
 * @param logits   [rows, outputs]
 * @param deciding how many of the outputs decide, and whether a larger one means more (1) or less (-1) of the task
 * @returns [rows]
 */
export function probabilityInGraph(
  logits: Tensorflow.Tensor,
  deciding: { readonly outputs: number; readonly sign: 1 | -1 },
): Tensorflow.Tensor1D {
  const decisive = tf.slice(logits as Tensorflow.Tensor2D, [0, 0], [-1, deciding.outputs]);
  if (deciding.outputs === 1)
    return tf.reshape<Tensorflow.Rank.R1>(tf.sigmoid(tf.mul(decisive, tf.scalar(deciding.sign))), [-1]);
  const survival: Tensorflow.Tensor1D = tf.exp(tf.neg(tf.sum<Tensorflow.Tensor1D>(tf.softplus(decisive), 1)));
  return deciding.sign < 0 ? survival : tf.sub<Tensorflow.Tensor1D>(tf.scalar(1), survival);
}

/** Columns with their scales, for the description of an input. */
export function scaledColumns(
  columns: readonly { readonly name: string; readonly description?: string }[],
  { means, deviations }: Scales,
): NetworkColumn[] {
  return columns.map(({ name, description }, at) => ({
    name,
    ...(description !== undefined && { description }),
    mean: means[at],
    deviation: deviations[at],
  }));
}

/** What a probability's output is called in descriptions. */
export const PROBABILITY = 'probability of yes';
