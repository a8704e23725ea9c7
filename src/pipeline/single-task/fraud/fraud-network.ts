import type * as Tensorflow from '@tensorflow/tfjs';

import {
  column,
  dense,
  type DenseWeights,
  type ModelContext,
  Random,
  sigmoidCrossEntropies,
  tf,
  weightedMean,
  WeightSet,
  zeros,
} from '../../../nn/index.js';
import type { ResamplingMethod } from '../../../tasks/index.js';
import { focalWeights } from '../focal-loss.js';
import { type LayerNumbers } from './integrated-gradients.js';

export interface FraudSettings {
  readonly hiddenUnits: readonly number[];
  readonly dropout: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly patience: number;
  /** What is done about frauds being rare. */
  readonly resampling: ResamplingMethod;
  /** Exponent of the focal loss; how strongly easy orders are played down. */
  readonly focalGamma: number;
}

/** Inputs of training: standardised features, labels and weights, one row an order. */
export function trainingBatch(width: number) {
  return { features: column(width), label: column(), weight: column() };
}

/**
 * A linear part and a dense network with rectified hidden layers beside it, added to one logit (wide and deep: Cheng et al., DLRS
 * 2016). With few frauds to learn from, most of the signal adds up line by line; the network adds what depends on several features.
 */
export class FraudNetwork {
  readonly weights: WeightSet;
  private readonly layers: readonly DenseWeights[];
  private readonly wide: DenseWeights;

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
    this.layers = [...hidden, this.weights.dense('deep', units[units.length - 1], 1, zeros)];
    this.wide = this.weights.dense('wide', width, 1, zeros);
  }

  /** @returns [rows] */
  logits(features: Tensorflow.Tensor, context: ModelContext): Tensorflow.Tensor {
    let values: Tensorflow.Tensor = features;
    for (const layer of this.layers.slice(0, -1)) {
      values = context.random.dropout(dense(values, layer, 'relu'), this.settings.dropout);
    }
    const deep = dense(values, this.layers[this.layers.length - 1]);
    return tf.reshape(tf.add(deep, dense(features, this.wide)), [-1]);
  }

  /** Starts the logit at a rate, so that no step goes into finding it. */
  startAt(rate: number): void {
    const bias = this.wide.bias;
    tf.tidy(() => bias.assign(tf.fill([1], Math.log(rate / (1 - rate)))));
  }

  /** Cross-entropy; with FOCAL_LOSS what is easy counts less. */
  loss(
    batch: { features: Tensorflow.Tensor; label: Tensorflow.Tensor; weight: Tensorflow.Tensor },
    context: ModelContext,
  ): Tensorflow.Scalar {
    const logits = this.logits(batch.features, context);
    const losses = sigmoidCrossEntropies(batch.label, logits);
    if (this.settings.resampling !== 'FOCAL_LOSS') return weightedMean(losses, batch.weight);
    const weights = focalWeights(batch.label, logits, this.settings.focalGamma);
    return weightedMean(tf.mul(losses, weights), batch.weight);
  }

  /** The weights as plain numbers; of the deep part the output layer comes last. */
  numbers(): { wide: LayerNumbers; deep: LayerNumbers[] } {
    const values = this.weights.export();
    const layer = (name: string) => ({
      kernel: values[`${name}/kernel`].values,
      bias: values[`${name}/bias`].values,
    });
    const hidden = this.settings.hiddenUnits.map((_, index) => layer(`hidden-${index + 1}`));
    return { wide: layer('wide'), deep: [...hidden, layer('deep')] };
  }

  dispose(): void {
    this.weights.dispose();
  }
}
