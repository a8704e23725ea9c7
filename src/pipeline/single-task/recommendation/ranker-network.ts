import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type BatchArrays,
  column,
  dense,
  type DenseWeights,
  glorotUniform,
  type ModelContext,
  Random,
  tf,
  WeightSet,
  type WeightValues,
} from '../../../nn/index.js';
import { CANDIDATE_FEATURE_COUNT, IS_BOUGHT_COLUMN } from '../../preprocess/index.js';
import type { RankingExamples } from './ranking-examples.js';

/** Takes an item out of a softmax. */
export const MASKED_LOGIT = -1e9;
/** Standardised features beyond this many deviations tell nothing more. */
export const CANDIDATE_CLIP = 6;

/** Batch of ranking examples with `candidates` items each. */
export function rankingBatch(candidates: number) {
  return {
    features: column(candidates * CANDIDATE_FEATURE_COUNT),
    labels: column(candidates),
    isNew: column(candidates),
    offsets: column(candidates),
  };
}
export type RankingBatch = ReturnType<typeof rankingBatch>;

/** Mean and deviation of each candidate feature. */
export interface FeatureScales {
  readonly means: Float32Array;
  readonly deviations: Float32Array;
}

/** Scales over all real candidates of the examples. */
export function featureScales(examples: RankingExamples): FeatureScales {
  const width = CANDIDATE_FEATURE_COUNT;
  const sums = new Float64Array(width);
  const squares = new Float64Array(width);
  let count = 0;
  for (let row = 0; row < examples.count * examples.candidates; row++) {
    if (examples.offsets[row] < 0) continue;
    count++;
    for (let at = 0; at < width; at++) {
      const value = examples.features[row * width + at];
      sums[at] += value;
      squares[at] += value * value;
    }
  }
  const means = Float32Array.from(sums, (sum) => sum / count);
  const deviations = Float32Array.from(
    squares,
    (square, at) => Math.sqrt(Math.max(square / count - (sums[at] / count) ** 2, 0)) + 1e-4,
  );
  return { means, deviations };
}

/** Standardises rows of features in place. */
export function standardiseRows(rows: Float32Array, scales: FeatureScales): Float32Array {
  const width = CANDIDATE_FEATURE_COUNT;
  for (let start = 0; start < rows.length; start += width) {
    for (let at = 0; at < width; at++) rows[start + at] = standardised(rows[start + at], at, scales);
  }
  return rows;
}

/** One feature's value on its scale, in single precision. */
export function standardised(value: number, column: number, { means, deviations }: FeatureScales): number {
  const scaled = (value - means[column]) / deviations[column];
  return Math.fround(Math.min(CANDIDATE_CLIP, Math.max(-CANDIDATE_CLIP, scaled)));
}

interface Member {
  readonly wide: DenseWeights;
  readonly hidden: DenseWeights;
  readonly output: DenseWeights;
}

/**
 * Logit of an item for a user: a linear part plus one hidden layer over the candidate's features (as in Cheng et al., Wide & Deep,
 * 2016), trained by softmax cross-entropy over the candidates: over all items, and over those that are new to the user. Several members learn side
 * by side from the same batches, each from its own start; what serves is their mean, which varies less from seed to seed than any of them.
 */
export class RankerNetwork {
  readonly weights: WeightSet;
  private readonly members: readonly Member[];

  constructor(
    private readonly settings: {
      readonly hidden: number;
      readonly members: number;
      readonly newShare: number;
    },
    seed: number,
  ) {
    this.weights = new WeightSet(new Random(seed).fork('ranker'));
    this.members = Array.from({ length: settings.members }, (_, at) => ({
      wide: this.weights.dense(`member-${at + 1}/wide`, CANDIDATE_FEATURE_COUNT, 1, glorotUniform),
      hidden: this.weights.dense(`member-${at + 1}/hidden`, CANDIDATE_FEATURE_COUNT, settings.hidden),
      output: this.weights.dense(`member-${at + 1}/output`, settings.hidden, 1, glorotUniform),
    }));
  }

  /** Mean loss of a batch of examples, and over the members. */
  loss(batch: { [name in keyof RankingBatch]: Tensorflow.Tensor }, context: ModelContext): Tensorflow.Scalar {
    const losses = this.members.map((member) => this.memberLoss(member, batch, context));
    return tf.div(tf.addN(losses), tf.scalar(losses.length));
  }

  /** Mean score over the members. @param rows [candidates, features], standardised. @returns [candidates] */
  scores(rows: Tensorflow.Tensor2D): Tensorflow.Tensor1D {
    const scores = this.members.map((member) => memberScores(member, rows));
    return tf.reshape(tf.div(tf.addN(scores), tf.scalar(scores.length)), [-1]);
  }

