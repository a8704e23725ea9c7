import type * as Tensorflow from '@tensorflow/tfjs';

import { type ModelContext, softmaxCrossEntropy, type Table, tf, weightedMean } from '../../../nn/index.js';

/** Takes an item out of the softmax. */
const MASKED_LOGIT = -1e9;

export interface ItemSoftmaxOptions {
  /** Items that a hidden place is asked for: the first rows of the table. */
  readonly items: number;
  /** Up to so many items the softmax is over all of them, above over sampled ones. */
  readonly fullSoftmaxItems: number;
  readonly negatives: number;
}

/** Which item a hidden state stands for, by a softmax over products with the items' embeddings. */
export class ItemSoftmax {
  /** @param table [at least items, width] @param bias [items, 1] */
  constructor(
    private readonly table: Table,
    private readonly bias: Table,
    private readonly options: ItemSoftmaxOptions,
  ) {}

  /** @param hidden [rows, width]. @returns [rows, items] */
  logits(hidden: Tensorflow.Tensor, context: ModelContext): Tensorflow.Tensor {
    const { items } = this.options;
    const all = tf.range(0, items, 1, 'int32');
    const products = tf.matMul(hidden, context.lookup(this.table, all), false, true);
    return tf.add(products, tf.reshape(context.lookup(this.bias, all), [1, items]));
  }

  /**
   * Mean cross-entropy.
   *
   * @param hidden  [rows, length, width]
   * @param labels  [rows, length] int32
   * @param weights [rows, length]
   */
  crossEntropy(
    hidden: Tensorflow.Tensor,
    labels: Tensorflow.Tensor,
    weights: Tensorflow.Tensor,
    context: ModelContext,
  ): Tensorflow.Scalar {
    const { items, fullSoftmaxItems } = this.options;
    const flat = tf.reshape(hidden, [-1, hidden.shape.at(-1)!]);
    const counts = tf.reshape(weights, [-1]);
    // What is no item has no logit; its weight is 0, any label will do.
    const right = tf.minimum(tf.reshape(labels, [-1]), tf.scalar(items - 1, 'int32'));
    if (items <= fullSoftmaxItems) return softmaxCrossEntropy(right, this.logits(flat, context), counts);
    return weightedMean(this.sampledCrossEntropies(flat, right, context), counts);
  }

  /**
   * Softmax over the right item and `negatives` evenly drawn ones, which stand for all others: each counts items / negatives times
   * (Bengio and Senécal, 2003). A negative that is the right item itself (accidental hit) is left out.
   */
  private sampledCrossEntropies(
    hidden: Tensorflow.Tensor,
    labels: Tensorflow.Tensor,
    context: ModelContext,
  ): Tensorflow.Tensor {
    const { items, negatives } = this.options;
    const sampled = context.random.integers([negatives], items);
    const ofRight = tf.add(
      tf.sum(tf.mul(hidden, context.lookup(this.table, labels)), 1, true),
      context.lookup(this.bias, labels),
    ); // [rows, 1]
    const products = tf.matMul(hidden, context.lookup(this.table, sampled), false, true);
    const ofSampled = tf.add(
      tf.add(products, tf.reshape(context.lookup(this.bias, sampled), [1, negatives])),
      tf.scalar(Math.log(items / negatives)),
    );
    const isHit = tf.cast(tf.equal(tf.expandDims(labels, 1), tf.expandDims(sampled, 0)), 'float32');
    const logits = tf.concat([ofRight, tf.add(ofSampled, tf.mul(isHit, tf.scalar(MASKED_LOGIT)))], 1);
    return tf.sub(tf.logSumExp(logits, 1), tf.reshape(ofRight, [-1]));
  }
}
