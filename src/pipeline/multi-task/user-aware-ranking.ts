import type { WeightValues } from '../../nn/index.js';
import type { ItemRanker, RankedItem, RankOptions, UserRequest } from '../index.js';
import { CANDIDATE_FEATURE_COUNT, type ItemState, writeCandidates } from '../preprocess/index.js';
import {
  type FeatureScales,
  ItemRanking,
  type PopulationState,
  scoreRows,
  standardiseRows,
} from '../single-task/index.js';
import { headOfUser, type SharedBottomNetwork } from './shared-bottom-network.js';

/** Ranks by the recommendation head: an item's score depends on the shared bottom's view of the user as well. */
export class UserAwareRanking implements ItemRanker {
  private readonly weights: WeightValues;
  private readonly rows: Float32Array;
  /** For what no user has a part in. */
  private readonly plain: ItemRanking;

  constructor(
    private readonly model: {
      readonly network: SharedBottomNetwork;
      readonly population: PopulationState;
      readonly scales: FeatureScales;
      readonly state: ItemState;
    },
  ) {
    this.weights = model.network.weights.export();
    this.rows = new Float32Array(model.state.vocabulary.size * CANDIDATE_FEATURE_COUNT);
    this.plain = new ItemRanking(model.state, () => new Float32Array(model.state.vocabulary.size));
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

  private async eachUser(
    request: UserRequest,
    visit: (ranking: ItemRanking, one: UserRequest, at: number) => Promise<void>,
  ): Promise<void> {
    const { network, population, scales, state } = this.model;
    const { userPart } = network.predict(population.features(request));
    const hidden = userPart.length / Math.max(1, request.users.length);
    for (let at = 0; at < request.users.length; at++) {
      const head = headOfUser(this.weights, userPart.subarray(at * hidden, (at + 1) * hidden));
      const ranking = new ItemRanking(state, (user, similarity) => {
        writeCandidates(state, user, similarity, null, this.rows);
        return scoreRows(head, standardiseRows(this.rows, scales));
      });
      await visit(ranking, { ...request, users: request.users.subarray(at, at + 1) }, at);
    }
  }
}
