/** Parts of the examples that a mean hides, and the catalogue that lists are judged by: all as of the cut. */
import { BEHAVIOUR_CODE, type DemandSeries, type HistoryTransaction, type ShopHistory } from '../index.js';
import { knownItems } from '../preprocess/index.js';
import { buyerSimilarity, headItems } from './list-quality.js';
import type { SegmentDimension, SegmentMask } from './metric.js';
import type { Catalogue } from './ranking-report.js';

const LEVEL_DAYS = 28;
const LEVELS = ['LOW', 'MIDDLE', 'HIGH'] as const;
/** Values of a kind that get a segment of their own: the commonest. */
const MOST_VALUES = 5;

/** NEW: bought at one time before the cut (or not at all); RETURNING: at several. @returns masks over `users` */
export function userSegments(history: ShopHistory, users: Int32Array, cut: number): SegmentMask[] {
  const isReturning = returningUsers(history, users, cut);
  return [
    { dimension: 'USERS', name: 'NEW', isIn: isReturning.map((flag) => 1 - flag) },
    { dimension: 'USERS', name: 'RETURNING', isIn: isReturning },
  ];
}

/** Whether each user has bought at two times or more before the cut. */
export function returningUsers(
  { behaviours, userOffsets }: ShopHistory,
  users: Int32Array,
  cut: number,
): Uint8Array {
  return Uint8Array.from(users, (user) => {
    let first = Number.NaN;
    for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
      const time = behaviours.occurredAt[row];
      if (time >= cut || behaviours.type[row] !== BEHAVIOUR_CODE.PURCHASE) continue;
      if (Number.isNaN(first)) first = time;
      else if (time !== first) return 1;
    }
    return 0;
  });
}

/** The catalogue as of a cut: who bought what before it. */
export function catalogueBefore(history: ShopHistory, cut: number): Catalogue {
  const { behaviours } = history;
  const buyers = history.items.map(() => new Set<number>());
  const all = new Set<number>();
  for (let row = 0; row < behaviours.count; row++) {
    const item = behaviours.item[row];
    if (item < 0 || behaviours.occurredAt[row] >= cut || behaviours.type[row] !== BEHAVIOUR_CODE.PURCHASE)
      continue;
    buyers[item].add(behaviours.user[row]);
    all.add(behaviours.user[row]);
  }
  return {
    known: knownItems(history, cut).reduce((sum, isKnown) => sum + isKnown, 0),
    isHead: headItems(buyers.map((own) => own.size)),
    // One buyer more than there are, so that what nobody bought has a share too.
    popularity: buyers.map((own) => (own.size + 1) / (all.size + 1)),
    similarity: remembered(buyerSimilarity(buyers.map((own) => [...own].sort((a, b) => a - b)))),
  };
}

/** The same pairs of popular items stand in many lists. */
function remembered(similarity: (a: number, b: number) => number): (a: number, b: number) => number {
  const known = new Map<string, number>();
  return (a, b) => {
    const pair = a < b ? `${a} ${b}` : `${b} ${a}`;
    const value = known.get(pair) ?? similarity(a, b);
    known.set(pair, value);
    return value;
  };
}

/** Thirds of the items by their units in the last 28 days. @returns masks over the series' items */
export function levelSegments({ units, days, itemIds }: DemandSeries): SegmentMask[] {
  const levels = itemIds.map((_, item) => {
    const own = units.subarray(item * days, (item + 1) * days).subarray(-LEVEL_DAYS);
    return own.reduce((sum, sold) => sum + sold, 0);
  });
  const order = levels.map((_, item) => item).sort((a, b) => levels[a] - levels[b] || a - b);
  const third = new Uint8Array(levels.length);
  order.forEach((item, at) => (third[item] = Math.floor((at * LEVELS.length) / order.length)));
  return LEVELS.map((name, level) => ({
    dimension: 'LEVEL',
    name,
    isIn: third.map((own) => (own === level ? 1 : 0)),
  }));
}

/** Transactions by country (of the bill, else of the address that they came from) and by payment method, the commonest of each. */
export function transactionSegments(transactions: readonly HistoryTransaction[]): SegmentMask[] {
  return [
    ...valueSegments(
      'COUNTRY',
      transactions.map(({ billingCountry, ipCountry }) => billingCountry ?? ipCountry),
    ),
    ...valueSegments(
      'PAYMENT_METHOD',
      transactions.map(({ paymentMethod }) => paymentMethod),
    ),
  ];
}

function valueSegments(dimension: SegmentDimension, values: readonly (string | null)[]): SegmentMask[] {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  const commonest = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, MOST_VALUES);
  return commonest.map(([name]) => ({
    dimension,
    name,
    isIn: Uint8Array.from(values, (value) => (value === name ? 1 : 0)),
  }));
}
