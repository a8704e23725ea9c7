import { setImmediate as yieldToLoop } from 'node:timers/promises';

import {
  BEHAVIOUR_CODE,
  type ItemRanker,
  type RankedItem,
  type RankOptions,
  type RankReason,
  type UserRequest,
} from '../../index.js';
import { type ItemState, Vocabulary } from '../../preprocess/index.js';
import { bestItems } from '../recommendation/best-items.js';
import { ItemRanking } from '../recommendation/item-ranking.js';

const TURN_MS = 50;
const { PURCHASE } = BEHAVIOUR_CODE;

/** Vectors, one an item; and how users come to theirs. The last number is the item's bias, the others are of length 1. */
export interface TowerVectors {
  /** Ids of all items, those that nobody has had to do with too. */
  readonly itemIds: readonly string[];
  /** [items × width] */
  readonly items: Float32Array;
  readonly width: number;
  /** What products are divided by. */
  readonly temperature: number;
  /** [users × width] of the request's users. */
  users(request: UserRequest): Float32Array;
}

/** Ranks items by the product of users' and items' vectors, over the whole catalogue. */
export class TowerRanking implements ItemRanker {
  private readonly vocabulary: Vocabulary;
  /** For what no vector has a part in: reasons, trends, users nobody knows. */
  private readonly plain: ItemRanking;

  constructor(
    readonly vectors: TowerVectors,
    private readonly state: ItemState,
  ) {
    this.vocabulary = new Vocabulary(vectors.itemIds);
    this.plain = new ItemRanking(state, () => new Float32Array(state.vocabulary.size));
  }

  get itemIds(): readonly string[] {
    return this.vectors.itemIds;
  }

  /** The best items by the towers alone, as indices into `itemIds`, best first. */
  nearest(
    request: UserRequest,
    first: number,
    isAllowed: (item: number) => boolean = () => true,
  ): number[][] {
    const users = this.vectors.users(request);
    return Array.from(request.users, (_, row) => bestItems(this.scoresOf(users, row), first, isAllowed));
  }

  async scoreItems(request: UserRequest): Promise<Float32Array> {
    const { history } = request;
    const width = history.items.length;
    const scores = new Float32Array(request.users.length * width).fill(-Infinity);
    const indexOf = this.vocabulary.indicesOf(history.items.map(({ id }) => id));
    // What nobody had to do with before the cut is not known then, though its vector is.
    const isKnown = history.items.map(({ id }) => this.state.vocabulary.has(id));
    const users = this.vectors.users(request);
    const strangers = await this.strangers(request);
    let turn = Date.now();
    for (let row = 0; row < request.users.length; row++) {
      const own = this.scoresOf(users, row);
      const popular = strangers.get(row);
      for (let item = 0; item < width; item++)
        if (isKnown[item]) scores[row * width + item] = popular ? popular[item] : own[indexOf[item]];
      if (Date.now() - turn < TURN_MS) continue;
      await yieldToLoop();
      turn = Date.now();
    }
    return scores;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreKnown(request: UserRequest): Promise<Float32Array> {
    const size = this.itemIds.length;
    const scores = new Float32Array(request.users.length * size);
    const users = this.vectors.users(request);
    request.users.forEach((_, row) => scores.set(this.scoresOf(users, row), row * size));
    return scores;
  }

  reasons(request: UserRequest, lists: readonly (readonly string[])[]): Promise<RankReason[][]> {
    return this.plain.reasons(request, lists);
  }

  async rankItems(request: UserRequest, options: RankOptions): Promise<RankedItem[][]> {
    const { history, asOf } = request;
    const users = this.vectors.users(request);
    const lists: RankedItem[][] = [];
    for (const [row, user] of request.users.entries()) {
      const one = { ...request, users: Int32Array.of(user) };
      const own = itemsBefore(history, user, asOf);
      if (own.seen.size === 0) {
        lists.push(...(await this.plain.rankItems(one, options)));
        continue;
      }
      const scores = this.scoresOf(users, row);
      const isAllowed = (item: number) =>
        this.isAllowed(item, options) && !(options.excludeBought && own.bought.has(this.itemIds[item]));
      const best = bestItems(scores, options.first, isAllowed).map((item) => this.itemIds[item]);
      const [reasons] = await this.plain.reasons(one, [best]);
      const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
      lists.push(
        best.map((itemId, at) => ({
          itemId,
          score: Math.exp(scores[this.vocabulary.indexOf(itemId)]) / total,
          reason: this.state.vocabulary.has(itemId) ? reasons[at] : { kind: 'FOR_YOU', itemId: null },
        })),
      );
    }
    return lists;
  }

  /** By the cosine of the items' vectors, of items that were never sold too; an unknown item gets popular ones. */
  async similarItems(itemId: string, options: RankOptions): Promise<RankedItem[]> {
    if (!this.vocabulary.has(itemId)) return this.plain.similarItems(itemId, options);
    const item = this.vocabulary.indexOf(itemId);
    const { items, width } = this.vectors;
    const own = items.slice(item * width, (item + 1) * width);
    own[width - 1] = 0;
    const cosines = products(items, own, 1);
    const isAllowed = (other: number) => other !== item && this.isAllowed(other, options);
    return bestItems(cosines, options.first, isAllowed).map((other) => ({
      itemId: this.itemIds[other],
      score: cosines[other],
      reason: { kind: 'SIMILAR', itemId },
    }));
  }

  trendingItems(options: RankOptions): Promise<RankedItem[]> {
    return this.plain.trendingItems(options);
  }

  private scoresOf(users: Float32Array, row: number): Float32Array {
    const { items, width, temperature } = this.vectors;
    return products(items, users.subarray(row * width, (row + 1) * width), 1 / temperature);
  }

  private isAllowed(item: number, { allowed }: RankOptions): boolean {
    return allowed === null || allowed.has(this.itemIds[item]);
  }

  /** Popularity for those of the request's users who have done nothing yet, by their place: [history.items] each. */
  private async strangers(request: UserRequest): Promise<Map<number, Float32Array>> {
    const { history, users, asOf } = request;
    const rows = [...users.keys()].filter((row) => itemsBefore(history, users[row], asOf).seen.size === 0);
    if (rows.length === 0) return new Map();
    const one = { ...request, users: Int32Array.of(users[rows[0]]) };
    const popular = await this.plain.scoreItems(one);
    return new Map(rows.map((row) => [row, popular]));
  }
}

/** [items] products of every item's vector with one, scaled. */
function products(items: Float32Array, vector: Float32Array, scale: number): Float32Array {
  const width = vector.length;
  const result = new Float32Array(items.length / width);
  for (let item = 0, from = 0; item < result.length; item++, from += width) {
    let sum = 0;
    for (let at = 0; at < width; at++) sum += items[from + at] * vector[at];
    result[item] = sum * scale;
  }
  return result;
}

/** Ids of what a user had to do with, and of what they bought, before a time. */
function itemsBefore(
  { behaviours, userOffsets, items }: UserRequest['history'],
  user: number,
  asOf: number,
): { seen: ReadonlySet<string>; bought: ReadonlySet<string> } {
  const seen = new Set<string>();
  const bought = new Set<string>();
  for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
    if (behaviours.occurredAt[row] >= asOf) break;
    if (behaviours.item[row] < 0) continue;
    const { id } = items[behaviours.item[row]];
    seen.add(id);
    if (behaviours.type[row] === PURCHASE) bought.add(id);
  }
  return { seen, bought };
}
