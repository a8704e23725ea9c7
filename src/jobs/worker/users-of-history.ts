import type { ShopHistory } from '../../pipeline/index.js';

/** The history of some users; others keep their place without behaviours and transactions, so that indices stay. */
export function ofUsers(history: ShopHistory, users: Int32Array): ShopHistory {
  const isIn = new Uint8Array(history.users.length);
  users.forEach((user) => (isIn[user] = 1));
  const { behaviours } = history;
  const kept: number[] = [];
  for (let row = 0; row < behaviours.count; row++) if (isIn[behaviours.user[row]]) kept.push(row);
  const pick = <Values extends Int32Array | Uint8Array | Float32Array | Float64Array>(
    values: Values,
  ): Values => {
    const picked = values.slice(0, kept.length) as Values;
    kept.forEach((row, at) => (picked[at] = values[row]));
    return picked;
  };
  const userOffsets = new Int32Array(history.users.length + 1);
  kept.forEach((row) => userOffsets[behaviours.user[row] + 1]++);
  for (let user = 0; user < history.users.length; user++) userOffsets[user + 1] += userOffsets[user];
  return {
    ...history,
    userOffsets,
    behaviours: {
      count: kept.length,
      user: pick(behaviours.user),
      item: pick(behaviours.item),
      type: pick(behaviours.type),
      occurredAt: pick(behaviours.occurredAt),
      quantity: pick(behaviours.quantity),
      value: pick(behaviours.value),
      session: pick(behaviours.session),
    },
    transactions: history.transactions.filter(
      (transaction) => transaction.user >= 0 && isIn[transaction.user],
    ),
  };
}
