import { BEHAVIOUR_CODE, type ShopHistory } from '../../index.js';

/** Users, and what they bought when: the latest ones before a cut, in no order. */
export interface PurchasePairs {
  readonly users: Int32Array;
  /** Indices into history.items. */
  readonly items: Int32Array;
  readonly times: Float64Array;
}

/**
 * Purchases by users who had done something before.
 *
 * @param most the latest so many
 */
export function purchasePairs(history: ShopHistory, cut: number, most: number): PurchasePairs {
  const { behaviours, userOffsets } = history;
  const rows: number[] = [];
  for (let user = 0; user < history.users.length; user++) {
    const first = behaviours.occurredAt[userOffsets[user]];
    for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
      if (behaviours.occurredAt[row] >= cut) break;
      const isPurchase = behaviours.type[row] === BEHAVIOUR_CODE.PURCHASE && behaviours.item[row] >= 0;
      if (isPurchase && behaviours.occurredAt[row] > first) rows.push(row);
    }
  }
  rows.sort((a, b) => behaviours.occurredAt[b] - behaviours.occurredAt[a] || a - b);
  const latest = rows.slice(0, most);
  return {
    users: Int32Array.from(latest, (row) => behaviours.user[row]),
    items: Int32Array.from(latest, (row) => behaviours.item[row]),
    times: Float64Array.from(latest, (row) => behaviours.occurredAt[row]),
  };
}
