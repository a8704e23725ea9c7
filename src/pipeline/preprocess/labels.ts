/** What happened after a cut: the labels of every task, by the same rules for training and evaluation. */
import { BEHAVIOUR_CODE, DAY_MS, type DemandSeries, type ShopHistory } from '../index.js';

/** Users with a purchase before the cut (indices, ascending): those whom purchase intent and churn are asked about. */
export function buyersBefore(history: ShopHistory, cut: number): Int32Array {
  return usersWithPurchase(history, -Infinity, cut);
}

/** Users with a purchase in [from, to): indices, ascending. */
export function usersWithPurchase(history: ShopHistory, from: number, to: number): Int32Array {
  const { behaviours, userOffsets } = history;
  const found: number[] = [];
  for (let user = 0; user < history.users.length; user++) {
    for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
      const time = behaviours.occurredAt[row];
      if (time >= to) break;
      if (time < from || behaviours.type[row] !== BEHAVIOUR_CODE.PURCHASE) continue;
      found.push(user);
      break;
    }
  }
  return Int32Array.from(found);
}

/** 1 where the user purchases in [cut, cut + days): [users]. */
export function purchaseLabels(
  history: ShopHistory,
  users: Int32Array,
  cut: number,
  days: number,
): Float32Array {
  const buyers = new Set(usersWithPurchase(history, cut, cut + days * DAY_MS));
  return Float32Array.from(users, (user) => (buyers.has(user) ? 1 : 0));
}

export interface ItemTargets {
  /** Users who bought before the cut and buy a known item in the window: indices, ascending. */
  readonly users: Int32Array;
  /** Items (indices) bought in the window and known before the cut, for each of `users`. */
  readonly targets: ReadonlySet<number>[];
  /** Items that each of `users` bought before the cut. */
  readonly bought: ReadonlySet<number>[];
}

/** What users with a history buy in [cut, cut + days), out of the items that anyone bought before the cut. */
export function itemTargets(history: ShopHistory, cut: number, days: number): ItemTargets {
  const { behaviours, userOffsets } = history;
  const isKnown = knownItems(history, cut);
  const until = cut + days * DAY_MS;
  const users: number[] = [];
  const targets: Set<number>[] = [];
  const bought: Set<number>[] = [];
  for (let user = 0; user < history.users.length; user++) {
    const before = new Set<number>();
    const after = new Set<number>();
    let hasHistory = false;
    for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
      const time = behaviours.occurredAt[row];
      if (time >= until) break;
      if (behaviours.type[row] !== BEHAVIOUR_CODE.PURCHASE) continue;
      const item = behaviours.item[row];
      if (time < cut) {
        hasHistory = true;
        if (item >= 0) before.add(item);
      } else if (item >= 0 && isKnown[item]) after.add(item);
    }
    if (!hasHistory || after.size === 0) continue;
    users.push(user);
    targets.push(after);
    bought.push(before);
  }
  return { users: Int32Array.from(users), targets, bought };
}

/** 1 for items that anyone bought before the cut: [items]. */
export function knownItems(history: ShopHistory, cut: number): Uint8Array {
  const { behaviours } = history;
  const isKnown = new Uint8Array(history.items.length);
  for (let row = 0; row < behaviours.count; row++) {
    const item = behaviours.item[row];
    if (item >= 0 && behaviours.occurredAt[row] < cut && behaviours.type[row] === BEHAVIOUR_CODE.PURCHASE)
      isKnown[item] = 1;
  }
  return isKnown;
}

/** Units bought per item and day for `days` days from the day of `from` on (00:00 UTC). */
export function dailyUnits(
  history: ShopHistory,
  items: Int32Array,
  from: number,
  days: number,
): DemandSeries {
  const startDay = Math.floor(from / DAY_MS) * DAY_MS;
  const place = new Int32Array(history.items.length).fill(-1);
  items.forEach((item, at) => (place[item] = at));
  const units = new Float32Array(items.length * days);
  const { behaviours } = history;
  for (let row = 0; row < behaviours.count; row++) {
    const item = behaviours.item[row];
    if (item < 0 || place[item] < 0 || behaviours.type[row] !== BEHAVIOUR_CODE.PURCHASE) continue;
    const day = Math.floor((behaviours.occurredAt[row] - startDay) / DAY_MS);
    if (day >= 0 && day < days) units[place[item] * days + day] += behaviours.quantity[row];
  }
  return { itemIds: Array.from(items, (item) => history.items[item].id), startDay, days, units };
}

/** Items with at least `leastUnits` bought in the `days` days before the cut: the ones worth forecasting. */
export function itemsInDemand(history: ShopHistory, cut: number, days = 28, leastUnits = 50): Int32Array {
  const all = Int32Array.from(history.items, (_, item) => item);
  const { units } = dailyUnits(history, all, cut - days * DAY_MS, days);
  return all.filter((item) => {
    let sum = 0;
    for (let day = 0; day < days; day++) sum += units[item * days + day];
    return sum >= leastUnits;
  });
}