  /** The mean of the members as the weights of one wider network, by the names that scoreRows reads. */
  served(): WeightValues {
    const values = this.weights.export();
    const parts = (name: string) => this.members.map((_, at) => values[`member-${at + 1}/${name}`].values);
    const { hidden, members } = this.settings;
    const units = hidden * members;
    const kernel = new Float32Array(CANDIDATE_FEATURE_COUNT * units);
    parts('hidden/kernel').forEach((part, member) => {
      for (let row = 0; row < CANDIDATE_FEATURE_COUNT; row++)
        kernel.set(part.subarray(row * hidden, (row + 1) * hidden), row * units + member * hidden);
    });
    const share = (part: Float32Array) => part.map((value) => value / members);
    const wide = new Float32Array(CANDIDATE_FEATURE_COUNT);
    for (const part of parts('wide/kernel')) part.forEach((value, row) => (wide[row] += value / members));
    return {
      'wide/kernel': { shape: [CANDIDATE_FEATURE_COUNT, 1], values: wide },
      'hidden/kernel': { shape: [CANDIDATE_FEATURE_COUNT, units], values: kernel },
      'hidden/bias': { shape: [units], values: joined(parts('hidden/bias')) },
      'output/kernel': { shape: [units, 1], values: joined(parts('output/kernel').map(share)) },
    };
  }

  dispose(): void {
    this.weights.dispose();
  }

  private memberLoss(
    member: Member,
    batch: { [name in keyof RankingBatch]: Tensorflow.Tensor },
    context: ModelContext,
  ): Tensorflow.Scalar {
    const candidates = batch.labels.shape[1] as number;
    const rows = tf.reshape(batch.features, [-1, CANDIDATE_FEATURE_COUNT]);
    const raw = memberScores(member, rows);
    const logits = tf.add(tf.reshape(raw, [context.rows, candidates]), batch.offsets);
    const newLogits = tf.add(logits, tf.mul(tf.sub(1, batch.isNew), MASKED_LOGIT));
    const all = listLoss(batch.labels, logits);
    const fresh = listLoss(tf.mul(batch.labels, batch.isNew), newLogits);
    const { newShare } = this.settings;
    return tf.add(tf.mul(all, 1 - newShare), tf.mul(fresh, newShare));
  }
}

/** @returns [candidates, 1] */
function memberScores(member: Member, rows: Tensorflow.Tensor): Tensorflow.Tensor2D {
  return tf.add(dense(rows, member.wide), dense(dense(rows, member.hidden, 'relu'), member.output));
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Softmax cross-entropy with several right answers; a list with n of them weighs as sqrt(n) lists with one. */
export function listLoss(labels: Tensorflow.Tensor, logits: Tensorflow.Tensor): Tensorflow.Scalar {
  const logProbabilities = tf.logSoftmax(logits);
  const right = tf.sum(labels, 1);
  const sums = tf.sum(tf.mul(labels, tf.maximum(logProbabilities, -50)), 1);
  return tf.neg(tf.mean(tf.div(sums, tf.sqrt(tf.maximum(right, 1))))) as Tensorflow.Scalar;
}

/**
 * Scores rows of standardised features by the weights, without TensorFlow: a request's few thousand rows take milliseconds. Half of a row says
 * what the user did with the item: the same for all that they did not buy. So rows are told by how they differ from one such row.
 */
export function scoreRows(weights: WeightValues, rows: Float32Array): Float32Array {
  const width = CANDIDATE_FEATURE_COUNT;
  const wide = weights['wide/kernel'].values;
  const kernel = weights['hidden/kernel'].values;
  const bias = weights['hidden/bias'].values;
  const output = weights['output/kernel'].values;
  const units = bias.length;
  const usual = notBought(rows);
  const usualHidden = Float64Array.from(bias);
  let usualScore = 0;
  for (let at = 0; at < width; at++) {
    usualScore += usual[at] * wide[at];
    for (let unit = 0; unit < units; unit++) usualHidden[unit] += usual[at] * kernel[at * units + unit];
  }
  const hidden = new Float64Array(units);
  const scores = new Float32Array(rows.length / width);
  for (let row = 0; row < scores.length; row++) {
    hidden.set(usualHidden);
    let score = usualScore;
    for (let at = 0; at < width; at++) {
      const difference = rows[row * width + at] - usual[at];
      if (difference === 0) continue;
      score += difference * wide[at];
      for (let unit = 0; unit < units; unit++) hidden[unit] += difference * kernel[at * units + unit];
    }
    for (let unit = 0; unit < units; unit++) if (hidden[unit] > 0) score += hidden[unit] * output[unit];
    scores[row] = score;
  }
  return scores;
}

/** The first row of an item that the user did not buy; any other where there is none. */
function notBought(rows: Float32Array): Float32Array {
  const width = CANDIDATE_FEATURE_COUNT;
  let found = 0;
  for (let start = 0; start < rows.length; start += width)
    if (rows[start + IS_BOUGHT_COLUMN] < rows[found + IS_BOUGHT_COLUMN]) found = start;
  return rows.slice(found, found + width);
}

/** Rows of the examples that the test says, as a batch of columns. */
export function rankingColumns(
  examples: RankingExamples,
  isIn: (row: number) => boolean,
): BatchArrays<RankingBatch> & { features: Float32Array } {
  const rows = Array.from({ length: examples.count }, (_, row) => row).filter(isIn);
  const gather = (values: Float32Array, width: number): Float32Array => {
    const picked = new Float32Array(rows.length * width);
    rows.forEach((row, at) => picked.set(values.subarray(row * width, (row + 1) * width), at * width));
    return picked;
  };
  const { candidates } = examples;
  return {
    features: gather(examples.features, candidates * CANDIDATE_FEATURE_COUNT),
    labels: gather(examples.labels, candidates),
    isNew: gather(examples.isNew, candidates),
    offsets: gather(examples.offsets, candidates),
  };
}
