import type * as Tensorflow from '@tensorflow/tfjs';

import { nativeBackend, tf } from './backend.js';
import { DATA_TYPE } from './graph.js';

type Tensor = Tensorflow.Tensor;
type Scalar = Tensorflow.Scalar;

const { float32: FLOAT, int32: INT } = DATA_TYPE;
/** Just above float32's least normal number. */
const LEAST_PROBABILITY = 1.2e-38;

/**
 * Mean of losses, or their weighted mean: sum(w × loss) / sum(w), 0 where all weights are 0. A weight of 0 masks an example.
 *
 * @param losses  any shape
 * @param weights the same shape; left out = 1
 */
export function weightedMean(losses: Tensor, weights?: Tensor): Scalar {
  if (!weights) return tf.mean(losses);
  const total = tf.sum(tf.mul(losses, weights));
  return tf.div(total, tf.maximum(tf.sum(weights), tf.scalar(1e-12)));
}

/**
 * Cross-entropy of a yes/no label, from logits: log(1 + exp(z)) - z·y, which no logit overflows.
 *
 * @param labels [...] in [0, 1]
 * @param logits the same shape
 */
export function sigmoidCrossEntropy(labels: Tensor, logits: Tensor, weights?: Tensor): Scalar {
  return weightedMean(sigmoidCrossEntropies(labels, logits), weights);
}

/** The same, before the mean. */
export function sigmoidCrossEntropies(labels: Tensor, logits: Tensor): Tensor {
  return tf.sub(tf.softplus(logits), tf.mul(logits, labels));
}

/**
 * Cross-entropy of one right class among many, from logits. Above 87 a loss is given as 87 (natively, where the probability of the
 * right class leaves float32); its gradient stays right.
 *
 * @param labels  [rows] int32, in [0, classes)
 * @param logits  [rows, classes]
 * @param weights [rows]
 */
export function softmaxCrossEntropy(labels: Tensor, logits: Tensor, weights?: Tensor): Scalar {
  return weightedMean(softmaxCrossEntropies(labels, logits), weights);
}

/** The same, before the mean: [rows]. */
export function softmaxCrossEntropies(labels: Tensor, logits: Tensor): Tensorflow.Tensor1D {
  if (nativeBackend !== null && tf.getBackend() === 'tensorflow')
    return nativeSoftmaxCrossEntropies(labels, logits);
  const hot = tf.oneHot(labels, logits.shape[1] ?? 0);
  return tf.neg(tf.sum<Tensorflow.Tensor1D>(tf.mul(tf.logSoftmax(logits), tf.cast(hot, 'float32')), 1));
}

/**
 * -log of the right class's softmax; the gradient is the softmax with 1 taken off at that class. Neither needs one-hot labels, and
 * both take a fifth of the time of TensorFlow's SparseSoftmaxCrossEntropyWithLogits (1,024 × 1,000: 1.7 for 7.5 ms).
 */
function nativeSoftmaxCrossEntropies(labels: Tensor, logits: Tensor): Tensorflow.Tensor1D {
  const [rows] = logits.shape;
  const places = tf.stack([tf.tensor1d(Int32Array.from({ length: rows }, (_, row) => row)), labels], 1); // [rows, 2]
  const crossEntropies = tf.customGrad((given, save) => {
    const probabilities = tf.softmax(given as Tensor);
    const chosen = nativeOp('GatherNd', { Tparams: FLOAT, Tindices: INT }, [probabilities, places]);
    (save as Tensorflow.GradSaveFunc)([probabilities, places]);
    const gradFunc = (gradient: Tensor, [saved, savedPlaces]: Tensor[]) => {
      const ones = tf.ones([rows]);
      const slopes = nativeOp('TensorScatterSub', { T: FLOAT, Tindices: INT }, [saved, savedPlaces, ones]);
      return [tf.mul(slopes, tf.expandDims(gradient, 1))];
    };
    return { value: tf.neg(tf.log(tf.maximum(chosen, tf.scalar(LEAST_PROBABILITY)))), gradFunc };
  });
  return crossEntropies(logits) as Tensorflow.Tensor1D;
}

function nativeOp(name: string, types: Readonly<Record<string, number>>, inputs: Tensor[]): Tensor {
  const { TF_ATTR_TYPE } = nativeBackend!.binding;
  const attributes = Object.entries(types).map(([key, value]) => ({ name: key, type: TF_ATTR_TYPE, value }));
  return nativeBackend!.executeMultipleOutputs(name, attributes, inputs, 1)[0];
}

/** Mean of (prediction - label)². */
export function squaredError(labels: Tensor, predictions: Tensor, weights?: Tensor): Scalar {
  return weightedMean(tf.squaredDifference(predictions, labels), weights);
}

/** Squared error up to `delta`, linear beyond (Huber, 1964). */
export function huberLoss(labels: Tensor, predictions: Tensor, weights?: Tensor, delta = 1): Scalar {
  const distance = tf.abs(tf.sub(predictions, labels));
  const near = tf.minimum(distance, tf.scalar(delta));
  const losses = tf.add(
    tf.mul(tf.scalar(0.5), tf.square(near)),
    tf.mul(tf.scalar(delta), tf.sub(distance, near)),
  );
  return weightedMean(losses, weights);
}

/** Poisson loss of counts from the logarithm of the rate: exp(z) - y·z. */
export function poissonLoss(labels: Tensor, logRates: Tensor, weights?: Tensor): Scalar {
  return weightedMean(tf.sub(tf.exp(logRates), tf.mul(labels, logRates)), weights);
}

/** Pinball loss of a quantile in (0, 1) (Koenker and Bassett, 1978). */
export function quantileLoss(
  labels: Tensor,
  predictions: Tensor,
  quantile: number,
  weights?: Tensor,
): Scalar {
  const short = tf.sub(labels, predictions);
  return weightedMean(
    tf.maximum(tf.mul(short, tf.scalar(quantile)), tf.mul(short, tf.scalar(quantile - 1))),
    weights,
  );
}
