import { setImmediate as yieldToLoop } from 'node:timers/promises';

import type { ItemRanker, RankedItem, RankOptions, RankReason, UserRequest } from '../../index.js';
import {
  type Affinities,
  affinities,
  ITEM_FEATURE_COUNT,
  ITEM_FEATURES,
  type ItemState,
  type UserItems,
  userItems,
} from '../../preprocess/index.js';
import { bestItems } from './best-items.js';
import { reasonOf } from './reasons.js';

const BUYERS14 = ITEM_FEATURES.indexOf('buyers14');
const BUYERS30 = ITEM_FEATURES.indexOf('buyers30');
const TREND30 = ITEM_FEATURES.indexOf('trend30');
const TREND7 = ITEM_FEATURES.indexOf('trend7');

const TURN_MS = 50;

/** Scores of all items of the state for one user who has behaviours: [items]. */
export type ScoreUser = (user: UserItems, similarity: Affinities) => Float32Array;

/** Ranks the items of a state by any way of scoring them; what all rankers share. */
export class ItemRanking implements ItemRanker {
  constructor(
    readonly state: ItemState,
    private readonly scoreUser: ScoreUser,
  ) {}

  get itemIds(): readonly string[] {
    return this.state.vocabulary.ids;
  }

  /** Lets other work of the process run now and then: a split's users take seconds. */
  async scoreItems(request: UserRequest): Promise<Float32Array> {
    const { vocabularyOf, users } = this.read(request);
    const width = request.history.items.length;
    const scores = new Float32Array(request.users.length * width).fill(-Infinity);
    let turn = Date.now();
    for (const [row, user] of users.entries()) {
      const own = this.score(user, affinities(this.state, user));
      for (let item = 0; item < width; item++) {
        const index = vocabularyOf[item];
        if (index < own.length) scores[row * width + item] = own[index];
      }
      if (Date.now() - turn < TURN_MS) continue;
      await yieldToLoop();
      turn = Date.now();
    }
    return scores;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreKnown(request: UserRequest): Promise<Float32Array> {
    const width = this.state.vocabulary.size;
    const scores = new Float32Array(request.users.length * width);
    this.read(request).users.forEach((user, row) =>
      scores.set(this.score(user, affinities(this.state, user)), row * width),
    );
    return scores;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async reasons(request: UserRequest, lists: readonly (readonly string[])[]): Promise<RankReason[][]> {
    const { vocabulary } = this.state;
    return this.read(request).users.map((user, row) =>
      lists[row].map((itemId) => reasonOf(this.state, user, vocabulary.indexOf(itemId))),
    );
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async rankItems(request: UserRequest, options: RankOptions): Promise<RankedItem[][]> {
    return this.read(request).users.map((user) => {
      const similarity = affinities(this.state, user);
      const scores = this.score(user, similarity);
      const bought = new Set(user.items.filter((_, at) => user.orders[at] > 0));
      const isAllowed = (item: number) =>
        this.isAllowed(item, options) && !(options.excludeBought && bought.has(item));
      const shares = softmax(scores);
      return bestItems(scores, options.first, isAllowed).map((item) => ({
        itemId: this.state.vocabulary.ids[item],
        score: shares[item],
        reason: reasonOf(this.state, user, item),
      }));
    });
  }

  /** Items of the same users and orders; an item that is not known, or stands alone, gets popular ones. */
  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async similarItems(itemId: string, options: RankOptions): Promise<RankedItem[]> {
    const { vocabulary } = this.state;
    const scores = new Float32Array(vocabulary.size);
    const item = vocabulary.indexOf(itemId);
    if (item !== vocabulary.oovIndex) {
      const one = affinities(this.state, singleItem(item));
      for (const sums of [one.sums[0], one.sums[2]]) sums.forEach((value, at) => (scores[at] += value / 2));
    }
    const similar = bestItems(
      scores,
      options.first,
      (at) => scores[at] > 0 && at !== item && this.isAllowed(at, options),
    );
    const shown = similar.map((at) => this.ranked(at, scores[at], { kind: 'SIMILAR', itemId }));
    const missing = options.first - shown.length;
    if (missing <= 0) return shown;
    const popularity = this.popularity();
    const chosen = new Set([...similar, item]);
    const popular = bestItems(popularity, missing, (at) => !chosen.has(at) && this.isAllowed(at, options));
    // Below every similar one, in the order of popularity.
    return [...shown, ...popular.map((at) => this.ranked(at, 0, { kind: 'POPULAR', itemId: null }))];
  }

  /** What sells more than in the weeks before; score: buyers of the last week against the weeks before, on a log scale. */
  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async trendingItems(options: RankOptions): Promise<RankedItem[]> {
    const scores = Float32Array.from({ length: this.state.vocabulary.size }, (_, item) => {
      const growth = this.feature(item, TREND7) + this.feature(item, TREND30);
      // Growth alone would show items with three buyers instead of one: reach counts as well.
      return growth + this.feature(item, BUYERS14) / 2;
    });
    return bestItems(scores, options.first, (item) => this.isAllowed(item, options)).map((item) =>
      this.ranked(item, scores[item], { kind: 'TRENDING', itemId: null }),
    );
  }

  private score(user: UserItems, similarity: Affinities): Float32Array {
    return user.items.length === 0 ? this.popularity() : this.scoreUser(user, similarity);
  }

  /** What somebody unknown gets: buyers of the last two and four weeks. */
  private popularity(): Float32Array {
    return Float32Array.from(
      { length: this.state.vocabulary.size },
      (_, item) => this.feature(item, BUYERS14) + this.feature(item, BUYERS30) / 2,
    );
  }

  private feature(item: number, column: number): number {
    return this.state.features[item * ITEM_FEATURE_COUNT + column];
  }

  private ranked(item: number, score: number, reason: RankReason): RankedItem {
    return { itemId: this.state.vocabulary.ids[item], score, reason };
  }

  private isAllowed(item: number, { allowed }: RankOptions): boolean {
    return allowed === null || allowed.has(this.state.vocabulary.ids[item]);
  }

  private read({ history, users, asOf }: UserRequest): { vocabularyOf: Int32Array; users: UserItems[] } {
    const { vocabulary } = this.state;
    const vocabularyOf = vocabulary.indicesOf(history.items.map((item) => item.id));
    return {
      vocabularyOf,
      users: Array.from(users, (user) => userItems(history, user, asOf, vocabularyOf, vocabulary.size)),
    };
  }
}

function singleItem(item: number): UserItems {
  const one = Float32Array.of(1);
  return {
    items: Int32Array.of(item),
    orders: one,
    decayed: new Float32Array(3),
    looks: new Float32Array(1),
    looksDecayed: new Float32Array(1),
    lastDays: new Float32Array(1),
    firstDays: new Float32Array(1),
    recency: one,
    orderCount: 1,
    lastOrderDays: 0,
  };
}

function softmax(scores: Float32Array): Float64Array {
  const largest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
  const powers = Float64Array.from(scores, (score) => Math.exp(score - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
