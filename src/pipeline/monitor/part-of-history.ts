import { Random } from '../../nn/random.js';
import type { ShopHistory } from '../index.js';

/**
 * A history of these users alone (in this order) and of what was before a time, so that no scorer can see what came after.
 *
 * @param users indices into history.users, ascending
 */
export function partOfHistory(history: ShopHistory, users: Int32Array, before: number): ShopHistory {
  const { behaviours, userOffsets } = history;
  const rows: number[] = [];
  const offsets = new Int32Array(users.length + 1);
  const place = new Map<number, number>();
  users.forEach((user, at) => {
    place.set(user, at);
    for (
      let row = userOffsets[user];
      row < userOffsets[user + 1] && behaviours.occurredAt[row] < before;
      row++
    ) {
      rows.push(row);
    }
    offsets[at + 1] = rows.length;
  });
  return {
    users: Array.from(users, (user) => history.users[user]),
    items: history.items,
    behaviours: {
      count: rows.length,
      user: Int32Array.from(rows, (row) => place.get(behaviours.user[row]) ?? -1),
      item: Int32Array.from(rows, (row) => behaviours.item[row]),
      type: Uint8Array.from(rows, (row) => behaviours.type[row]),
      occurredAt: Float64Array.from(rows, (row) => behaviours.occurredAt[row]),
      quantity: Float32Array.from(rows, (row) => behaviours.quantity[row]),
      value: Float64Array.from(rows, (row) => behaviours.value[row]),
      session: Int32Array.from(rows, (row) => behaviours.session[row]),
    },
    userOffsets: offsets,
    transactions: history.transactions
      .filter(({ user, occurredAt }) => occurredAt < before && place.has(user))
      .map((transaction) => ({ ...transaction, user: place.get(transaction.user) ?? -1 })),
    currency: history.currency,
  };
}

/** At most `most` of these, drawn without replacement; ascending. */
export function sampleOf(all: Int32Array, most: number, seed: number): Int32Array {
  if (all.length <= most) return all;
  const order = new Random(seed).fork('monitor').permutation(all.length);
  return Int32Array.from(order.subarray(0, most), (at) => all[at]).sort();
}
