import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type * as Tensorflow from '@tensorflow/tfjs';

import { tooFewData } from '../../../errors.js';
import {
  type Batch,
  type BatchSpec,
  column,
  dense,
  type DenseWeights,
  glorotUniform,
  idColumn,
  type ModelContext,
  tf,
} from '../../../nn/index.js';
import { TASK_DEFINITIONS } from '../../../tasks/index.js';
import type { FitContext, ItemRanker, ShopHistory, TrainingData } from '../../index.js';
import {
  CANDIDATE_FEATURE_COUNT,
  CANDIDATE_FEATURES,
  type ItemState,
  itemState,
  USER_FEATURE_COUNT,
  userFeatures,
  userPopulation,
} from '../../preprocess/index.js';
import {
  type FeatureScales,
  featureScales,
  gatherRankingExamples,
  listLoss,
  loadItemState,
  MASKED_LOGIT,
  type PopulationState,
  type RankingExamples,
  saveItemState,
  standardiseRows,
} from '../../single-task/index.js';
import type { EntityExamples, ExampleColumn } from '../joint-rows.js';
import type { MultiTaskNetwork, NetworkInput } from '../multi-task-network.js';
import type { MultiTaskSettings } from '../settings.js';
import { countriesOf, type SharedIds } from '../shared-ids.js';
import { type EntityPart, examplesOf, inputsOf } from './entity-part.js';
import { UserAwareRanking, type UserBeside } from './user-aware-ranking.js';
import { USER_INPUT, userInput } from './user-part.js';

const FOLDER = 'items';
const SCALES = 'scales.json';

/**
 * Users and the items they choose among. The candidates' rows have a small net of their own (wide and deep); the user's representation joins
 * its hidden layer, so that the ranking shares with the other tasks what is known about users.
 */
export class RankingPart implements EntityPart {
  readonly tasks = ['RECOMMENDATION'] as const;
  readonly representations = this.tasks;
  readonly input: NetworkInput;
  readonly inputColumns: BatchSpec;
  private network: MultiTaskNetwork | null = null;
  private scales: FeatureScales | null = null;
  private served: { state: ItemState; ranking: UserAwareRanking } | null = null;
  private wide: DenseWeights;
  private candidate: DenseWeights;
  private user: Tensorflow.Variable;
  private output: DenseWeights;
  /** What a user likes, in the terms of the items' shared embeddings. */
  private taste: Tensorflow.Tensor2D | null = null;

  constructor(
    private readonly settings: MultiTaskSettings,
    private readonly ids: SharedIds,
  ) {
    this.input = userInput(ids);
    this.inputColumns = {
      rankingUser: column(USER_FEATURE_COUNT),
      ...(ids.countries && { rankingCountry: idColumn() }),
    };
  }

  /** @throws Error before training or loading */
  get ranking(): ItemRanker {
    return this.ready().ranking;
  }

  async gather({ history, cut }: TrainingData, { seed, signal }: FitContext): Promise<EntityExamples> {
    const { cuts, candidates, rankingPasses } = this.settings;
    const ranking = await gatherRankingExamples(history, cut, seed, { cuts, candidates }, signal);
    const { minExamples } = TASK_DEFINITIONS.RECOMMENDATION;
    if (ranking.count < minExamples)
      throw tooFewData('Users who bought again, to learn from', ranking.count, minExamples);
    this.scales = featureScales(ranking);
    standardiseRows(ranking.features, this.scales);
    const list = column(ranking.candidates);
    return {
      count: ranking.count,
      passes: rankingPasses,
      columns: {
        rankingUser: { spec: column(USER_FEATURE_COUNT), values: rankingUserFeatures(history, ranking) },
        candidateFeatures: {
          spec: column(ranking.candidates, CANDIDATE_FEATURE_COUNT),
          values: ranking.features,
        },
        bought: { spec: list, values: ranking.labels },
        isNew: { spec: list, values: ranking.isNew },
        offsets: { spec: list, values: ranking.offsets },
        ...this.idColumns(history, ranking),
      },
    };
  }

  build(network: MultiTaskNetwork): void {
    this.network = network;
    const { weights, width } = network;
    const { hidden } = this.settings;
    this.wide = weights.dense('wide', CANDIDATE_FEATURE_COUNT, 1, glorotUniform);
    this.candidate = weights.dense('hidden', CANDIDATE_FEATURE_COUNT, hidden);
    this.user = weights.weight('user', [width, hidden]);
    this.output = weights.dense('output', hidden, 1, glorotUniform);
    const { items } = this.ids;
    this.taste = items
      ? (weights.weight('head/RECOMMENDATION/taste', [
          width,
          items.width,
        ]) as Tensorflow.Variable<Tensorflow.Rank.R2>)
      : null;
  }

