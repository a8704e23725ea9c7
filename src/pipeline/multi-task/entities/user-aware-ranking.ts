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
import type { ItemRanker, RankedItem, RankOptions, UserRequest } from '../../index.js';
import { CANDIDATE_FEATURE_COUNT, type ItemState, writeCandidates } from '../../preprocess/index.js';
import {
  type FeatureScales,
  ItemRanking,
  type PopulationState,
  scoreRows,
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
  private readonly rows: Float32Array;
  private readonly embeddings: Float32Array;
  /** [items of the state] index of the shared embedding. */
  private readonly embeddingOf: Int32Array;
  private predictor: CompiledPredictor | null = null;
  /** For what no user has a part in. */
  private readonly plain: ItemRanking;

  constructor(private readonly model: UserAwareModel) {
    this.weights = model.weights.export();
    this.rows = new Float32Array(model.state.vocabulary.size * CANDIDATE_FEATURE_COUNT);
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
    if (request.users.length === 0) return;
    const { population, scales, state } = this.model;
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
      rankingUser: population.features(request),
      ...(countries && { rankingCountry: countriesOf(countries, request.history, request.users) }),
    });
    const rowOf = (values: Float32Array, at: number) => {
      const width = values.length / request.users.length;
      return values.subarray(at * width, (at + 1) * width);
    };
    for (let at = 0; at < request.users.length; at++) {
      const head = this.headOf(rowOf(outputs.part, at));
      const taste = 'taste' in outputs ? rowOf(outputs.taste, at) : null;
      const ranking = new ItemRanking(state, (user, similarity) => {
        writeCandidates(state, user, similarity, null, this.rows);
        const scores = scoreRows(head, standardiseRows(this.rows, scales));
        return taste ? this.addLikings(scores, taste) : scores;
      });
      await visit(ranking, { ...request, users: request.users.subarray(at, at + 1) }, at);
    }
  }

  /** Adds the products of a user's taste and the items' embeddings. @param scores [items of the state] */
  private addLikings(scores: Float32Array, taste: Float32Array): Float32Array {
    for (let item = 0; item < scores.length; item++) {
      const from = this.embeddingOf[item] * taste.length;
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
