import { BEHAVIOUR_CODE, DAY_MS, type ShopHistory } from '../index.js';
import { type CategoryTree, categoryTree, nodeTotals } from './category-shares.js';
import { type Neighbours, neighbours } from './co-occurrence.js';
import { type ColdItems, coldItems, NO_COLD_ITEMS } from './cold-items.js';
import { orderGroups, userGroups } from './item-groups.js';
import { type TasteMixture, tasteMixture } from './taste-mixture.js';
import { titleNeighbours, type TitleVectors, titleVectors } from './title-vectors.js';
import { isLiking, type UserItems, userItems } from './user-items.js';
import { Vocabulary } from './vocabulary.js';

/** Days of the windows that popularity is counted in; the last is all time. */
export const POPULARITY_DAYS = [7, 14, 30, 60, Infinity] as const;
/** Features of an item alone, see `describeItems`. */
export const ITEM_FEATURES = [
  'buyers7',
  'buyers14',
  'buyers30',
  'buyers60',
  'buyersEver',
  'trend30',
  'trend7',
  'isNew',
  'age',
  'daysUnsold',
  'rebuyShare',
] as const;
export const ITEM_FEATURE_COUNT = ITEM_FEATURES.length;
const NEIGHBOURS_KEPT = 150;

/** Everything about items that ranking needs, as of a cut; kept with a model. Items are those with a behaviour before it. */
export interface ItemState {
  readonly vocabulary: Vocabulary;
  /** [items × ITEM_FEATURES] */
  readonly features: Float32Array;
  /** [items] logarithm of the price; the median's where it is not known. */
  readonly logPrices: Float32Array;
  /** Items liked by the same users, a user with few items counting for more. */
  readonly byUsers: Neighbours;
  /** Items of the same order. */
  readonly byOrders: Neighbours;
  /** Items liked by the same users lately. */
  readonly byRecentUsers: Neighbours;
  /** The items' texts, and the items whose texts are most alike. */
  readonly titles: TitleVectors;
  readonly byTitles: Neighbours;
  /** Where the items lie in the catalogue, and how many users took to something in each node: [nodes]. */
  readonly categories: { readonly tree: CategoryTree; readonly totals: Float64Array };
  readonly tastes: TasteMixture;
  /** Known by their text alone; none but in a state that serves. */
  readonly cold: ColdItems;
}

/** How sure a session or a user is about what belongs together, measured on cuts before June 2011 of the bundled shop. */
const SHRINKAGE = { users: 1, orders: 3, recentUsers: 0.5 };
const RECENT_USERS_DAYS = 60;

/** States of a history by cut, the latest used last: the rankers of one run are fitted as of the same few cuts. */
const cache = new WeakMap<ShopHistory, Map<number, ItemState>>();
const STATES_KEPT = 8;

/** The state from behaviours before the cut; nobody may change it. */
export function itemState(history: ShopHistory, cut: number): ItemState {
  const known = cache.get(history) ?? new Map<number, ItemState>();
  cache.set(history, known);
  const state = known.get(cut) ?? buildItemState(history, cut);
  known.delete(cut);
  known.set(cut, state);
  if (known.size > STATES_KEPT) known.delete(known.keys().next().value ?? cut);
  return state;
}

/** The state for serving: with the rest of the catalogue, as it is in the history, known by its text. */
export function servedItemState(history: ShopHistory, cut: number): ItemState {
  const state = itemState(history, cut);
  return { ...state, cold: coldItems(history, state) };
}

function buildItemState(history: ShopHistory, cut: number): ItemState {
  const known = itemsBefore(history, cut);
  const vocabulary = new Vocabulary(Array.from(known, (item) => history.items[item].id));
  const vocabularyOf = new Int32Array(history.items.length).fill(vocabulary.oovIndex);
  known.forEach((item, index) => (vocabularyOf[item] = index));
  const users = history.users.map((_, user) => userItems(history, user, cut, vocabularyOf, vocabulary.size));
  const items = Array.from(known, (item) => history.items[item]);
  const titles = titleVectors(items);
  const tree = categoryTree(items);
  return {
    vocabulary,
    titles,
    byTitles: titleNeighbours(titles),
    categories: { tree, totals: nodeTotals(tree, takers(users, vocabulary.size)) },
    tastes: tasteMixture(users, vocabulary.size),
    cold: NO_COLD_ITEMS,
    features: describeItems(history, cut, vocabularyOf, users, vocabulary.size),
    logPrices: logPrices(history, cut, vocabularyOf, known),
    ...allNeighbours(history, cut, vocabularyOf, users, vocabulary.size),
  };
}

/** Users who took to each item: [items]. */
function takers(users: readonly UserItems[], size: number): Float64Array {
  const counts = new Float64Array(size);
  for (const user of users) for (const item of user.items) counts[item]++;
  return counts;
}

function itemsBefore(history: ShopHistory, cut: number): Int32Array {
  const { behaviours, items } = history;
  const isKnown = new Uint8Array(items.length);
  for (let row = 0; row < behaviours.count; row++) {
    if (behaviours.item[row] < 0 || behaviours.occurredAt[row] >= cut) continue;
    if (isLiking(behaviours.type[row])) isKnown[behaviours.item[row]] = 1;
  }
  return Int32Array.from(items, (_, item) => item).filter((item) => isKnown[item] === 1);
}

