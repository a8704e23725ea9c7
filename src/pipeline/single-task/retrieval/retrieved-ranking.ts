import type { ItemRanker, RankedItem, RankOptions, RankReason, UserRequest } from '../../index.js';
import {
  affinities,
  CANDIDATE_FEATURE_COUNT,
  NO_COLD_ITEMS,
  type UserItems,
  userItems,
  writeCandidates,
} from '../../preprocess/index.js';
import { bestItems } from '../recommendation/best-items.js';
import { ItemRanking } from '../recommendation/item-ranking.js';
import type { TowerRanking } from './tower-ranking.js';

/** What lies between the ranked candidates and all other items. */
const BELOW_CANDIDATES = 1e6;

/** Candidates of one user, as indices into the ranker's items, with their scores. */
interface Candidates {
  readonly items: Int32Array;
  readonly scores: Float32Array;
}

/** Ranks what the towers retrieve, and what the user had before, by the ranker; everything else stays below, by the towers. */
export class RetrievedRanking implements ItemRanker {
  private readonly plain: ItemRanking;
  /** [items of the ranker] index of the tower's vector. */
  private readonly vectorOf: Int32Array;
  private readonly itemOf: Int32Array;

  /** @param retrieved candidates a user */
  constructor(
    readonly towers: TowerRanking,
    private readonly ranker: ItemRanking & Required<Pick<ItemRanker, 'scoreExamples'>>,
    private readonly retrieved: number,
  ) {
    const { vocabulary } = ranker.state;
    // The towers place items without behaviours by themselves.
    const state = { ...ranker.state, cold: NO_COLD_ITEMS };
    this.plain = new ItemRanking(state, () => new Float32Array(vocabulary.size));
    this.itemOf = vocabulary.indicesOf(towers.itemIds);
    this.vectorOf = new Int32Array(vocabulary.size);
    this.itemOf.forEach((item, vector) => {
      if (item < vocabulary.size) this.vectorOf[item] = vector;
    });
  }

  /** Those that somebody had to do with: the ranker has no features of others. */
  get itemIds(): readonly string[] {
    return this.ranker.state.vocabulary.ids;
  }

  async scoreItems(request: UserRequest): Promise<Float32Array> {
    const { items } = request.history;
    const known = await this.scoreKnown(request);
    const size = this.itemIds.length;
    const indexOf = this.ranker.state.vocabulary.indicesOf(items.map(({ id }) => id));
    const scores = new Float32Array(request.users.length * items.length).fill(-Infinity);
    for (let row = 0; row < request.users.length; row++)
      indexOf.forEach((item, at) => {
        if (item < size) scores[row * items.length + at] = known[row * size + item];
      });
    return scores;
  }

  async scoreKnown(request: UserRequest): Promise<Float32Array> {
    const size = this.itemIds.length;
    const all = await this.towers.scoreKnown(request);
    const vectors = this.towers.itemIds.length;
    const scores = new Float32Array(request.users.length * size);
    for (const [row, candidates] of (await this.candidates(request)).entries()) {
      const own = scores.subarray(row * size, (row + 1) * size);
      if (candidates === null) {
        const one = { ...request, users: request.users.subarray(row, row + 1) };
        own.set((await this.plain.scoreKnown(one)).subarray(0, size));
        continue;
      }
      this.vectorOf.forEach((vector, item) => (own[item] = all[row * vectors + vector] - BELOW_CANDIDATES));
      candidates.items.forEach((item, at) => (own[item] = candidates.scores[at]));
    }
    return scores;
  }

  reasons(request: UserRequest, lists: readonly (readonly string[])[]): Promise<RankReason[][]> {
    return this.plain.reasons(request, lists);
  }

  async rankItems(request: UserRequest, options: RankOptions): Promise<RankedItem[][]> {
    const { vocabulary } = this.ranker.state;
    const lists: RankedItem[][] = [];
    for (const [row, found] of (await this.candidates(request, options)).entries()) {
      const one = { ...request, users: request.users.subarray(row, row + 1) };
      if (found === null) {
        lists.push(...(await this.plain.rankItems(one, options)));
        continue;
      }
      const best = bestItems(found.scores, options.first, () => true);
      const ids = best.map((at) => vocabulary.ids[found.items[at]]);
      const [reasons] = await this.plain.reasons(one, [ids]);
      const highest = best.length > 0 ? found.scores[best[0]] : 0;
      const total = found.scores.reduce((sum, score) => sum + Math.exp(score - highest), 0);
      lists.push(
        best.map((at, place) => ({
          itemId: ids[place],
          score: Math.exp(found.scores[at] - highest) / total,
          reason: reasons[place],
        })),
      );
    }
    return lists;
  }

  similarItems(itemId: string, options: RankOptions): Promise<RankedItem[]> {
    return this.towers.similarItems(itemId, options);
  }

  trendingItems(options: RankOptions): Promise<RankedItem[]> {
    return this.plain.trendingItems(options);
  }

  /** By user; null for one who has had to do with nothing yet. */
  private async candidates(request: UserRequest, options?: RankOptions): Promise<(Candidates | null)[]> {
    const { history, users, asOf } = request;
    const { state } = this.ranker;
    const { vocabulary } = state;
    const vocabularyOf = vocabulary.indicesOf(history.items.map(({ id }) => id));
    const found: (Candidates | null)[] = [];
    for (const [row, user] of users.entries()) {
      const own = userItems(history, user, asOf, vocabularyOf, vocabulary.size);
      if (own.items.length === 0) {
        found.push(null);
        continue;
      }
      const one = { ...request, users: users.subarray(row, row + 1) };
      const isAllowed = allowedFor(own, vocabulary.ids, options);
      const [nearest] = this.towers.nearest(one, this.retrieved, (vector) => {
        const item = this.itemOf[vector];
        return item < vocabulary.size && isAllowed(item);
      });
      const before = own.items.filter(isAllowed);
      const items = Int32Array.from(new Set([...before, ...nearest.map((vector) => this.itemOf[vector])]));
      const rows = new Float32Array(items.length * CANDIDATE_FEATURE_COUNT);
      writeCandidates(state, own, affinities(state, own), items, rows);
      const scores = await this.ranker.scoreExamples({
        history,
        users: one.users,
        times: Float64Array.of(asOf),
        features: new Float32Array(0),
        candidates: items.length,
        items,
        candidateFeatures: rows,
      });
      found.push({ items, scores });
    }
    return found;
  }
}

/** Which items a user may be shown. */
function allowedFor(
  own: UserItems,
  ids: readonly string[],
  options: RankOptions | undefined,
): (item: number) => boolean {
  const bought = new Set(options?.excludeBought ? own.items.filter((_, at) => own.orders[at] > 0) : []);
  const allowed = options?.allowed ?? null;
  return (item) => !bought.has(item) && (allowed === null || allowed.has(ids[item]));
}
