import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type Batch,
  type CompiledPredictor,
  compilePredict,
  idColumn,
  type ModelContext,
  normalWith,
  Random,
  type Table,
  tf,
  TransformerEncoder,
  WeightSet,
} from '../../../nn/index.js';
import { ItemSoftmax } from './item-softmax.js';
import type { SequenceSettings } from './sequence-settings.js';

/** CAUSAL: each position predicts the next item. MASKED: masked positions predict what stood there. */
export type Attention = 'CAUSAL' | 'MASKED';

/** Input: windows of so many items. */
export const sequenceBatch = (length: number) => ({ items: idColumn(length) });
export type SequenceBatch = ReturnType<typeof sequenceBatch>;

const EMBEDDING_DEVIATION = 0.02;
const PREDICT_SIZES = [1, 16, 128];

/**
 * A Transformer encoder over the items of a user. CAUSAL as in SASRec (Kang and McAuley, ICDM 2018), MASKED as in BERT4Rec (Sun et
 * al., CIKM 2019), both with a softmax over all items, which closes the gap that was seen between them (Klenitskiy and Vasilev, RecSys
 * 2023); the output layer shares the input's embeddings. Over large catalogues the softmax is over sampled items.
 */
export class SequenceNetwork {
  readonly weights: WeightSet;
  /** Index that fills windows up. */
  readonly padding: number;
  private readonly mask: number;
  private readonly table: Table;
  private readonly positions: Tensorflow.Variable;
  private readonly softmax: ItemSoftmax;
  private readonly encoder: TransformerEncoder;
  private predictor: CompiledPredictor<SequenceBatch> | null = null;

  /** @param items size of the vocabulary */
  constructor(
    private readonly attention: Attention,
    private readonly settings: SequenceSettings,
    items: number,
    seed: number,
  ) {
    const { embeddingDim, length, blocks, heads, dropout } = settings;
    this.weights = new WeightSet(new Random(seed).fork('sequence'));
    this.padding = items;
    this.mask = items + 1;
    this.table = this.weights.table('items', items + 2, embeddingDim, normalWith(EMBEDDING_DEVIATION));
    const bias = this.weights.table('bias', items, 1, normalWith(0));
    this.softmax = new ItemSoftmax(this.table, bias, { ...settings, items });
    this.positions = this.weights.weight(
      'positions',
      [length, embeddingDim],
      normalWith(EMBEDDING_DEVIATION),
      {
        isDecayed: false,
      },
    );
    this.encoder = new TransformerEncoder(this.weights, 'encoder', {
      width: embeddingDim,
      heads,
      blocks,
      feedForward: 4 * embeddingDim,
      dropout,
      isCausal: attention === 'CAUSAL',
    });
  }

  /** Mean cross-entropy over the positions that predict something. */
  loss({ items }: Batch<SequenceBatch>, context: ModelContext): Tensorflow.Scalar {
    const isThere = tf.cast(tf.notEqual(items, tf.scalar(this.padding, 'int32')), 'float32');
    const { length } = this.settings;
    if (this.attention === 'CAUSAL') {
      const hidden = this.encode(items, isThere, context);
      const at = (values: Tensorflow.Tensor, from: number) =>
        tf.slice(values, [0, from], [context.rows, length - 1]);
      const before = tf.slice(hidden, [0, 0, 0], [context.rows, length - 1, this.settings.embeddingDim]);
      return this.softmax.crossEntropy(before, at(items, 1), tf.mul(at(isThere, 0), at(isThere, 1)), context);
    }
    const drawn = tf.less(context.random.uniform([context.rows, length]), tf.scalar(this.settings.maskShare));
    // The last position is always asked for: it is what serving asks.
    const last = tf.oneHot(tf.tensor1d([length - 1], 'int32'), length);
    const isMasked = tf.mul(tf.maximum(tf.cast(drawn, 'float32'), tf.cast(last, 'float32')), isThere);
    const masked = tf.where(
      tf.cast(isMasked, 'bool'),
      tf.fill([context.rows, length], this.mask, 'int32'),
      items,
    );
    return this.softmax.crossEntropy(this.encode(masked, isThere, context), items, isMasked, context);
  }

  /** Logits of all items as the next of each window: [rows × items]. @param windows [rows × length] */
  score(windows: Int32Array): Float32Array {
    if (windows.length === 0) return new Float32Array(0);
    this.predictor ??= compilePredict({
      weights: this.weights,
      batch: sequenceBatch(this.settings.length),
      batchSizes: PREDICT_SIZES,
      predict: ({ items }, context) => ({ logits: this.logits(items, context) }),
    });
    return this.predictor.predict({ items: windows }).logits;
  }

  /** Logits of all items as the next of each window. @param items [rows, length] int32. @returns [rows, items] */
  logits(items: Tensorflow.Tensor, context: ModelContext): Tensorflow.Tensor {
    const { length, embeddingDim } = this.settings;
    const asked = this.attention === 'CAUSAL' ? items : this.shiftToMask(items, context.rows);
    const isThere = tf.cast(tf.notEqual(asked, tf.scalar(this.padding, 'int32')), 'float32');
    const hidden = this.encode(asked, isThere, context);
    const last = tf.slice(hidden, [0, length - 1, 0], [context.rows, 1, embeddingDim]);
    return this.softmax.logits(tf.reshape(last, [context.rows, embeddingDim]), context);
  }

  dispose(): void {
    this.predictor?.dispose();
    this.weights.dispose();
  }

  private shiftToMask(items: Tensorflow.Tensor, rows: number): Tensorflow.Tensor {
    const { length } = this.settings;
    const kept = tf.slice(items, [0, 1], [rows, length - 1]);
    return tf.concat([kept, tf.fill([rows, 1], this.mask, 'int32')], 1);
  }

  private encode(
    items: Tensorflow.Tensor,
    isThere: Tensorflow.Tensor,
    context: ModelContext,
  ): Tensorflow.Tensor3D {
    const { embeddingDim, dropout } = this.settings;
    const embedded = tf.mul(context.lookup(this.table, items), tf.scalar(Math.sqrt(embeddingDim)));
    const placed = context.random.dropout(tf.add(embedded, this.positions), dropout);
    return this.encoder.encode(tf.mul(placed, tf.expandDims(isThere, 2)), isThere, context);
  }
}
