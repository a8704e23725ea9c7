/** Experts and the gates that mix them, as mixtures of experts are made of. */
import type * as Tensorflow from '@tensorflow/tfjs';

import {
  dense,
  type DenseWeights,
  glorotUniform,
  type ModelContext,
  tf,
  type WeightSet,
} from '../../nn/index.js';

/** Rectified layers one above the other. */
export class Expert {
  private readonly layers: readonly DenseWeights[];

  /** @param units of each layer, the lowest first; at least one */
  constructor(
    weights: WeightSet,
    name: string,
    inputWidth: number,
    units: readonly number[],
    private readonly dropout: number,
  ) {
    const sizes = [inputWidth, ...units];
    this.layers = units.map((size, at) => weights.dense(`${name}/layer-${at + 1}`, sizes[at], size));
  }

  /** [rows, inputWidth] → [rows, units of the last layer] */
  forward(inputs: Tensorflow.Tensor2D, { random }: ModelContext): Tensorflow.Tensor2D {
    return this.layers.reduce(
      (below, layer) => random.dropout(dense(below, layer, 'relu'), this.dropout),
      inputs,
    );
  }
}

/** A softmax over sources, by a linear layer on the row. */
export class Gate {
  private readonly layer: DenseWeights;

  constructor(weights: WeightSet, name: string, inputWidth: number, sources: number) {
    this.layer = weights.dense(name, inputWidth, sources, glorotUniform);
  }

  /** [rows, inputWidth] → [rows, sources], each row 1 together */
  forward(inputs: Tensorflow.Tensor2D): Tensorflow.Tensor2D {
    return tf.softmax(dense(inputs, this.layer));
  }
}

/**
 * Sum of the sources by their gates.
 *
 * @param gates   [rows, sources]
 * @param sources [rows, width] each
 * @returns       [rows, width]
 */
export function mix(
  gates: Tensorflow.Tensor2D,
  sources: readonly Tensorflow.Tensor2D[],
): Tensorflow.Tensor2D {
  const parts = sources.map((source, at) =>
    tf.mul<Tensorflow.Tensor2D>(tf.slice(gates, [0, at], [-1, 1]), source),
  );
  return parts.length === 1 ? parts[0] : tf.addN(parts);
}
