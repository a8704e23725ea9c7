import type { ItemRanker, RankedItem, RankOptions, RankReason, UserRequest } from '../../index.js';
import type { ItemState } from '../../preprocess/index.js';
import { ItemRanking, type ScoreUser } from '../../single-task/index.js';

/** Ranks the items of a state for users who each score them in a way of their own. */
export class UserRanking implements ItemRanker {
  /** For what no user has a part in. */
  private readonly plain: ItemRanking;

  /** @param scorersOf how each of a request's users scores the items of the state */
  constructor(
    readonly state: ItemState,
    private readonly scorersOf: (request: UserRequest) => readonly ScoreUser[],
  ) {
    this.plain = new ItemRanking(state, () => new Float32Array(state.vocabulary.size));
  }

  get itemIds(): readonly string[] {
    return this.plain.itemIds;
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
    const width = this.itemIds.length;
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

  private async eachUser(
    request: UserRequest,
    visit: (ranking: ItemRanking, one: UserRequest, at: number) => Promise<void>,
  ): Promise<void> {
    for (const [at, scorer] of this.scorersOf(request).entries()) {
      const ranking = new ItemRanking(this.state, scorer);
      await visit(ranking, { ...request, users: request.users.subarray(at, at + 1) }, at);
    }
  }
}
