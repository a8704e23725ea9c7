import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from './backend.js';
import type { ModelContext } from './context.js';
import { dense, layerNormalise, type NormalisationWeights } from './layers.js';
import { constant, type DenseWeights, glorotUniform, heNormal, type WeightSet, zeros } from './weights.js';

export interface TransformerOptions {
  /** Numbers a position; a multiple of `heads`. */
  readonly width: number;
  readonly heads: number;
  readonly blocks: number;
  /** Units of the feed-forward layer of each block. */
  readonly feedForward: number;
  readonly dropout: number;
  /** Whether a position sees only itself and those before it. */
  readonly isCausal: boolean;
}

interface Block {
  readonly query: DenseWeights;
  readonly key: DenseWeights;
  readonly value: DenseWeights;
  readonly output: DenseWeights;
  readonly attentionNorm: NormalisationWeights;
  readonly widen: DenseWeights;
  readonly narrow: DenseWeights;
  readonly feedForwardNorm: NormalisationWeights;
}

/** Takes a position out of the attention's softmax. */
const MASKED_LOGIT = -1e9;

/**
 * Transformer encoder over sequences (Vaswani et al., 2017), normalised before each part (Xiong et al., ICML 2020), which trains
 * without a warm-up.
 */
export class TransformerEncoder {
  private readonly blocks: Block[];
  private readonly norm: NormalisationWeights;

  /** @throws RangeError when the heads do not divide the width */
  constructor(
    weights: WeightSet,
    name: string,
    private readonly options: TransformerOptions,
  ) {
    const { width, heads, feedForward } = options;
    if (width % heads !== 0) throw new RangeError(`${heads} heads do not divide a width of ${width} evenly`);
    this.blocks = Array.from({ length: options.blocks }, (_, at) => {
      const own = `${name}/block-${at + 1}`;
      const square = (part: string) => weights.dense(`${own}/${part}`, width, width, glorotUniform);
      return {
        query: square('query'),
        key: square('key'),
        value: square('value'),
        output: square('output'),
        attentionNorm: normalisation(weights, `${own}/attention-norm`, width),
        widen: weights.dense(`${own}/widen`, width, feedForward, heNormal),
        narrow: weights.dense(`${own}/narrow`, feedForward, width, glorotUniform),
        feedForwardNorm: normalisation(weights, `${own}/feed-forward-norm`, width),
      };
    });
    this.norm = normalisation(weights, `${name}/norm`, width);
  }

  /**
   * @param values [rows, length, width]
   * @param mask   [rows, length] 1 where there is something, 0 for padding, which no position sees
   * @returns [rows, length, width]
   */
  encode(values: Tensorflow.Tensor, mask: Tensorflow.Tensor, context: ModelContext): Tensorflow.Tensor3D {
    const length = values.shape[1] as number;
    const bias = this.attentionBias(mask, length);
    const { dropout } = this.options;
    let hidden = values;
    for (const block of this.blocks) {
      const attended = this.attend(block, layerNormalise(hidden, block.attentionNorm), bias, context);
      hidden = tf.add(hidden, context.random.dropout(attended, dropout));
      const fed = this.feed(block, layerNormalise(hidden, block.feedForwardNorm), context);
      hidden = tf.add(hidden, context.random.dropout(fed, dropout));
    }
    return layerNormalise(hidden, this.norm) as Tensorflow.Tensor3D;
  }

  /** [rows, 1, 1 or length, length]: 0 where a query may see a key. */
  private attentionBias(mask: Tensorflow.Tensor, length: number): Tensorflow.Tensor {
    const hidden = tf.sub(tf.scalar(1), tf.reshape(mask, [-1, 1, 1, length]));
    const byKey = tf.mul(hidden, tf.scalar(MASKED_LOGIT));
    if (!this.options.isCausal) return byKey;
    const later = new Float32Array(length * length);
    for (let query = 0; query < length; query++)
      later.fill(MASKED_LOGIT, query * length + query + 1, (query + 1) * length);
    return tf.add(byKey, tf.tensor(later, [1, 1, length, length]));
  }

  private attend(
    block: Block,
    values: Tensorflow.Tensor,
    bias: Tensorflow.Tensor,
    context: ModelContext,
  ): Tensorflow.Tensor {
    const { width, heads, dropout } = this.options;
    const length = values.shape[1] as number;
    const flat = tf.reshape(values, [-1, width]);
    const split = (weights: DenseWeights) =>
      tf.transpose(tf.reshape(dense(flat, weights), [-1, length, heads, width / heads]), [0, 2, 1, 3]);
    const scaled = tf.mul(split(block.query), tf.scalar(1 / Math.sqrt(width / heads)));
    const logits = tf.add(tf.matMul(scaled, split(block.key), false, true), bias);
    const shares = context.random.dropout(tf.softmax(logits), dropout);
    const mixed = tf.transpose(tf.matMul(shares, split(block.value)), [0, 2, 1, 3]);
    return tf.reshape(dense(tf.reshape(mixed, [-1, width]), block.output), [-1, length, width]);
  }

  private feed(block: Block, values: Tensorflow.Tensor, context: ModelContext): Tensorflow.Tensor {
    const { width, dropout } = this.options;
    const length = values.shape[1] as number;
    const wide = dense(tf.reshape(values, [-1, width]), block.widen, 'gelu');
    const narrow = dense(context.random.dropout(wide, dropout), block.narrow);
    return tf.reshape(narrow, [-1, length, width]);
  }
}

function normalisation(weights: WeightSet, name: string, width: number): NormalisationWeights {
  return {
    scale: weights.weight(`${name}/scale`, [width], constant(1), { isDecayed: false }),
    shift: weights.weight(`${name}/shift`, [width], zeros, { isDecayed: false }),
  };
}
