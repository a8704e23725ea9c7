import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type Batch,
  type BatchSpec,
  column,
  dense,
  type DenseWeights,
  glorotUniform,
  idColumn,
  type ModelContext,
  normalWith,
  Random,
  type Table,
  tf,
  WeightSet,
} from '../../../nn/index.js';
import { SEQUENCE_PLACES, SEQUENCE_TIMES } from '../../preprocess/index.js';
import { LEVELS, WORD_BUCKETS, WORDS } from './item-content.js';
import type { RetrievalSettings } from './retrieval-settings.js';

/** Takes a pair out of a softmax. */
const MASKED_LOGIT = -1e9;
const EMBEDDING_DEVIATION = 0.05;
/** Keeps a length from being divided by 0. */
const LEAST_LENGTH = 1e-6;

export const userColumns = (length: number) => ({
  userItems: idColumn(length),
  userTypes: idColumn(length),
  userDays: column(length, SEQUENCE_TIMES),
});
export const itemColumns = {
  item: idColumn(),
  words: idColumn(WORDS),
  categories: idColumn(LEVELS),
  price: column(2),
};
/** A user and what they bought then, with the logarithm of its share of all examples. */
export const pairColumns = (length: number) => ({
  ...userColumns(length),
  ...itemColumns,
  logShare: column(),
});
type Pairs = Batch<ReturnType<typeof pairColumns>>;

/**
 * A tower of users and one of items: the product of their vectors tells how well they go together, a cosine and the item's bias (Yi et al., RecSys
 * 2019). Both read one table of item
 * embeddings: a user is what they did last, weighed by type and age; an item is its id, words, category and price.
 */
export class TowersNetwork {
  readonly weights: WeightSet;
  private readonly size: number;
  private readonly items: Table;
  /** What an item has apart from who asks: it starts at the logarithm of its share of all purchases. */
  private readonly bias: Table;
  private readonly words: Table;
  private readonly categories: Table;
  private readonly price: DenseWeights;
  private readonly itemHidden: DenseWeights;
  private readonly itemOutput: DenseWeights;
  private readonly attention: DenseWeights;
  private readonly userHidden: DenseWeights;
  private readonly userOutput: DenseWeights;

  /** @param logShares [items with an id of their own] where their bias starts. @param categories known ones */
  constructor(
    private readonly settings: RetrievalSettings,
    logShares: Float32Array,
    categories: number,
    seed: number,
  ) {
    const { embeddingDim: width, hidden } = settings;
    const weights = new WeightSet(new Random(seed).fork('towers'));
    const start = normalWith(EMBEDDING_DEVIATION);
    this.weights = weights;
    this.size = logShares.length;
    const rarest = logShares.reduce((least, share) => Math.min(least, share), 0);
    this.items = weights.table('items', this.size + 1, width, start);
    this.bias = weights.table('item/bias', this.size + 1, 1, (values) => {
      values.fill(rarest);
      values.set(logShares);
    });
    this.words = weights.table('words', WORD_BUCKETS + 1, width, start);
    this.categories = weights.table('categories', categories + 2, width, start);
    this.price = weights.dense('item/price', 2, width);
    this.itemHidden = weights.dense('item/hidden', 2 * width, hidden);
    this.itemOutput = weights.dense('item/output', hidden, width, glorotUniform);
    this.attention = weights.dense('user/attention', SEQUENCE_PLACES.length + SEQUENCE_TIMES, 1);
    this.userHidden = weights.dense('user/hidden', 2 * width + 1, hidden);
    this.userOutput = weights.dense('user/output', hidden, width, glorotUniform);
  }

