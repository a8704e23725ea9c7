import { BEHAVIOUR_CODE, DAY_MS, type ShopHistory } from '../index.js';

/** Half-lives would hide the unit: each decay is exp(-days / these days). */
export const DECAY_DAYS = [15, 45, 120] as const;
/** Decay of a behaviour's weight in a user's recent profile. */
const PROFILE_DAYS = 30;

/** What one user did with each item before a cut, one entry an item; purchases apart from everything else. */
export interface UserItems {
  /** Indices into the vocabulary, ascending; items that it does not hold are left out. */
  readonly items: Int32Array;
  /** Orders with the item; 0 where it was only looked at. */
  readonly orders: Float32Array;
  /** [items × DECAY_DAYS] orders, each counting exp(-age / decay). */
  readonly decayed: Float32Array;
  /** Visits in which the item was looked at and not bought, and the same with each counting exp(-age / 30). */
  readonly looks: Float32Array;
  readonly looksDecayed: Float32Array;
  /** Days since the latest and the earliest behaviour with the item. */
  readonly lastDays: Float32Array;
  readonly firstDays: Float32Array;
  /** exp(-lastDays / 30): the weight in the user's recent profile. */
  readonly recency: Float32Array;
  /** Orders of anything, also of unknown items. */
  readonly orderCount: number;
  /** Days since the latest order; 0 without one. */
  readonly lastOrderDays: number;
}

interface Entry {
  orders: number;
  last: number;
  first: number;
  lastOrder: number;
  decayed: [number, number, number];
  looks: number;
  looksDecayed: number;
  lastLook: number;
}

/**
 * Collects a user's items from behaviours before the cut. Searches, removals from the cart and refunds are not a liking.
 *
 * @param vocabularyOf [history.items] index into the vocabulary, or an index ≥ `size` for an unknown item
 */
export function userItems(
  history: ShopHistory,
  user: number,
  cut: number,
  vocabularyOf: Int32Array,
  size: number,
): UserItems {
  const { behaviours, userOffsets } = history;
  const entries = new Map<number, Entry>();
  const orders = new Set<number>();
  let lastOrderDays = 0;
  for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
    const time = behaviours.occurredAt[row];
    if (time >= cut) break;
    const type = behaviours.type[row];
    if (!isLiking(type)) continue;
    const days = (cut - time) / DAY_MS;
    // Session numbers are small and not negative; behaviours without one count as one order a moment.
    const order = behaviours.session[row] >= 0 ? behaviours.session[row] : -time;
    const isPurchase = type === BEHAVIOUR_CODE.PURCHASE;
    if (isPurchase) {
      orders.add(order);
      lastOrderDays = days;
    }
    const historyItem = behaviours.item[row];
    if (historyItem < 0) continue;
    const item = vocabularyOf[historyItem];
    if (item >= size) continue;
    let entry = entries.get(item);
    if (!entry) {
      entry = {
        orders: 0,
        last: days,
        first: days,
        lastOrder: Number.NaN,
        decayed: [0, 0, 0],
        looks: 0,
        looksDecayed: 0,
        lastLook: Number.NaN,
      };
      entries.set(item, entry);
    }
    entry.last = days;
    if (!isPurchase) {
      addLook(entry, order, days, 1);
      continue;
    }
    if (entry.lastOrder === order) continue;
    // Looked at and bought in one visit: the order says it.
    if (entry.lastLook === order) addLook(entry, Number.NaN, days, -1);
    entry.lastOrder = order;
    entry.orders++;
    DECAY_DAYS.forEach((decay, at) => (entry.decayed[at] += Math.exp(-days / decay)));
  }
  return toColumns(entries, orders.size, lastOrderDays);
}

/** Counts a visit's look at an item once (sign 1), or takes it back (-1). */
function addLook(entry: Entry, visit: number, days: number, sign: 1 | -1): void {
  if (entry.lastLook === visit || entry.lastOrder === visit) return;
  entry.lastLook = visit;
  entry.looks += sign;
  entry.looksDecayed = Math.max(0, entry.looksDecayed + sign * Math.exp(-days / PROFILE_DAYS));
}

function toColumns(entries: Map<number, Entry>, orderCount: number, lastOrderDays: number): UserItems {
  const items = Int32Array.from(entries.keys()).sort();
  const of = (read: (entry: Entry) => number) =>
    Float32Array.from(items, (item) => read(entries.get(item) as Entry));
  const decayed = new Float32Array(items.length * DECAY_DAYS.length);
  items.forEach((item, at) => decayed.set((entries.get(item) as Entry).decayed, at * DECAY_DAYS.length));
  return {
    items,
    orders: of((entry) => entry.orders),
    decayed,
    looks: of((entry) => entry.looks),
    looksDecayed: of((entry) => entry.looksDecayed),
    lastDays: of((entry) => entry.last),
    firstDays: of((entry) => entry.first),
    recency: of((entry) => Math.exp(-entry.last / PROFILE_DAYS)),
    orderCount,
    lastOrderDays,
  };
}

/** Whether a behaviour (its code) speaks for the item: all but searches, removals from the cart and refunds. */
export function isLiking(type: number): boolean {
  return (
    type === BEHAVIOUR_CODE.PURCHASE ||
    type === BEHAVIOUR_CODE.VIEW ||
    type === BEHAVIOUR_CODE.FAVOURITE ||
    type === BEHAVIOUR_CODE.ADD_TO_CART ||
    type === BEHAVIOUR_CODE.RATING
  );
}
