import type * as Tensorflow from '@tensorflow/tfjs';

import {
  column,
  type CompiledPredictor,
  compilePredict,
  type ModelContext,
  type WeightSet,
  type WeightValues,
} from '../../../nn/index.js';
import type { ItemRanker, RankedItem, RankOptions, UserRequest } from '../../index.js';
import {
  CANDIDATE_FEATURE_COUNT,
  type ItemState,
  USER_FEATURE_COUNT,
  writeCandidates,
} from '../../preprocess/index.js';
import {
  type FeatureScales,
  ItemRanking,
  type PopulationState,
  scoreRows,
  standardiseRows,
} from '../../single-task/index.js';

const BATCH = { features: column(USER_FEATURE_COUNT) };

export interface UserAwareModel {
  readonly weights: WeightSet;
  /** [users, user features] → [users, hidden] */
  userPart(features: Tensorflow.Tensor, context: ModelContext): Tensorflow.Tensor2D;
  readonly population: PopulationState;
  readonly scales: FeatureScales;
  readonly state: ItemState;
}

/** Ranks by the recommendation head: an item's score depends on the user's representation as well. */
export class UserAwareRanking implements ItemRanker {
  private readonly weights: WeightValues;
  private readonly rows: Float32Array;
  private predictor: CompiledPredictor<typeof BATCH> | null = null;
  /** For what no user has a part in. */
  private readonly plain: ItemRanking;

  constructor(private readonly model: UserAwareModel) {
    this.weights = model.weights.export();
    this.rows = new Float32Array(model.state.vocabulary.size * CANDIDATE_FEATURE_COUNT);
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
      batch: BATCH,
      predict: ({ features }, context) => ({ userPart: this.model.userPart(features, context) }),
    });
    const { userPart } = this.predictor.predict({ features: population.features(request) });
    const hidden = userPart.length / request.users.length;
    for (let at = 0; at < request.users.length; at++) {
      const head = this.headOf(userPart.subarray(at * hidden, (at + 1) * hidden));
      const ranking = new ItemRanking(state, (user, similarity) => {
        writeCandidates(state, user, similarity, null, this.rows);
        return scoreRows(head, standardiseRows(this.rows, scales));
      });
      await visit(ranking, { ...request, users: request.users.subarray(at, at + 1) }, at);
    }
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
