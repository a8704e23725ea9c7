import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type BatchSpec,
  column,
  dense,
  type DenseWeights,
  idColumn,
  type ModelContext,
  normalWith,
  type Table,
  tf,
  TransformerEncoder,
  type WeightSet,
} from '../../nn/index.js';
import { SEQUENCE_PLACES, SEQUENCE_TIMES, type Vocabulary } from '../preprocess/index.js';
import { ItemSoftmax } from '../single-task/index.js';
import type { MultiTaskSettings } from './settings.js';

/** Type of the place that the masked encoder is asked about. */
const ASKED = SEQUENCE_PLACES.length;
const TYPES = ASKED + 1;
const EMBEDDING_DEVIATION = 0.02;
/** Above so many items the loss of the sequences is over sampled ones. */
const FULL_SOFTMAX_ITEMS = 1000;
const NEGATIVES = 256;
/** Share of places that are hidden while the masked encoder learns. */
const MASK_SHARE = 0.3;
/** One of so many rows of a step also tells what the encoder's own loss is. */
const OWN_LOSS_EVERY = 4;

/** Sequences as tensors. */
export interface SequenceTensors {
  /** int32 [rows, length] each, and [rows, length, SEQUENCE_TIMES] days. */
  readonly items: Tensorflow.Tensor;
  readonly types: Tensorflow.Tensor;
  readonly days: Tensorflow.Tensor;
}

/**
 * What users did last, as one vector a user, which all tasks about users read beside the features: a Transformer encoder over items, types of
 * behaviour and times. SASREC sees each behaviour in the light of those before it (Kang and McAuley, ICDM 2018), and its last state is the
 * vector; BERT4REC sees all from both sides (Sun et al., CIKM 2019), and the vector is the state of one more, hidden, place.
 */
export class SequenceEncoder {
  readonly length: number;
  /** Numbers that a user's vector has. */
  readonly width: number;
  private readonly isCausal: boolean;
  private table: Table | null = null;
  private softmax: ItemSoftmax | null = null;
  private types: Tensorflow.Variable;
  private times: DenseWeights;
  private positions: Tensorflow.Variable;
  private encoder: TransformerEncoder;

  constructor(
    readonly vocabulary: Vocabulary,
    private readonly settings: MultiTaskSettings,
  ) {
    this.length = settings.sequenceLength;
    this.width = settings.sequenceWidth;
    this.isCausal = settings.userEncoder === 'SASREC';
  }

  build(weights: WeightSet): void {
    const { vocabulary, width, length, isCausal } = this;
    const { sequenceHeads: heads, sequenceBlocks: blocks, dropout } = this.settings;
    const start = normalWith(EMBEDDING_DEVIATION);
    const of = (part: string) => `sequence/${part}`;
    // The last two stand for unknown items and for hidden ones.
    this.table = weights.table(of('items'), vocabulary.size + 2, width, start);
    const bias = weights.table(of('bias'), Math.max(1, vocabulary.size), 1, normalWith(0));
    this.softmax = new ItemSoftmax(this.table, bias, {
      items: Math.max(1, vocabulary.size),
      fullSoftmaxItems: FULL_SOFTMAX_ITEMS,
      negatives: NEGATIVES,
    });
    this.types = weights.weight(of('types'), [TYPES, width], start, { isDecayed: false });
    this.times = weights.dense(of('times'), SEQUENCE_TIMES, width);
    this.positions = weights.weight(of('positions'), [length, width], start, { isDecayed: false });
    const feedForward = 4 * width;
    this.encoder = new TransformerEncoder(weights, of('encoder'), {
      width,
      heads,
      blocks,
      feedForward,
      dropout,
      isCausal,
    });
  }

  /** Columns that sequences take. @param nameOf their names */
  spec(nameOf: (part: keyof SequenceTensors) => string): BatchSpec {
    const { length } = this;
    return {
      [nameOf('items')]: idColumn(length),
      [nameOf('types')]: idColumn(length),
      [nameOf('days')]: column(length, SEQUENCE_TIMES),
    };
  }

  /** Users' vectors: [rows, width]; of one without behaviours zeros by SASREC. */
  encode(sequences: SequenceTensors, context: ModelContext): Tensorflow.Tensor2D {
    const asked = this.asked(sequences);
    return this.fromEmbedded(this.embed(asked, context), asked.types, context);
  }

  /** Sequences as `encode` looks at them: by BERT4REC, a hidden place takes the place of the oldest behaviour. */
  asked(sequences: SequenceTensors): SequenceTensors {
    if (this.isCausal) return sequences;
    const rows = sequences.items.shape[0];
    const moved = (values: Tensorflow.Tensor) => tf.slice(values, [0, 1], [-1, this.length - 1]);
    const hidden = (value: number) => tf.fill([rows, 1], value, 'int32');
    return {
      items: tf.concat([moved(sequences.items), hidden(this.vocabulary.size + 1)], 1),
      types: tf.concat([moved(sequences.types), hidden(ASKED)], 1),
      days: tf.concat([moved(sequences.days), tf.zeros([rows, 1, SEQUENCE_TIMES])], 1),
    };
  }