  /** Vectors: [rows, embeddingDim + 1], of length 1 and then a 1 for the items' bias. @param columns those of `userColumns` */
  users(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor2D {
    const { embeddingDim: width, length, dropout } = this.settings;
    const types = tf.reshape<Tensorflow.Rank.R1>(columns.userTypes, [-1]);
    const kinds = SEQUENCE_PLACES.length;
    const days = tf.reshape(tf.log1p(tf.relu(columns.userDays)), [-1, SEQUENCE_TIMES]);
    const described = tf.concat([tf.cast(tf.oneHot(types, kinds), 'float32'), days], 1);
    const isThere = tf.cast(tf.greater(columns.userTypes, tf.scalar(0, 'int32')), 'float32');
    const logits = tf.reshape(dense(described, this.attention), [-1, length]);
    const hidden = tf.mul(tf.sub(tf.scalar(1), isThere), tf.scalar(MASKED_LOGIT));
    const shares = tf.mul(tf.softmax(tf.add(logits, hidden)), isThere);
    const embedded = context.lookup(this.items, columns.userItems);
    const pooled = tf.sum(tf.mul(embedded, tf.expandDims(shares, 2)), 1);
    const last = tf.reshape(tf.slice(embedded, [0, length - 1, 0], [-1, 1, width]), [-1, width]);
    const count = tf.log1p(tf.sum(isThere, 1, true));
    const inputs = tf.concat([pooled, tf.mul(last, tf.slice(isThere, [0, length - 1], [-1, 1])), count], 1);
    const deep = context.random.dropout(dense(inputs, this.userHidden, 'relu'), dropout);
    const vectors = normalised(tf.add(dense(deep, this.userOutput), pooled));
    return tf.concat([vectors, tf.onesLike(tf.slice(vectors, [0, 0], [-1, 1]))], 1);
  }

  /** Vectors: [rows, embeddingDim + 1], of length 1 and then the bias. @param columns those of `itemColumns` */
  itemVectors(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor2D {
    const { dropout } = this.settings;
    const ids = this.withoutSomeIds(columns.item, context);
    const own = context.lookup(this.items, ids);
    const content = tf.add(
      tf.add(
        meanOf(this.words, columns.words, context),
        meanOf(this.categories, columns.categories, context),
      ),
      dense(columns.price, this.price),
    );
    const deep = dense(tf.concat([own, content], 1), this.itemHidden, 'relu');
    const output = dense(context.random.dropout(deep, dropout), this.itemOutput);
    const vectors = normalised(tf.add(tf.add(output, own), content));
    const bias = tf.mul(context.lookup(this.bias, ids), tf.scalar(this.settings.temperature));
    return tf.concat<Tensorflow.Tensor2D>([vectors, tf.reshape(bias, [-1, 1])], 1);
  }

  /**
   * Mean softmax cross-entropy of each user's item among those of the batch. A frequent item is a negative more often than a rare one: the logarithm
   * of its share is taken off (logQ correction; Bengio and Senécal, 2003; Yi et al., 2019). The same item in another row is no negative.
   */
  loss(batch: Pairs, context: ModelContext): Tensorflow.Scalar {
    const users = this.users(batch, context);
    const items = this.itemVectors(batch, context);
    const products = tf.matMul(users, items, false, true);
    const scaled = tf.div(products, tf.scalar(this.settings.temperature));
    const corrected = tf.sub(scaled, tf.expandDims(batch.logShare, 0));
    const isSame = tf.cast(tf.equal(tf.expandDims(batch.item, 1), tf.expandDims(batch.item, 0)), 'float32');
    const rows = batch.item.shape[0];
    const itself = tf.eye(rows);
    const logits = tf.add(corrected, tf.mul(tf.sub(isSame, itself), tf.scalar(MASKED_LOGIT)));
    const right = tf.sum(tf.mul(corrected, itself), 1);
    return tf.mean<Tensorflow.Scalar>(tf.sub(tf.logSumExp(logits, 1), right));
  }

  dispose(): void {
    this.weights.dispose();
  }

  private withoutSomeIds(ids: Tensorflow.Tensor, context: ModelContext): Tensorflow.Tensor {
    const { idDropout } = this.settings;
    if (!context.isTraining || idDropout === 0) return ids;
    const shape = ids.shape as [number];
    const isHidden = tf.less(context.random.uniform(shape), tf.scalar(idDropout));
    return tf.where(isHidden, tf.fill(shape, this.size, 'int32'), ids);
  }
}

/** Mean of the rows that ids above 0 name: [rows, dim]. */
function meanOf(table: Table, ids: Tensorflow.Tensor, context: ModelContext): Tensorflow.Tensor {
  const isThere = tf.cast(tf.greater(ids, tf.scalar(0, 'int32')), 'float32');
  const sum = tf.sum(tf.mul(context.lookup(table, ids), tf.expandDims(isThere, 2)), 1);
  return tf.div(sum, tf.maximum(tf.sum(isThere, 1, true), tf.scalar(1)));
}

function normalised(values: Tensorflow.Tensor): Tensorflow.Tensor2D {
  const squares = tf.sum(tf.square(values), 1, true);
  return tf.div<Tensorflow.Tensor2D>(values, tf.sqrt(tf.add(squares, tf.scalar(LEAST_LENGTH))));
}
