import type * as Tensorflow from '@tensorflow/tfjs';

import {
  column,
  dense,
  type DenseWeights,
  glorotUniform,
  type ModelContext,
  Random,
  sigmoidCrossEntropies,
  softplus,
  tf,
  weightedMean,
  WeightSet,
} from '../../../nn/index.js';

/** How rare frauds are made to count. */
export const IMBALANCES = ['NONE', 'CLASS_WEIGHTS', 'FOCAL'] as const;
export type Imbalance = (typeof IMBALANCES)[number];

export interface FraudSettings {
  readonly hiddenUnits: readonly number[];
  readonly dropout: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly patience: number;
  readonly imbalance: Imbalance;
  /** Exponent of the focal loss; how strongly easy orders are played down. */
  readonly focalGamma: number;
}

/** Inputs of training: standardised features, labels and weights, one row an order. */
export function trainingBatch(width: number) {
  return { features: column(width), label: column(), weight: column() };
}

/** A dense network with rectified hidden layers and one logit. */
export class FraudNetwork {
  readonly weights: WeightSet;
  readonly layers: readonly DenseWeights[];

  constructor(
    width: number,
    private readonly settings: FraudSettings,
    seed: number,
  ) {
    this.weights = new WeightSet(new Random(seed));
    const units = [width, ...settings.hiddenUnits];
    const hidden = settings.hiddenUnits.map((size, index) =>
      this.weights.dense(`hidden-${index + 1}`, units[index], size),
    );
    this.layers = [...hidden, this.weights.dense('fraud', units[units.length - 1], 1, glorotUniform)];
  }

  /** @returns [rows] */
  logits(features: Tensorflow.Tensor, context: ModelContext): Tensorflow.Tensor {
    let values: Tensorflow.Tensor = features;
    for (const layer of this.layers.slice(0, -1)) {
      values = context.random.dropout(dense(values, layer, 'relu'), this.settings.dropout);
    }
    return tf.reshape(dense(values, this.layers[this.layers.length - 1]), [-1]);
  }

  /** Cross-entropy, or with FOCAL the focal loss (Lin et al., ICCV 2017): each order counts by (1 - p of its own class) ^ gamma. */
  loss(
    batch: { features: Tensorflow.Tensor; label: Tensorflow.Tensor; weight: Tensorflow.Tensor },
    context: ModelContext,
  ): Tensorflow.Scalar {
    const logits = this.logits(batch.features, context);
    const losses = sigmoidCrossEntropies(batch.label, logits);
    if (this.settings.imbalance !== 'FOCAL') return weightedMean(losses, batch.weight);
    // 1 - p of the own class is sigmoid(-s) with s = ±logit; its logarithm, -softplus(s), no logit overflows.
    const signed = tf.mul(logits, tf.sub(tf.mul(batch.label, tf.scalar(2)), tf.scalar(1)));
    const easiness = tf.exp(tf.mul(softplus(signed), tf.scalar(-this.settings.focalGamma)));
    return weightedMean(tf.mul(losses, easiness), batch.weight);
  }

  /** Kernels and biases, the output layer last. */
  numbers(): { kernel: Float32Array; bias: Float32Array }[] {
    const values = this.weights.export();
    const names = [...this.settings.hiddenUnits.map((_, index) => `hidden-${index + 1}`), 'fraud'];
    return names.map((name) => ({
      kernel: values[`${name}/kernel`].values,
      bias: values[`${name}/bias`].values,
    }));
  }

  dispose(): void {
    this.weights.dispose();
  }
}
