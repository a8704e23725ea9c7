import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type Batch,
  type BatchSpec,
  type CompiledPredictor,
  compilePredict,
  type ModelContext,
  type WeightSet,
  type WeightValues,
} from '../../../nn/index.js';
import type {
  ItemRanker,
  RankedItem,
  RankingExampleRows,
  RankOptions,
  RankReason,
  UserRequest,
} from '../../index.js';
import { CANDIDATE_FEATURE_COUNT, type ItemState } from '../../preprocess/index.js';
import {
  CandidateScorer,
  type FeatureScales,
  ItemRanking,
  type PopulationState,
  scoreRows,
  type ScoreUser,
  standardiseRows,
} from '../../single-task/index.js';
import { countriesOf, type SharedIds } from '../shared-ids.js';

/** What a user brings to the scores of the candidates. */
export interface UserBeside {
  /** [users, hidden], added to the bias of the candidates' hidden layer. */
  readonly part: Tensorflow.Tensor2D;
  /** [users, width of the items' embeddings]; null where they are not shared. */
  readonly taste: Tensorflow.Tensor2D | null;
}

/** The head's weights for one user. */
interface UserPart {
  /** [hidden] */
  readonly part: Float32Array;
  /** [width of the items' embeddings] */
  readonly taste: Float32Array | null;
}

export interface UserAwareModel {
  readonly weights: WeightSet;
  readonly inputColumns: BatchSpec;
  readonly ids: SharedIds;
  /** @param columns those of `inputColumns` */
  ofUsers(columns: Batch<BatchSpec>, context: ModelContext): UserBeside;
  readonly population: PopulationState;
  readonly scales: FeatureScales;
  readonly state: ItemState;
}

/** Ranks by the recommendation head: an item's score depends on the user's representation as well. */
export class UserAwareRanking implements ItemRanker {
  private readonly weights: WeightValues;
  private readonly scorer: CandidateScorer;
  private readonly embeddings: Float32Array;
  /** [items of the state] index of the shared embedding. */
  private readonly embeddingOf: Int32Array;
  private predictor: CompiledPredictor | null = null;
  /** For what no user has a part in. */
  private readonly plain: ItemRanking;

  constructor(private readonly model: UserAwareModel) {
    this.weights = model.weights.export();
    this.scorer = new CandidateScorer(model.state, model.scales, this.weights);
    const { items } = model.ids;
    this.embeddings = items?.values ?? new Float32Array(0);
    this.embeddingOf = items?.vocabulary.indicesOf(model.state.vocabulary.ids) ?? new Int32Array(0);
    this.plain = new ItemRanking(model.state, () => new Float32Array(model.state.vocabulary.size));
  }

  get itemIds(): readonly string[] {
    return this.model.state.vocabulary.ids;
  }

  async scoreItems(request: UserRequest): Promise<Float32Array> {
    const width = request.history.items.length;
    const scores = new Float32Array(request.users.length * width);
    await this.eachUser(request, async (ranking, one, at) => {
      scores.set(await ranking.scoreItems(one), at * width);
    });
    return scores;
  }

  async scoreKnown(request: UserRequest): Promise<Float32Array> {
    const width = this.model.state.vocabulary.size;
    const scores = new Float32Array(request.users.length * width);
    await this.eachUser(request, async (ranking, one, at) => {
      scores.set(await ranking.scoreKnown(one), at * width);
    });
    return scores;
  }

  reasons(request: UserRequest, lists: readonly (readonly string[])[]): Promise<RankReason[][]> {
    return this.plain.reasons(request, lists);
  }

  async rankItems(request: UserRequest, options: RankOptions): Promise<RankedItem[][]> {
    const lists: RankedItem[][] = [];
    await this.eachUser(request, async (ranking, one) => {
      lists.push(...(await ranking.rankItems(one, options)));
    });
    return lists;
  }

  similarItems(itemId: string, options: RankOptions): Promise<RankedItem[]> {
    return this.plain.similarItems(itemId, options);
  }

  trendingItems(options: RankOptions): Promise<RankedItem[]> {
    return this.plain.trendingItems(options);
  }

