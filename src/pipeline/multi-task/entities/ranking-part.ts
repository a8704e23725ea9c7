import { mkdir } from 'node:fs/promises';
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
  type ModelContext,
  tf,
} from '../../../nn/index.js';
import { TASK_DEFINITIONS, type TaskName } from '../../../tasks/index.js';
import type { ExportableNetwork, FitContext, Model, TrainingData } from '../../index.js';
import {
  CANDIDATE_FEATURE_COUNT,
  type ItemState,
  servedItemState,
  USER_FEATURE_COUNT,
} from '../../preprocess/index.js';
import {
  type FeatureScales,
  featureScales,
  gatherRankingExamples,
  listLoss,
  loadItemState,
  type PopulationState,
  saveItemState,
  standardiseRows,
} from '../../single-task/index.js';
import type { EntityExamples } from '../joint-rows.js';
import type { MultiTaskNetwork, NetworkInput } from '../multi-task-network.js';
import type { MultiTaskSettings } from '../settings.js';
import type { SharedIds } from '../shared-ids.js';
import { BesideUser, prefixed } from './beside-user.js';
import {
  type Answer,
  type EntityPart,
  type ExampleOrigins,
  examplesOf,
  inputsOf,
  type PartInputs,
  type PartOutputs,
} from './entity-part.js';
import { exportableCandidates } from './exportable-candidates.js';
import {
  type GatheredRankings,
  loadScales,
  rankingAnswers,
  rankingIdColumns,
  rankingUserFeatures,
  saveScales,
  scoreInBlocks,
  squaredListLoss,
  withoutBought,
} from './ranking-rows.js';
import { UserAwareRanking, type UserBeside } from './user-aware-ranking.js';
import { USER_INPUT, userInput } from './user-part.js';

const FOLDER = 'items';

/**
 * Users and the items they choose among. The candidates' rows have a small net of their own (wide and deep); the user's representation joins
 * its hidden layer, so that the ranking shares with the other tasks what is known about users.
 */