  losses(batch: Batch<BatchSpec>, context: ModelContext): Record<string, Tensorflow.Scalar> {
    const bought = examplesOf(batch.bought);
    const isNew = examplesOf(batch.isNew);
    const [examples, candidates] = bought.shape;
    const rows = tf.reshape(batch.candidateFeatures, [-1, CANDIDATE_FEATURE_COUNT]);
    const { hidden, newShare, loss } = this.settings;
    const user = this.ofUsers(this.encoderInput(inputsOf(this, batch), context), context);
    const before = tf.add(
      tf.reshape(dense(rows, this.candidate), [examples, candidates, hidden]),
      tf.reshape(user.part, [examples, 1, hidden]),
    );
    const deep = dense(tf.reshape(tf.relu(before), [-1, hidden]), this.output);
    const raw = tf.reshape(tf.add(dense(rows, this.wide), deep), [examples, candidates]);
    const logits = tf.add(
      user.taste ? tf.add(raw, this.likings(user.taste, batch, context)) : raw,
      examplesOf(batch.offsets),
    );
    const newLogits = tf.add(logits, tf.mul(tf.sub(tf.scalar(1), isNew), tf.scalar(MASKED_LOGIT)));
    const lossOf = loss === 'SUM_OF_SQUARED_ERRORS' ? squaredListLoss : listLoss;
    return {
      RECOMMENDATION: tf.add(
        tf.mul(lossOf(bought, logits), tf.scalar(1 - newShare)),
        tf.mul(lossOf(tf.mul(bought, isNew), newLogits), tf.scalar(newShare)),
      ),
    };
  }

  encoderInput(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor2D {
    const { rankingUser, rankingCountry } = columns;
    const { countries } = this.ids;
    return countries
      ? countries.beside(rankingUser, rankingCountry, context)
      : (rankingUser as Tensorflow.Tensor2D);
  }

  /** What users bring to the candidates. @param inputs [users, width of the encoder's input] */
  private ofUsers(inputs: Tensorflow.Tensor2D, context: ModelContext): UserBeside {
    if (!this.network) throw new Error('The model has no weights yet.');
    const [{ values }] = this.network.represent(USER_INPUT, inputs, this.representations, context);
    const part: Tensorflow.Tensor2D = tf.matMul(values, this.user);
    if (!this.taste) return { part, taste: null };
    const taste: Tensorflow.Tensor2D = tf.matMul(values, this.taste);
    return { part, taste };
  }

  /** Products of users' tastes and candidates' embeddings: [examples, candidates]. */
  private likings(
    taste: Tensorflow.Tensor2D,
    batch: Batch<BatchSpec>,
    context: ModelContext,
  ): Tensorflow.Tensor {
    const embedded = this.ids.items!.lookup(examplesOf(batch.candidateItems), context);
    return tf.sum(tf.mul(embedded, tf.expandDims(taste, 1)), 2);
  }

  private idColumns(history: ShopHistory, { items, users, candidates }: RankingExamples) {
    const columns: Record<string, ExampleColumn> = {};
    const { items: shared, countries } = this.ids;
    if (shared) {
      const indexOf = shared.vocabulary.indicesOf(history.items.map(({ id }) => id));
      const values = items.map((item) => (item < 0 ? shared.vocabulary.oovIndex : indexOf[item]));
      columns.candidateItems = { spec: idColumn(candidates), values };
    }
    if (countries)
      columns.rankingCountry = { spec: idColumn(), values: countriesOf(countries, history, users) };
    return columns;
  }

  finish({ history, cut }: TrainingData, population: PopulationState | null): void {
    this.serve(itemState(history, cut), population);
  }

  async save(directory: string): Promise<void> {
    const { state, scales } = this.ready();
    const folder = join(directory, FOLDER);
    await mkdir(folder);
    await saveItemState(folder, state);
    const saved: SavedScales = {
      features: CANDIDATE_FEATURES,
      means: [...scales.means],
      deviations: [...scales.deviations],
    };
    await writeFile(join(folder, SCALES), JSON.stringify(saved));
  }

  /** @throws Error when it was made with other features */
  async restore(directory: string, population: PopulationState | null): Promise<void> {
    const folder = join(directory, FOLDER);
    const saved = JSON.parse(await readFile(join(folder, SCALES), 'utf8')) as SavedScales;
    if (saved.features.join() !== CANDIDATE_FEATURES.join())
      throw new Error('The model was made with other item features; train it again.');
    this.scales = { means: Float32Array.from(saved.means), deviations: Float32Array.from(saved.deviations) };
    this.serve(await loadItemState(folder), population);
  }

  dispose(): void {
    this.served?.ranking.dispose();
    this.served = null;
  }

  private serve(state: ItemState, population: PopulationState | null): void {
    if (!this.network || !this.scales || !population)
      throw new Error('The model is neither fitted nor loaded.');
    const ranking = new UserAwareRanking({
      weights: this.network.weights,
      inputColumns: this.inputColumns,
      ids: this.ids,
      ofUsers: (columns, context) => this.ofUsers(this.encoderInput(columns, context), context),
      population,
      scales: this.scales,
      state,
    });
    this.served = { state, ranking };
  }

  private ready(): { state: ItemState; ranking: UserAwareRanking; scales: FeatureScales } {
    if (!this.served || !this.scales) throw new Error('The model is neither fitted nor loaded.');
    return { ...this.served, scales: this.scales };
  }
}

interface SavedScales {
  readonly features: readonly string[];
  readonly means: number[];
  readonly deviations: number[];
}

/** Features of each ranking example's user, standardised among the users of the same cut. */
function rankingUserFeatures(history: ShopHistory, ranking: RankingExamples): Float32Array {
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
function squaredListLoss(labels: Tensorflow.Tensor, logits: Tensorflow.Tensor): Tensorflow.Scalar {
  const shares = tf.div(labels, tf.maximum(tf.sum(labels, 1, true), tf.scalar(1)));
  return tf.mean<Tensorflow.Scalar>(tf.sum(tf.square(tf.sub(shares, tf.softmax(logits))), 1));
}
