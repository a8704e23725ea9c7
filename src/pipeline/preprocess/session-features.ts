/** What an open session looks like after its latest behaviour: by its own behaviours and the user's earlier ones alone. */
import { BEHAVIOUR_CODE, BEHAVIOUR_TYPES, DAY_MS, type OpenSession, type ShopHistory } from '../index.js';
import type { TabularColumn } from './tabular-encoder.js';

const SECOND_MS = 1000;

/** One session's values by column name. */
type Values = Record<string, number | string | null>;

/** A table of open sessions, ready to be encoded. @returns columns of one value a session */
export function sessionColumns(history: ShopHistory, sessions: readonly OpenSession[]): TabularColumn[] {
  const rows = sessions.map((session) => ({ ...soFar(history, session), ...before(history, session) }));
  const [first = { ...soFar(EMPTY, ONE), ...before(EMPTY, ONE) }] = rows as Values[];
  return Object.keys(first).map((name): TabularColumn => {
    const values = rows.map((row) => (row as Values)[name]);
    return CATEGORIES.has(name)
      ? { name, kind: 'CATEGORY', values: values as (string | null)[] }
      : { name, kind: 'NUMBER', values: values as number[] };
  });
}

const CATEGORIES: ReadonlySet<string> = new Set([
  'last',
  'lastButOne',
  'lastButTwo',
  'first',
  'hour',
  'weekday',
]);

function soFar({ behaviours, items }: ShopHistory, { rows }: OpenSession) {
  const steps = rows.length;
  const time = (at: number) => behaviours.occurredAt[rows[at]];
  const type = (at: number) => (at >= 0 ? BEHAVIOUR_TYPES[behaviours.type[rows[at]]] : null);
  const counts = new Array<number>(BEHAVIOUR_TYPES.length).fill(0);
  const seen = new Map<number, number>();
  let cartValue = 0;
  for (const row of rows) {
    counts[behaviours.type[row]]++;
    const item = behaviours.item[row];
    if (item >= 0) seen.set(item, (seen.get(item) ?? 0) + 1);
    if (behaviours.type[row] === BEHAVIOUR_CODE.ADD_TO_CART) cartValue += behaviours.value[row];
  }
  const last = behaviours.item[rows[steps - 1]];
  const prices = [...seen.keys()].map((item) => items[item].price).filter((price) => price >= 0);
  const duration = (time(steps - 1) - time(0)) / SECOND_MS;
  const now = new Date(time(steps - 1));
  return {
    steps,
    duration,
    sinceLast: steps > 1 ? (time(steps - 1) - time(steps - 2)) / SECOND_MS : Number.NaN,
    meanGap: steps > 1 ? duration / (steps - 1) : Number.NaN,
    ...Object.fromEntries(BEHAVIOUR_TYPES.map((name, code) => [`count ${name}`, counts[code]])),
    items: seen.size,
    itemsPerStep: seen.size / steps,
    lastItemTimes: last >= 0 ? (seen.get(last) ?? 0) : 0,
    mostTimes: Math.max(0, ...seen.values()),
    lastPrice: last >= 0 ? items[last].price : Number.NaN,
    meanPrice: prices.length > 0 ? prices.reduce((sum, price) => sum + price, 0) / prices.length : Number.NaN,
    cartValue,
    last: type(steps - 1),
    lastButOne: type(steps - 2),
    lastButTwo: type(steps - 3),
    first: type(0),
    hour: String(now.getUTCHours()),
    weekday: String(now.getUTCDay()),
  };
}

/** The user before the session: only behaviours from before its start are read. */
function before({ behaviours, userOffsets }: ShopHistory, { user, rows }: OpenSession) {
  const start = behaviours.occurredAt[rows[0]];
  const known = new Set<number>();
  const counts = new Array<number>(BEHAVIOUR_TYPES.length).fill(0);
  let latest = Number.NaN;
  let latestPurchase = Number.NaN;
  for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
    const time = behaviours.occurredAt[row];
    if (time >= start) break;
    counts[behaviours.type[row]]++;
    if (behaviours.item[row] >= 0) known.add(behaviours.item[row]);
    latest = time;
    if (behaviours.type[row] === BEHAVIOUR_CODE.PURCHASE) latestPurchase = time;
  }
  const all = counts.reduce((sum, count) => sum + count, 0);
  const ownItems = new Set(Array.from(rows, (row) => behaviours.item[row]).filter((item) => item >= 0));
  return {
    earlier: all,
    earlierPurchases: counts[BEHAVIOUR_CODE.PURCHASE],
    earlierCarts: counts[BEHAVIOUR_CODE.ADD_TO_CART],
    earlierPurchaseShare: all > 0 ? counts[BEHAVIOUR_CODE.PURCHASE] / all : Number.NaN,
    daysSinceLatest: (start - latest) / DAY_MS,
    daysSincePurchase: (start - latestPurchase) / DAY_MS,
    knownItems: [...ownItems].filter((item) => known.has(item)).length,
  };
}

/** A session of nothing in particular: names the columns where there is no session to name them by. */
const ONE: OpenSession = { user: 0, rows: Int32Array.of(0) };
const EMPTY: ShopHistory = {
  users: [{ id: '', attributes: {} }],
  items: [],
  behaviours: {
    count: 1,
    user: Int32Array.of(0),
    item: Int32Array.of(-1),
    type: Uint8Array.of(0),
    occurredAt: Float64Array.of(0),
    quantity: Float32Array.of(1),
    value: Float64Array.of(0),
    session: Int32Array.of(-1),
  },
  userOffsets: Int32Array.of(0, 1),
  transactions: [],
  currency: '',
};
