/** Users of past months and the items they chose among, as rows of a net, and what its logits are held against. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type * as Tensorflow from '@tensorflow/tfjs';

import { type Batch, type BatchSpec, idColumn, tf } from '../../../nn/index.js';
import type { RankingExampleRows, ShopHistory } from '../../index.js';
import {
  CANDIDATE_FEATURE_COUNT,
  CANDIDATE_FEATURES,
  USER_FEATURE_COUNT,
  userFeatures,
  userPopulation,
} from '../../preprocess/index.js';
import { type FeatureScales, MASKED_LOGIT, type RankingExamples } from '../../single-task/index.js';
import type { ExampleColumn } from '../joint-rows.js';
import type { SharedIds } from '../shared-ids.js';
import { type Answer, examplesOf, type PartOutputs } from './entity-part.js';

const SCALES = 'scales.json';
/** Examples whose features are brought back at once. */
const BLOCK = 64;

/** Features of each ranking example's user, standardised among the users of the same cut. */
export function rankingUserFeatures(history: ShopHistory, ranking: RankingExamples): Float32Array {
  const features = new Float32Array(ranking.count * USER_FEATURE_COUNT);
  for (const cut of new Set(ranking.cuts)) {
    const { statistics, standardiser } = userPopulation(history, cut);
    const rows = [...ranking.cuts.keys()].filter((row) => ranking.cuts[row] === cut);
    const users = Int32Array.from(rows, (row) => ranking.users[row]);
    const values = standardiser.apply(userFeatures(history, users, cut, statistics));
    rows.forEach((row, at) => {
      const from = at * USER_FEATURE_COUNT;
      features.set(values.subarray(from, from + USER_FEATURE_COUNT), row * USER_FEATURE_COUNT);
    });
  }
  return features;
}

/** Sum over the candidates of (share of what was bought − probability)², mean over the rows. */
export function squaredListLoss(labels: Tensorflow.Tensor, logits: Tensorflow.Tensor): Tensorflow.Scalar {
  const shares = tf.div(labels, tf.maximum(tf.sum(labels, 1, true), tf.scalar(1)));
  return tf.mean<Tensorflow.Scalar>(tf.sum(tf.square(tf.sub(shares, tf.softmax(logits))), 1));
}

/**
 * All items and those new to the user, as answers; a user who bought n items counts √n, as in the loss.
 *
 * @param heads `all` and `fresh`: [examples, candidates] logits
 */
export function rankingAnswers(
  { all, fresh }: PartOutputs['heads'],
  batch: Batch<BatchSpec>,
  newShare: number,
): Answer[] {
  const weights = tf.sqrt(tf.sum<Tensorflow.Tensor1D>(examplesOf(batch.bought), 1));
  const offsets = withoutBought(examplesOf(batch.isNew));
  return [
    { kind: 'SOFTMAX', values: all, weights, share: 1 - newShare },
    { kind: 'SOFTMAX', values: fresh, weights, share: newShare, offsets },
  ];
}

/** Takes what was bought before out of the softmax. @param isNew [examples, candidates] */
export function withoutBought(isNew: Tensorflow.Tensor): Tensorflow.Tensor {
  return tf.mul(tf.sub(tf.scalar(1), isNew), tf.scalar(MASKED_LOGIT));
}

/**
 * Gives a ranker the examples in blocks, with the features as they were before they were standardised in place.
 *
 * @returns [examples × candidates] logits
 */
export async function scoreInBlocks(
  score: (rows: RankingExampleRows) => Promise<Float32Array>,
  history: ShopHistory,
  examples: RankingExamples,
  { means, deviations, userRows }: FeatureScales & { readonly userRows: Float32Array },
): Promise<Float32Array> {
  const { count, candidates } = examples;
  const logits = new Float32Array(count * candidates);
  const width = candidates * CANDIDATE_FEATURE_COUNT;
  for (let from = 0; from < count; from += BLOCK) {
    const to = Math.min(count, from + BLOCK);
    const candidateFeatures = examples.features.subarray(from * width, to * width).map((value, at) => {
      const feature = at % CANDIDATE_FEATURE_COUNT;
      return value * deviations[feature] + means[feature];
    });
    const block = await score({
      history,
      users: examples.users.subarray(from, to),
      times: examples.cuts.subarray(from, to),
      features: userRows.subarray(from * USER_FEATURE_COUNT, to * USER_FEATURE_COUNT),
      candidates,
      items: examples.items.subarray(from * candidates, to * candidates),
      candidateFeatures,
    });
    logits.set(block, from * candidates);
  }
  return logits;
}

/** Examples between gathering and the end of the training. */
export interface GatheredRankings {
  readonly history: ShopHistory;
  /** Features standardised in place. */
  readonly ranking: RankingExamples;
  /** [examples × USER_FEATURES] */
  readonly userRows: Float32Array;
}

interface SavedScales {
  readonly features: readonly string[];
  readonly means: number[];
  readonly deviations: number[];
}

export async function saveScales(folder: string, { means, deviations }: FeatureScales): Promise<void> {
  const saved: SavedScales = {
    features: CANDIDATE_FEATURES,
    means: [...means],
    deviations: [...deviations],
  };
  await writeFile(join(folder, SCALES), JSON.stringify(saved));
}

/** @throws Error when they are of other features */
export async function loadScales(folder: string): Promise<FeatureScales> {
  const saved = JSON.parse(await readFile(join(folder, SCALES), 'utf8')) as SavedScales;
  if (saved.features.join() !== CANDIDATE_FEATURES.join())
    throw new Error('The model was made with other item features; train it again.');
  return { means: Float32Array.from(saved.means), deviations: Float32Array.from(saved.deviations) };
}

/** Columns of the items that the rankings share with other entities. */
export function rankingIdColumns(
  { items: shared }: SharedIds,
  history: ShopHistory,
  { items, candidates }: RankingExamples,
): Record<string, ExampleColumn> {
  if (!shared) return {};
  const indexOf = shared.vocabulary.indicesOf(history.items.map(({ id }) => id));
  const values = items.map((item) => (item < 0 ? shared.vocabulary.oovIndex : indexOf[item]));
  return { candidateItems: { spec: idColumn(candidates), values } };
}