export class RankingPart implements EntityPart {
  readonly tasks = ['RECOMMENDATION'] as const;
  readonly representations = this.tasks;
  readonly input: NetworkInput;
  readonly inputColumns: BatchSpec;
  readonly beside: BesideUser;
  private network: MultiTaskNetwork | null = null;
  private scales: FeatureScales | null = null;
  private gathered: GatheredRankings | null = null;
  private served: { state: ItemState; ranking: UserAwareRanking; population: PopulationState } | null = null;
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
    this.beside = new BesideUser(ids, prefixed('ranking'));
    this.input = userInput(this.beside);
    this.inputColumns = { rankingUser: column(USER_FEATURE_COUNT), ...this.beside.spec };
  }

  /** @throws Error before training or loading */
  get ranking(): UserAwareRanking {
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
    const userRows = rankingUserFeatures(history, ranking);
    this.gathered = { history, ranking, userRows };
    return {
      count: ranking.count,
      passes: rankingPasses,
      columns: {
        rankingUser: { spec: column(USER_FEATURE_COUNT), values: userRows },
        candidateFeatures: {
          spec: column(ranking.candidates, CANDIDATE_FEATURE_COUNT),
          values: ranking.features,
        },
        bought: { spec: list, values: ranking.labels },
        isNew: { spec: list, values: ranking.isNew },
        offsets: { spec: list, values: ranking.offsets },
        ...rankingIdColumns(this.ids, history, ranking),
        ...this.beside.columns(this.beside.ofUsers(history, ranking.users, ranking.cuts)),
      },
    };
  }

  adopt(other: RankingPart): void {
    this.scales = other.scales;
    this.gathered = other.gathered;
  }

  origins(): ExampleOrigins {
    const { cuts, users } = this.known().ranking;
    return { times: cuts, users };
  }

  labels(): null {
    return null;
  }

  async ask({ items: ranker }: Model): Promise<Partial<Record<TaskName, Float32Array>>> {
    const { history, ranking, userRows } = this.known();
    const score = ranker?.scoreExamples?.bind(ranker);
    if (!score || !this.scales) return {};
    const logits = await scoreInBlocks(score, history, ranking, { ...this.scales, userRows });
    return { RECOMMENDATION: logits.map((logit, at) => logit + ranking.offsets[at]) };
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

  inputs(batch: Batch<BatchSpec>, context: ModelContext): PartInputs {
    const { items } = this.ids;
    return {
      user: this.encoderInput(inputsOf(this, batch), context),
      candidates: examplesOf(batch.candidateFeatures),
      ...(items && { items: items.lookup(examplesOf(batch.candidateItems), context) }),
    };
  }

  forward(inputs: PartInputs, batch: Batch<BatchSpec>, context: ModelContext): PartOutputs {
    const isNew = examplesOf(batch.isNew);
    const [examples, candidates] = isNew.shape;
    const rows = tf.reshape<Tensorflow.Rank.R2>(inputs.candidates, [-1, CANDIDATE_FEATURE_COUNT]);
    const { hidden } = this.settings;
    const user = this.ofUsers(inputs.user as Tensorflow.Tensor2D, context);
    const before = tf.add(
      tf.reshape(dense(rows, this.candidate), [examples, candidates, hidden]),
      tf.reshape(user.part, [examples, 1, hidden]),
    );
    const deep = dense(tf.reshape(tf.relu(before), [-1, hidden]), this.output);
    const raw = tf.reshape(tf.add(dense(rows, this.wide), deep), [examples, candidates]);
    // Products of users' tastes and candidates' embeddings.
    const likings = user.taste && tf.sum(tf.mul(inputs.items, tf.expandDims(user.taste, 1)), 2);
    const logits = tf.add(likings ? tf.add(raw, likings) : raw, examplesOf(batch.offsets));
    const fresh = tf.add(logits, withoutBought(isNew));
    return { representations: [user.values], heads: { all: logits, fresh } };
  }

  losses({ heads }: PartOutputs, batch: Batch<BatchSpec>): Record<string, Tensorflow.Scalar> {
    const bought = examplesOf(batch.bought);
    const { newShare, loss } = this.settings;
    const lossOf = loss === 'SUM_OF_SQUARED_ERRORS' ? squaredListLoss : listLoss;
    return {
      RECOMMENDATION: tf.add(
        tf.mul(lossOf(bought, heads.all), tf.scalar(1 - newShare)),
        tf.mul(lossOf(tf.mul(bought, examplesOf(batch.isNew)), heads.fresh), tf.scalar(newShare)),
      ),
    };
  }

  answers({ heads }: PartOutputs, batch: Batch<BatchSpec>): Answer[] {
    return rankingAnswers(heads, batch, this.settings.newShare);
  }

  encoderInput(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor2D {
    return this.beside.join(columns.rankingUser, columns, context);
  }

  /** What users bring to the candidates. @param inputs [users, width of the encoder's input] */
  private ofUsers(
    inputs: Tensorflow.Tensor2D,
    context: ModelContext,
  ): UserBeside & { readonly values: Tensorflow.Tensor2D } {
    if (!this.network) throw new Error('The model has no weights yet.');
    const [{ values }] = this.network.represent(USER_INPUT, inputs, this.representations, context);
    const part: Tensorflow.Tensor2D = tf.matMul(values, this.user);
    const taste = this.taste && tf.matMul<Tensorflow.Tensor2D>(values, this.taste);
    return { values, part, taste };
  }

  finish({ history, cut }: TrainingData, population: PopulationState | null): void {
    this.gathered = null;
    this.serve(servedItemState(history, cut), population);
  }

  async save(directory: string): Promise<void> {
    const { state, scales } = this.ready();
    const folder = join(directory, FOLDER);
    await mkdir(folder);
    await saveItemState(folder, state);
    await saveScales(folder, scales);
  }

  exportable(): ExportableNetwork {
    const { scales, population } = this.ready();
    return exportableCandidates({
      weights: this.network!.weights,
      ids: this.ids,
      beside: this.beside,
      userColumns: this.inputColumns,
      population,
      scales,
      layers: { wide: this.wide, candidate: this.candidate, output: this.output },
      ofUsers: (columns, context) => this.ofUsers(this.encoderInput(columns, context), context),
    });
  }

  /** @throws Error when it was made with other features */
  async restore(directory: string, population: PopulationState | null): Promise<void> {
    const folder = join(directory, FOLDER);
    this.scales = await loadScales(folder);
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
      beside: this.beside,
      ofUsers: (columns, context) => this.ofUsers(this.encoderInput(columns, context), context),
      population,
      scales: this.scales,
      state,
    });
    this.served = { state, ranking, population };
  }

  private known(): GatheredRankings {
    if (!this.gathered) throw new Error('The examples are not gathered.');
    return this.gathered;
  }

  private ready(): NonNullable<RankingPart['served']> & { scales: FeatureScales } {
    if (!this.served || !this.scales) throw new Error('The model is neither fitted nor loaded.');
    return { ...this.served, scales: this.scales };
  }
}
