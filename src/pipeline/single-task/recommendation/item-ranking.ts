import { setImmediate as yieldToLoop } from 'node:timers/promises';

import type { ItemRanker, RankedItem, RankOptions, RankReason, UserRequest } from '../../index.js';
import {
  addNeighbours,
  type Affinities,
  affinities,
  ITEM_FEATURE_COUNT,
  ITEM_FEATURES,
  type ItemState,
  scoreCold,
  type UserItems,
  userItems,
} from '../../preprocess/index.js';
import { bestItems } from './best-items.js';
import { boughtOf, coldReasonOf, reasonOf } from './reasons.js';

const BUYERS14 = ITEM_FEATURES.indexOf('buyers14');
const BUYERS30 = ITEM_FEATURES.indexOf('buyers30');
const TREND30 = ITEM_FEATURES.indexOf('trend30');
const TREND7 = ITEM_FEATURES.indexOf('trend7');

const TURN_MS = 50;

/** Scores of all items of the state for one user who has behaviours: [items]. */
export type ScoreUser = (user: UserItems, similarity: Affinities) => Float32Array;

/** Ranks the items of a state by any way of scoring them; what all rankers share. */
export class ItemRanking implements ItemRanker {
  /** Those with behaviours, then those known by their text alone. */
  readonly itemIds: readonly string[];

  constructor(
    readonly state: ItemState,
    private readonly scoreUser: ScoreUser,
  ) {
    const { vocabulary, cold } = state;
    this.itemIds = cold.ids.length === 0 ? vocabulary.ids : [...vocabulary.ids, ...cold.ids];
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
    const width = this.itemIds.length;
    const scores = new Float32Array(request.users.length * width);
    this.read(request).users.forEach((user, row) => scores.set(this.scoreAll(user), row * width));
    return scores;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async reasons(request: UserRequest, lists: readonly (readonly string[])[]): Promise<RankReason[][]> {
    const { vocabulary, cold } = this.state;
    const reason = (user: UserItems, itemId: string) =>
      vocabulary.has(itemId)
        ? reasonOf(this.state, user, vocabulary.indexOf(itemId))
        : coldReasonOf(this.state, user, cold.ids.indexOf(itemId));
    return this.read(request).users.map((user, row) => lists[row].map((itemId) => reason(user, itemId)));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async rankItems(request: UserRequest, options: RankOptions): Promise<RankedItem[][]> {
    return this.read(request).users.map((user, row) => {
      const scores = this.scoreAll(user);
      const bought = options.excludeBought ? boughtOf(request, request.users[row]) : null;
      const isAllowed = (item: number) => this.isAllowed(item, options) && !bought?.has(this.itemIds[item]);
      const shares = softmax(scores);
      const known = this.state.vocabulary.size;
      return bestItems(scores, options.first, isAllowed).map((item) => ({
        itemId: this.itemIds[item],
        score: shares[item],
        reason:
          item < known ? reasonOf(this.state, user, item) : coldReasonOf(this.state, user, item - known),
      }));
    });
  }

  /**
   * Items of the same users and orders; where these are too few, those of a like text below them, and then popular ones, which are all that an item
   * gets of which not even the text is known.
   */
  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async similarItems(itemId: string, options: RankOptions): Promise<RankedItem[]> {
    const own = this.state.vocabulary.indexOf(itemId);
    const chosen = new Set([own]);
    const list: RankedItem[] = [];
    const add = (order: Float32Array, reason: RankReason, scoreOf: (item: number) => number) => {
      const missing = options.first - list.length;
      if (missing <= 0) return;
      const isAllowed = (at: number) => !chosen.has(at) && this.isAllowed(at, options);
      for (const item of bestItems(order, missing, isAllowed)) {
        chosen.add(item);
        list.push(this.ranked(item, scoreOf(item), reason));
      }
    };
    const together = strangersOut(this.boughtTogether(own));
    add(together, { kind: 'SIMILAR', itemId }, (item) => together[item]);
    const least = Math.min(1, list.at(-1)?.score ?? 1);
    const alike = strangersOut(this.alikeByText(itemId));
    add(alike, { kind: 'SIMILAR', itemId }, (item) => least * alike[item]);
    // Below every similar one, in the order of popularity.
    add(this.popularity(), { kind: 'POPULAR', itemId: null }, () => 0);
    return list;
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

  /** Similarity to an item by users and orders: [items of the state]; 0 for all where it has no behaviours. */
  private boughtTogether(item: number): Float32Array {
    const { state } = this;
    const scores = new Float32Array(state.vocabulary.size);
    if (item === state.vocabulary.oovIndex) return scores;
    addNeighbours(state.byUsers, item, 0.5, scores);
    addNeighbours(state.byOrders, item, 0.5, scores);
    return scores;
  }

  /** Similarity to an item by text: [items of the state]; 0 for all where its text says nothing or is not known. */
  private alikeByText(itemId: string): Float32Array {
    const { vocabulary, byTitles, cold } = this.state;
    const scores = new Float32Array(vocabulary.size);
    if (vocabulary.has(itemId)) addNeighbours(byTitles, vocabulary.indexOf(itemId), 1, scores);
    const at = vocabulary.has(itemId) ? -1 : cold.ids.indexOf(itemId);
    for (let place = at * cold.width; at >= 0 && place < (at + 1) * cold.width; place++)
      if (cold.neighbours[place] >= 0) scores[cold.neighbours[place]] = cold.similarities[place];
    return scores;
  }

  /** [itemIds] with cold items by those like them. */
  private scoreAll(user: UserItems): Float32Array {
    const { cold } = this.state;
    const known = this.score(user, affinities(this.state, user));
    if (cold.ids.length === 0) return known;
    const all = new Float32Array(this.itemIds.length);
    all.set(known);
    all.set(scoreCold(cold, known), known.length);
    return all;
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
    return { itemId: this.itemIds[item], score, reason };
  }

  private isAllowed(item: number, { allowed }: RankOptions): boolean {
    return allowed === null || allowed.has(this.itemIds[item]);
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

/** Leaves out what has no similarity. */
const strangersOut = (similarities: Float32Array) =>
  similarities.map((similarity) => (similarity > 0 ? similarity : -Infinity));

function softmax(scores: Float32Array): Float64Array {
  let largest = -Infinity;
  for (const score of scores) if (score > largest) largest = score;
  const powers = new Float64Array(scores.length);
  let sum = 0;
  for (let item = 0; item < scores.length; item++) sum += powers[item] = Math.exp(scores[item] - largest);
  for (let item = 0; item < scores.length; item++) powers[item] /= sum;
  return powers;
}