  /** Where a place of the sequence comes in `asked`; -1 = not at all. */
  placeOf(place: number): number {
    return this.isCausal ? place : place - 1;
  }

  /** Sums of the embeddings of what each place holds: [rows, length, width], zeros in empty places. */
  embed({ items, types, days }: SequenceTensors, context: ModelContext): Tensorflow.Tensor3D {
    const { width, length } = this;
    const isThere = tf.expandDims(placesTaken(types), 2);
    const embedded = tf.mul(context.lookup(this.items, items), tf.scalar(Math.sqrt(width)));
    const hot = tf.oneHot(tf.reshape<Tensorflow.Rank.R1>(types, [-1]), TYPES);
    const byType = tf.matMul(tf.cast(hot, 'float32'), this.types);
    const byTime = dense(tf.reshape(tf.log1p(tf.relu(days)), [-1, SEQUENCE_TIMES]), this.times);
    const parts = [embedded, tf.reshape(tf.add(byType, byTime), [-1, length, width])];
    return tf.mul<Tensorflow.Tensor3D>(tf.add(parts[0], parts[1]), isThere);
  }

  /** @param embedded [rows, length, width] as `embed` gives it. @param types [rows, length] int32 */
  fromEmbedded(
    embedded: Tensorflow.Tensor,
    types: Tensorflow.Tensor,
    context: ModelContext,
  ): Tensorflow.Tensor2D {
    const { width, length } = this;
    const isThere = placesTaken(types);
    const hidden = this.states(embedded, isThere, context);
    const last = tf.reshape<Tensorflow.Rank.R2>(tf.slice(hidden, [0, length - 1, 0], [-1, 1, width]), [
      -1,
      width,
    ]);
    return tf.mul(last, tf.slice(isThere, [0, length - 1], [-1, 1]));
  }

  /**
   * The loss that the encoder is known for, of a part of the rows: by SASREC, which item comes next in each place; by BERT4REC, which item a
   * hidden place held.
   */
  loss(all: SequenceTensors, context: ModelContext): Tensorflow.Scalar {
    const rows = Math.ceil(all.items.shape[0] / OWN_LOSS_EVERY);
    const of = (values: Tensorflow.Tensor) => tf.slice(values, [0], [rows]);
    const sequences = { items: of(all.items), types: of(all.types), days: of(all.days) };
    const isKnown = tf.cast(tf.less(sequences.items, tf.scalar(this.vocabulary.size, 'int32')), 'float32');
    return this.isCausal
      ? this.nextLoss(sequences, isKnown, context)
      : this.maskedLoss(sequences, isKnown, context);
  }

  private nextLoss(
    sequences: SequenceTensors,
    isKnown: Tensorflow.Tensor,
    context: ModelContext,
  ): Tensorflow.Scalar {
    const isThere = placesTaken(sequences.types);
    const hidden = this.states(this.embed(sequences, context), isThere, context);
    const before = this.length - 1;
    const from = (values: Tensorflow.Tensor, place: number) => tf.slice(values, [0, place], [-1, before]);
    const weights = tf.mul(from(isThere, 0), from(isKnown, 1));
    return this.ready().crossEntropy(from(hidden, 0), from(sequences.items, 1), weights, context);
  }

  private maskedLoss(
    { items, types, days }: SequenceTensors,
    isKnown: Tensorflow.Tensor,
    context: ModelContext,
  ): Tensorflow.Scalar {
    const shape = items.shape as [number, number];
    const drawn = tf.cast(tf.less(context.random.uniform(shape), tf.scalar(MASK_SHARE)), 'float32');
    const isHidden = tf.mul(drawn, isKnown);
    const hiddenItem = tf.fill(shape, this.vocabulary.size + 1, 'int32');
    const masked = tf.where(tf.cast(isHidden, 'bool'), hiddenItem, items);
    const embedded = this.embed({ items: masked, types, days }, context);
    const hidden = this.states(embedded, placesTaken(types), context);
    return this.ready().crossEntropy(hidden, items, isHidden, context);
  }

  private states(
    embedded: Tensorflow.Tensor,
    isThere: Tensorflow.Tensor,
    context: ModelContext,
  ): Tensorflow.Tensor3D {
    const placed = tf.mul(tf.add(embedded, this.positions), tf.expandDims(isThere, 2));
    const dropped = context.random.dropout(placed, this.settings.dropout);
    return this.encoder.encode(dropped, isThere, context);
  }

  private get items(): Table {
    if (!this.table) throw new Error('The sequence encoder has no weights yet.');
    return this.table;
  }

  private ready(): ItemSoftmax {
    if (!this.softmax) throw new Error('The sequence encoder has no weights yet.');
    return this.softmax;
  }
}

/** [rows, length] 1 where there is a behaviour. */
function placesTaken(types: Tensorflow.Tensor): Tensorflow.Tensor {
  return tf.cast(tf.greater(types, tf.scalar(0, 'int32')), 'float32');
}