  dispose(): void {
    this.predictor?.dispose();
    this.predictor = null;
  }

  private async eachUser(
    request: UserRequest,
    visit: (ranking: ItemRanking, one: UserRequest, at: number) => Promise<void>,
  ): Promise<void> {
    const scorers = this.scorers(request);
    for (const [at, scorer] of scorers.entries()) {
      const ranking = new ItemRanking(this.model.state, scorer);
      await visit(ranking, { ...request, users: request.users.subarray(at, at + 1) }, at);
    }
  }

  /** How each of the request's users scores the items of the state. */
  scorers(request: UserRequest): ScoreUser[] {
    const { population } = this.model;
    const heads = this.heads(request, () => population.features(request));
    return heads.map(({ part, taste }) => (user, similarity) => {
      const scores = this.scorer.score(user, similarity, part);
      return taste ? this.addLikings(scores, taste, this.embeddingOf) : scores;
    });
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreExamples(examples: RankingExampleRows): Promise<Float32Array> {
    const { history, candidates, candidateFeatures, items } = examples;
    const { vocabulary } = this.model.ids.items ?? this.model.state;
    const embeddingOf = vocabulary.indicesOf(history.items.map(({ id }) => id));
    const scores = new Float32Array(items.length);
    this.heads(examples, () => examples.features).forEach((head, at) => {
      const [from, to] = [at * candidates, (at + 1) * candidates];
      const rows = candidateFeatures.slice(from * CANDIDATE_FEATURE_COUNT, to * CANDIDATE_FEATURE_COUNT);
      const embedded = Int32Array.from(items.subarray(from, to), (item) => embeddingOf[item] ?? 0);
      scores.set(this.scoreBy(head, rows, embedded), from);
    });
    return scores;
  }

  private heads(
    { history, users }: Pick<UserRequest, 'history' | 'users'>,
    features: () => Float32Array,
  ): UserPart[] {
    if (users.length === 0) return [];
    this.predictor ??= compilePredict({
      weights: this.model.weights,
      batch: this.model.inputColumns,
      predict: (columns, context) => {
        const { part, taste } = this.model.ofUsers(columns, context);
        const outputs: Record<string, Tensorflow.Tensor> = { part, ...(taste && { taste }) };
        return outputs;
      },
    });
    const { countries } = this.model.ids;
    const outputs = this.predictor.predict({
      rankingUser: features(),
      ...(countries && { rankingCountry: countriesOf(countries, history, users) }),
    });
    const rowOf = (values: Float32Array, at: number) => {
      const width = values.length / users.length;
      return values.slice(at * width, (at + 1) * width);
    };
    return Array.from(users, (_, at) => ({
      part: rowOf(outputs.part, at),
      taste: 'taste' in outputs ? rowOf(outputs.taste, at) : null,
    }));
  }

  /** @param rows not standardised; standardised in place. @param embeddingOf [rows] index of the shared embedding */
  private scoreBy({ part, taste }: UserPart, rows: Float32Array, embeddingOf: Int32Array): Float32Array {
    const scores = scoreRows(this.headOf(part), standardiseRows(rows, this.model.scales));
    return taste ? this.addLikings(scores, taste, embeddingOf) : scores;
  }

  /** Adds the products of a user's taste and the items' embeddings. @param scores [rows] */
  private addLikings(scores: Float32Array, taste: Float32Array, embeddingOf: Int32Array): Float32Array {
    for (let item = 0; item < scores.length; item++) {
      const from = embeddingOf[item] * taste.length;
      for (let at = 0; at < taste.length; at++) scores[item] += taste[at] * this.embeddings[from + at];
    }
    return scores;
  }

  /** The head's weights for one user, by the names that scoreRows reads. @param userPart [hidden] */
  private headOf(userPart: Float32Array): WeightValues {
    const { shape, values } = this.weights['hidden/bias'];
    return {
      ...this.weights,
      'hidden/bias': { shape, values: values.map((value, unit) => value + userPart[unit]) },
    };
  }
}
