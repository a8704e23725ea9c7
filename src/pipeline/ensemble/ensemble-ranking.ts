import {
  type HistoryItem,
  type ItemRanker,
  type RankedItem,
  type RankOptions,
  type RankReason,
  type UserRequest,
} from '../index.js';
import { bestItems, boughtOf } from '../single-task/index.js';
import { type Combination, memberWeights } from './combination.js';
import { combineScores } from './combine.js';

/**
 * Several rankers as one. What is served is what is measured: lists are read off the members' scores of all items, combined as they are
 * for evaluation, never fused from short lists.
 */
export class EnsembleRanking implements ItemRanker {
  /** Items that no request's own history need hold. */
  private readonly known: readonly HistoryItem[];
  /** Whether all members score the same items in the same order, and can without a history that holds them. */
  private readonly isAlike: boolean;
  /** Where all members can. */
  readonly scoreExamples?: ItemRanker['scoreExamples'];

  constructor(
    private readonly rankers: readonly ItemRanker[],
    private readonly combination: Combination,
  ) {
    this.known = this.itemIds.map(itemOfId);
    this.isAlike = rankers.every(
      (ranker) =>
        'scoreKnown' in ranker &&
        ranker.itemIds.length === this.itemIds.length &&
        ranker.itemIds.every((id, at) => id === this.itemIds[at]),
    );
    if (rankers.every((ranker) => typeof ranker.scoreExamples === 'function'))
      this.scoreExamples = async (examples) => {
        const members = await Promise.all(rankers.map((ranker) => ranker.scoreExamples!(examples)));
        return combineScores(members, examples.candidates, combination);
      };
  }

  get itemIds(): readonly string[] {
    return this.rankers[0].itemIds;
  }

  async scoreItems(request: UserRequest): Promise<Float32Array> {
    const members = await Promise.all(this.rankers.map((ranker) => ranker.scoreItems(request)));
    return combineScores(members, request.history.items.length, this.combination);
  }

  async scoreKnown(request: UserRequest): Promise<Float32Array> {
    const members = await this.knownScores(request);
    return combineScores(members, this.itemIds.length, this.combination);
  }

  async rankItems(request: UserRequest, options: RankOptions): Promise<RankedItem[][]> {
    if (this.rankers.length === 1 && !this.combination.calibration)
      return this.rankers[0].rankItems(request, options);
    const width = this.itemIds.length;
    const scores = await this.scoreKnown(request);
    const lists = Array.from(request.users, (user, row) => {
      const own = scores.subarray(row * width, (row + 1) * width);
      const bought = options.excludeBought ? boughtOf(request, user) : null;
      const isAllowed = (item: number) =>
        (options.allowed === null || options.allowed.has(this.itemIds[item])) &&
        !bought?.has(this.itemIds[item]);
      const share = softmaxOf(own);
      return bestItems(own, options.first, isAllowed).map((item) => ({
        itemId: this.itemIds[item],
        score: share(own[item]),
      }));
    });
    const reasons = await this.reasons(
      request,
      lists.map((list) => list.map(({ itemId }) => itemId)),
    );
    return lists.map((list, row) => list.map((item, at) => ({ ...item, reason: reasons[row][at] })));
  }

  /** Why the strongest member would show the items. */
  async reasons(request: UserRequest, lists: readonly (readonly string[])[]): Promise<RankReason[][]> {
    const strongest = this.strongest();
    if (strongest.reasons) return strongest.reasons(request, lists);
    const allowed = new Set(lists.flat());
    const options = { first: allowed.size, allowed, excludeBought: false };
    const ranked = await strongest.rankItems(request, options);
    return lists.map((list, row) => {
      const reasonOf = new Map(ranked[row].map(({ itemId, reason }) => [itemId, reason]));
      return list.map((itemId) => reasonOf.get(itemId) ?? FOR_YOU);
    });
  }

  similarItems(itemId: string, options: RankOptions): Promise<RankedItem[]> {
    return this.strongest().similarItems(itemId, options);
  }

  trendingItems(options: RankOptions): Promise<RankedItem[]> {
    return this.strongest().trendingItems(options);
  }

  /**
   * Members' scores in the order of the ranker's items, so that equal scores are ordered as they are when they are measured:
   * [members][users × itemIds.length].
   */
  private async knownScores(request: UserRequest): Promise<Float32Array[]> {
    if (this.isAlike) return Promise.all(this.rankers.map((ranker) => ranker.scoreKnown!(request)));
    const { history, places } = withItems(request.history, this.known);
    const members = await Promise.all(
      this.rankers.map((ranker) => ranker.scoreItems({ ...request, history })),
    );
    return members.map((member) => takeColumns(member, history.items.length, places));
  }

  private strongest(): ItemRanker {
    const own = memberWeights(this.combination);
    return this.rankers[own.indexOf(Math.max(...own))];
  }
}

const FOR_YOU: RankReason = { kind: 'FOR_YOU', itemId: null };

/** Rankers know their items by the id alone. */
const itemOfId = (id: string): HistoryItem => ({
  id,
  title: id,
  category: [],
  price: Number.NaN,
  available: true,
  attributes: {},
});

/** The history with items appended that it does not hold, and the place of each of `known` in it. */
function withItems(
  history: UserRequest['history'],
  known: readonly HistoryItem[],
): { history: UserRequest['history']; places: Int32Array } {
  const placeOf = new Map(history.items.map(({ id }, place) => [id, place]));
  const items = [...history.items];
  const places = Int32Array.from(known, (item) => placeOf.get(item.id) ?? items.push(item) - 1);
  return { history: { ...history, items }, places };
}

/** Some columns of a table of rows of `width` values. */
function takeColumns(values: Float32Array, width: number, columns: Int32Array): Float32Array {
  const taken = new Float32Array((values.length / width) * columns.length);
  for (let row = 0; row < values.length / width; row++)
    columns.forEach((column, at) => (taken[row * columns.length + at] = values[row * width + column]));
  return taken;
}

/** Probability of a score among all: the scores are on the scale of log-probabilities. */
function softmaxOf(scores: Float32Array): (score: number) => number {
  let highest = -Infinity;
  for (const score of scores) if (score > highest) highest = score;
  let total = 0;
  for (const score of scores) total += Math.exp(score - highest);
  return (score) => Math.exp(score - highest) / total;
}
