import type * as Tensorflow from '@tensorflow/tfjs';

import { nativeBackend, tf } from './backend.js';
import { DATA_TYPE } from './graph.js';

type Tensor = Tensorflow.Tensor;
type Scalar = Tensorflow.Scalar;

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
 * Cross-entropy of a yes/no label, from logits: max(z, 0) - z·y + log(1 + exp(-|z|)), which no logit overflows.
 *
 * @param labels [...] in [0, 1]
 * @param logits the same shape
 */
export function sigmoidCrossEntropy(labels: Tensor, logits: Tensor, weights?: Tensor): Scalar {
  return weightedMean(sigmoidCrossEntropies(labels, logits), weights);
}

/** The same, before the mean. */
export function sigmoidCrossEntropies(labels: Tensor, logits: Tensor): Tensor {
  return tf.sub(softplus(logits), tf.mul(logits, labels));
}

/** log(1 + exp(z)) without overflow: max(z, 0) + log(1 + exp(-|z|)). */
export function softplus(logits: Tensor): Tensor {
  return tf.add(tf.relu(logits), tf.log1p(tf.exp(tf.neg(tf.abs(logits)))));
}

/**
 * Cross-entropy of one right class among many, from logits. Natively one fused op with its gradient, where one-hot labels, a log
 * softmax and their gradients are many, each as large as the logits.
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
  const isFused = nativeBackend !== null && tf.getBackend() === 'tensorflow';
  if (!isFused) {
    const hot = tf.oneHot(labels, logits.shape[1] ?? 0);
    return tf.neg(tf.sum<Tensorflow.Tensor1D>(tf.mul(tf.logSoftmax(logits), tf.cast(hot, 'float32')), 1));
  }
  const { binding } = nativeBackend!;
  const type = (name: string, value: number) => ({ name, type: binding.TF_ATTR_TYPE, value });
  const attributes = [type('T', DATA_TYPE.float32), type('Tlabels', DATA_TYPE.int32)];
  const fused = tf.customGrad((given, save) => {
    const inputs = [given as Tensor, labels];
    const [losses, slopes] = nativeBackend!.executeMultipleOutputs(
      'SparseSoftmaxCrossEntropyWithLogits',
      attributes,
      inputs,
      2,
    );
    (save as Tensorflow.GradSaveFunc)([slopes]);
    const gradFunc = (gradient: Tensor, saved: Tensor[]) => [tf.mul(saved[0], tf.expandDims(gradient, 1))];
    return { value: losses, gradFunc };
  });
  return fused(logits) as Tensorflow.Tensor1D;
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
