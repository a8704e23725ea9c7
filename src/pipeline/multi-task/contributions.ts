import type * as Tensorflow from '@tensorflow/tfjs';

import {
  column,
  type CompiledPredictor,
  compilePredict,
  type ModelContext,
  tf,
  type WeightSet,
} from '../../nn/index.js';

/** Points on the way from the average row to the row; more change the sum by less than a thousandth of a logit on the bundled shop. */
const POINTS = 64;

export type ContributionPredictor = CompiledPredictor<{ features: ReturnType<typeof column> }>;

/**
 * Each feature's part in a logit of any net, by integrated gradients from the baseline 0, which is the average of standardised features
 * (Sundararajan et al., ICML 2017): the mean gradient along the straight way, times the feature. The parts add up to logit(row) - logit(0).
 *
 * Its `predict` takes `features` [rows × width] and gives `parts` [rows × width].
 *
 * @param logit [rows, width] → [rows]
 */
export function compileContributions(
  weights: WeightSet,
  width: number,
  logit: (features: Tensorflow.Tensor2D, context: ModelContext) => Tensorflow.Tensor1D,
): ContributionPredictor {
  return compilePredict({
    weights,
    batch: { features: column(width) },
    batchSizes: [1, 16],
    predict: ({ features }, context) => {
      const [rows] = features.shape;
      const shares = tf.tensor3d(
        Array.from({ length: POINTS }, (_, at) => (at + 0.5) / POINTS),
        [1, POINTS, 1],
      );
      const points = tf.reshape<Tensorflow.Rank.R2>(tf.mul(tf.expandDims(features, 1), shares), [
        rows * POINTS,
        width,
      ]);
      const gradientOf = tf.grad((at) => tf.sum(logit(at as Tensorflow.Tensor2D, context)));
      const gradients = tf.reshape(gradientOf(points), [rows, POINTS, width]);
      return { parts: tf.mul(tf.mean(gradients, 1), features) };
    },
  });
}
