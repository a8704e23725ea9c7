import { categoryLifts } from './category-shares.js';
import { addNeighbours, addNeighboursTwice } from './co-occurrence.js';
import type { ItemState } from './item-state.js';
import { tasteLifts } from './taste-mixture.js';
import { titleMatches } from './title-vectors.js';
import type { UserItems } from './user-items.js';

/** Sums of the similarities of an item to the user's; features are their logarithms. */
export const AFFINITY_FEATURES = [
  'byUsers',
  'byUsersRecent',
  'byOrders',
  'byOrdersRecent',
  'byRecentUsers',
  'byTitles',
  'byTitlesRecent',
] as const;

/** How an item suits all that the user has, taken together; features as they are. */
export const MATCH_FEATURES = ['titleMatch', 'titleMatchRecent', 'categoryLift', 'tasteLift'] as const;

/** How every item goes with what a user has, by kind. */
export interface Affinities {
  /** By kind, in the order of AFFINITY_FEATURES: [items], 0 or more. */
  readonly sums: readonly Float32Array[];
  /** By kind, in the order of MATCH_FEATURES: [items]. */
  readonly matches: readonly Float32Array[];
}

/** How all items go with the user's. */
export function affinities(state: ItemState, user: UserItems): Affinities {
  const size = state.vocabulary.size;
  const sums = AFFINITY_FEATURES.map(() => new Float32Array(size));
  const [byUsers, byUsersRecent, byOrders, byOrdersRecent, byRecentUsers, byTitles, byTitlesRecent] = sums;
  for (let at = 0; at < user.items.length; at++) {
    const item = user.items[at];
    const recency = user.recency[at];
    addNeighboursTwice(state.byUsers, item, recency, byUsers, byUsersRecent);
    addNeighboursTwice(state.byOrders, item, recency, byOrders, byOrdersRecent);
    addNeighbours(state.byRecentUsers, item, 1, byRecentUsers);
    addNeighboursTwice(state.byTitles, item, recency, byTitles, byTitlesRecent);
  }
  const { titles, categories, tastes } = state;
  return {
    sums,
    matches: [
      ...titleMatches(titles, user.items, user.recency),
      categoryLifts(categories.tree, categories.totals, user.items),
      tasteLifts(tastes, user.items),
    ],
  };
}
