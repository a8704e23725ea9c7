import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type Batch,
  type BatchSpec,
  column,
  type CompiledPredictor,
  compilePredict,
  type ModelContext,
  tf,
  type WeightSet,
} from '../../nn/index.js';

/** Points on the way from the average row to the row; more change the sum by less than a thousandth of a logit on the bundled shop. */
const POINTS = 64;

export type ContributionPredictor = CompiledPredictor;

/**
 * Each feature's part in a logit of any net, by integrated gradients from the baseline 0, which is the average of standardised features
 * (Sundararajan et al., ICML 2017): the mean gradient along the straight way, times the feature. The parts add up to logit(row) - logit(0).
 *
 * Its `predict` takes `features` [rows × width] and the other columns, which stay as they are, and gives `parts` [rows × width]. Where `point`
 * makes the row out of the other columns, there are no `features`.
 *
 * @param options.others columns that the logit reads beside the features
 * @param options.logit  [rows, width] and the other columns → [rows]
 */
export function compileContributions(
  set: WeightSet,
  options: {
    readonly width: number;
    readonly others?: BatchSpec;
    /** What parts are told of: [rows, width]. */
    readonly point?: (others: Batch<BatchSpec>, context: ModelContext) => Tensorflow.Tensor2D;
    readonly logit: (
      features: Tensorflow.Tensor2D,
      others: Batch<BatchSpec>,
      context: ModelContext,
    ) => Tensorflow.Tensor1D;
  },
): ContributionPredictor {
  const { width, others = {}, point, logit } = options;
  const batch: BatchSpec = point ? others : { features: column(width), ...others };
  return compilePredict({
    weights: set,
    batch,
    batchSizes: [1, 16],
    predict: ({ features: given, ...rest }, context) => {
      const features = point?.(rest, context) ?? given;
      const [rows] = features.shape;
      const steps = Array.from({ length: POINTS }, (_, at) => (at + 0.5) / POINTS);
      // What is normalised by its own length changes most near the start: there the points lie closer together.
      const shares = tf.tensor3d(
        steps.map((step) => (point ? step ** 2 : step)),
        [1, POINTS, 1],
      );
      const weights = tf.tensor3d(
        steps.map((step) => (point ? 2 * step : 1)),
        [1, POINTS, 1],
      );
      const points = tf.reshape<Tensorflow.Rank.R2>(tf.mul(tf.expandDims(features, 1), shares), [
        rows * POINTS,
        width,
      ]);
      const repeated = Object.fromEntries(
        Object.entries(rest).map(([name, values]) => [name, repeatRows(values)]),
      );
      const gradientOf = tf.grad((at) => tf.sum(logit(at as Tensorflow.Tensor2D, repeated, context)));
      const gradients = tf.reshape(gradientOf(points), [rows, POINTS, width]);
      return { parts: tf.mul(tf.mean(tf.mul(gradients, weights), 1), features) };
    },
  });
}

/** Each row once a point: [rows, ...shape] → [rows × POINTS, ...shape] */
function repeatRows(values: Tensorflow.Tensor): Tensorflow.Tensor {
  const [rows, ...shape] = values.shape;
  const tiled = tf.tile(tf.expandDims(values, 1), [1, POINTS, ...shape.map(() => 1)]);
  return tf.reshape(tiled, [rows * POINTS, ...shape]);
}