/** From what was paid before the cut; the catalogue's price, which may be younger, only for items never sold. */
function logPrices(
  history: ShopHistory,
  cut: number,
  vocabularyOf: Int32Array,
  known: Int32Array,
): Float32Array {
  const { behaviours } = history;
  const values = new Float64Array(known.length);
  const units = new Float64Array(known.length);
  for (let row = 0; row < behaviours.count; row++) {
    if (behaviours.occurredAt[row] >= cut || behaviours.item[row] < 0) continue;
    if (behaviours.type[row] !== BEHAVIOUR_CODE.PURCHASE || !(behaviours.value[row] > 0)) continue;
    const item = vocabularyOf[behaviours.item[row]];
    values[item] += behaviours.value[row];
    units[item] += behaviours.quantity[row];
  }
  const prices = Float32Array.from(known, (item, at) =>
    Math.log((units[at] > 0 ? values[at] / units[at] : history.items[item].price) + 0.01),
  );
  const sorted = prices.filter(Number.isFinite).sort();
  const median = sorted.length > 0 ? sorted[sorted.length >> 1] : 0;
  return prices.map((price) => (Number.isFinite(price) ? price : median));
}

function allNeighbours(
  history: ShopHistory,
  cut: number,
  vocabularyOf: Int32Array,
  users: readonly UserItems[],
  size: number,
): Pick<ItemState, 'byUsers' | 'byOrders' | 'byRecentUsers'> {
  const width = Math.min(NEIGHBOURS_KEPT, Math.max(1, size - 1));
  const all = userGroups(users, (user) => user.items.length ** -0.25);
  const recent = userGroups(users, (user, at) => Math.exp(-user.lastDays[at] / RECENT_USERS_DAYS));
  const orders = orderGroups(history, cut, vocabularyOf, size);
  return {
    byUsers: neighbours(all, size, { shrinkage: SHRINKAGE.users, width }),
    byOrders: neighbours(orders, size, { shrinkage: SHRINKAGE.orders, width }),
    byRecentUsers: neighbours(recent, size, { shrinkage: SHRINKAGE.recentUsers, width }),
  };
}

/**
 * Features of items: logarithms of the share of buyers in each window, of the growth from the month (week) before, newness,
 * age, days since the last sale, and the share of buyers who bought again. [items × ITEM_FEATURES]
 */
function describeItems(
  history: ShopHistory,
  cut: number,
  vocabularyOf: Int32Array,
  users: readonly UserItems[],
  size: number,
): Float32Array {
  const buyers = POPULARITY_DAYS.map(() => new Float64Array(size));
  const active = new Float64Array(POPULARITY_DAYS.length);
  const rebuyers = new Float64Array(size);
  for (const user of users) {
    const newest = Math.min(...user.lastDays);
    POPULARITY_DAYS.forEach((days, window) => (active[window] += newest < days ? 1 : 0));
    user.items.forEach((item, at) => {
      POPULARITY_DAYS.forEach((days, window) => (buyers[window][item] += user.lastDays[at] < days ? 1 : 0));
      if (user.orders[at] > 1) rebuyers[item]++;
    });
  }
  const before = buyersBefore(history, cut, vocabularyOf, size);
  const { first, last } = soldDays(history, cut, vocabularyOf, size);
  const features = new Float32Array(size * ITEM_FEATURE_COUNT);
  for (let item = 0; item < size; item++) {
    const shares = POPULARITY_DAYS.map((_, window) =>
      Math.log((buyers[window][item] + 1) / (active[window] + 1)),
    );
    features.set(
      [
        ...shares,
        Math.log((buyers[2][item] + 2) / (before.month[item] + 2)),
        Math.log((buyers[0][item] + 1) / (before.fortnight[item] / 2 + 1)),
        Math.exp(-first[item] / 30),
        Math.log1p(first[item]),
        Math.log1p(last[item]),
        // Half a rebuyer in five buyers is what an item starts with.
        Math.log((rebuyers[item] + 0.5) / (buyers[4][item] + 5)),
      ],
      item * ITEM_FEATURE_COUNT,
    );
  }
  return features;
}

/** Users who liked each item 30 to 60 and 7 to 21 days before the cut. */
function buyersBefore(history: ShopHistory, cut: number, vocabularyOf: Int32Array, size: number) {
  const month = new Float64Array(size);
  const fortnight = new Float64Array(size);
  const monthBy = new Int32Array(size).fill(-1);
  const fortnightBy = new Int32Array(size).fill(-1);
  const { behaviours } = history;
  for (let row = 0; row < behaviours.count; row++) {
    const days = (cut - behaviours.occurredAt[row]) / DAY_MS;
    if (days <= 0 || days > 60 || behaviours.item[row] < 0) continue;
    if (!isLiking(behaviours.type[row])) continue;
    const item = vocabularyOf[behaviours.item[row]];
    const user = behaviours.user[row];
    if (days >= 30 && monthBy[item] !== user) {
      monthBy[item] = user;
      month[item]++;
    }
    if (days >= 7 && days < 21 && fortnightBy[item] !== user) {
      fortnightBy[item] = user;
      fortnight[item]++;
    }
  }
  return { month, fortnight };
}

/** Days since each item's first and latest behaviour before the cut. */
function soldDays(history: ShopHistory, cut: number, vocabularyOf: Int32Array, size: number) {
  const first = new Float64Array(size);
  const last = new Float64Array(size).fill(Infinity);
  const { behaviours } = history;
  for (let row = 0; row < behaviours.count; row++) {
    const days = (cut - behaviours.occurredAt[row]) / DAY_MS;
    if (days <= 0 || behaviours.item[row] < 0 || !isLiking(behaviours.type[row])) continue;
    const item = vocabularyOf[behaviours.item[row]];
    first[item] = Math.max(first[item], days);
    last[item] = Math.min(last[item], days);
  }
  return { first, last };
}
