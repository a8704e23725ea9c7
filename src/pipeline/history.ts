/**
 * A shop's history in columns: the one form in which data goes from collect or the store into every later stage.
 * Typed arrays, so that a million behaviours cost tens of megabytes and pass between processes without copies.
 */

/** Order of the codes in `BehaviourColumns.type`; append only, the store keeps the names. */
export const BEHAVIOUR_TYPES = [
  'VIEW',
  'SEARCH',
  'FAVOURITE',
  'ADD_TO_CART',
  'REMOVE_FROM_CART',
  'PURCHASE',
  'REFUND',
  'RATING',
] as const;
export type BehaviourType = (typeof BEHAVIOUR_TYPES)[number];

/** Code of a behaviour type in the columns. */
export const BEHAVIOUR_CODE = Object.fromEntries(BEHAVIOUR_TYPES.map((type, code) => [type, code])) as Record<
  BehaviourType,
  number
>;

export const DAY_MS = 86_400_000;

/** Behaviours, one entry each in every column, sorted by user, then time, then session. */
export interface BehaviourColumns {
  readonly count: number;
  /** [count] index into `ShopHistory.users`. */
  readonly user: Int32Array;
  /** [count] index into `ShopHistory.items`; -1 where the behaviour names no item. */
  readonly item: Int32Array;
  /** [count] index into BEHAVIOUR_TYPES. */
  readonly type: Uint8Array;
  /** [count] milliseconds since the epoch, UTC. */
  readonly occurredAt: Float64Array;
  /** [count] units, positive; for a REFUND the units taken back. For a RATING the rating. */
  readonly quantity: Float32Array;
  /** [count] line total in the shop's currency, positive; 0 where no money moved. */
  readonly value: Float64Array;
  /** [count] number of the session (visit, order, invoice), the same for behaviours of one; -1 unknown. */
  readonly session: Int32Array;
}

export interface HistoryUser {
  /** The shop's own id. */
  readonly id: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface HistoryItem {
  readonly id: string;
  readonly title: string;
  readonly category: readonly string[];
  /** In the shop's currency; NaN when unknown. */
  readonly price: number;
  readonly available: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface HistoryTransaction {
  readonly id: string;
  /** Index into `ShopHistory.users`; -1 for a user that the history does not hold. */
  readonly user: number;
  readonly amount: number;
  readonly currency: string;
  /** Milliseconds since the epoch, UTC. */
  readonly occurredAt: number;
  readonly lines: readonly { readonly item: number; readonly quantity: number; readonly price: number }[];
  readonly paymentMethod: string | null;
  readonly deviceId: string | null;
  readonly ipCountry: string | null;
  readonly billingCountry: string | null;
  readonly shippingCountry: string | null;
  /** null = not known. */
  readonly isFraud: boolean | null;
}

export interface ShopHistory {
  readonly users: readonly HistoryUser[];
  readonly items: readonly HistoryItem[];
  readonly behaviours: BehaviourColumns;
  /** [users + 1] behaviours of user u are those from userOffsets[u] up to userOffsets[u + 1]. */
  readonly userOffsets: Int32Array;
  /** Sorted by time. */
  readonly transactions: readonly HistoryTransaction[];
  readonly currency: string;
}

/** One behaviour as a row, for building a history. */
export interface BehaviourRow {
  user: number;
  item: number;
  type: BehaviourType;
  occurredAt: number;
  quantity: number;
  value: number;
  session: number;
}

/**
 * Builds the columns from rows in any order.
 *
 * @param userCount number of users; rows must have `user` in [0, userCount)
 * @param isSorted whether the rows come sorted by user and time, and in the right order within a moment, as the store sends them
 * @throws RangeError when a row names a user out of range
 */
export function buildBehaviourColumns(
  rows: readonly BehaviourRow[],
  userCount: number,
  isSorted = false,
): { behaviours: BehaviourColumns; userOffsets: Int32Array } {
  const order = Uint32Array.from(rows, (_, index) => index);
  if (!isSorted)
    order.sort((a, b) => {
      const [x, y] = [rows[a], rows[b]];
      return (
        x.user - y.user || x.occurredAt - y.occurredAt || x.session - y.session || x.item - y.item || a - b
      );
    });
  const count = rows.length;
  const columns = {
    count,
    user: new Int32Array(count),
    item: new Int32Array(count),
    type: new Uint8Array(count),
    occurredAt: new Float64Array(count),
    quantity: new Float32Array(count),
    value: new Float64Array(count),
    session: new Int32Array(count),
  };
  const userOffsets = new Int32Array(userCount + 1);
  order.forEach((from, to) => {
    const row = rows[from];
    if (row.user < 0 || row.user >= userCount) {
      throw new RangeError(`Behaviour ${from} names user ${row.user}; there are ${userCount} users.`);
    }
    columns.user[to] = row.user;
    columns.item[to] = row.item;
    columns.type[to] = BEHAVIOUR_CODE[row.type];
    columns.occurredAt[to] = row.occurredAt;
    columns.quantity[to] = row.quantity;
    columns.value[to] = row.value;
    columns.session[to] = row.session;
    userOffsets[row.user + 1]++;
  });
  for (let user = 0; user < userCount; user++) userOffsets[user + 1] += userOffsets[user];
  return { behaviours: columns, userOffsets };
}

/** The shop's clock: one millisecond after its latest behaviour; 0 for an empty history. */
export function shopClock(history: ShopHistory): number {
  const { occurredAt, count } = history.behaviours;
  let latest = -1;
  for (let row = 0; row < count; row++) if (occurredAt[row] > latest) latest = occurredAt[row];
  return latest + 1;
}
