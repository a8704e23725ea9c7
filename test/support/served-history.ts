import { type BehaviourRow, buildBehaviourColumns, type ShopHistory } from '../../src/pipeline/index.js';
import { rowsOf } from './shop-with-rates.js';

/**
 * What the store hands to serving of one user: their behaviours in the order of the whole history, the items that these name in no order
 * promised, and numbers of sessions of its own.
 *
 * @returns the history of that user alone; its row r is row `history.userOffsets[user] + r` of the whole
 */
export function servedHistory(history: ShopHistory, user: number): ShopHistory {
  const [from, to] = [history.userOffsets[user], history.userOffsets[user + 1]];
  const own = rowsOf(history).slice(from, to);
  const named = [...new Set(own.map(({ item }) => item))].filter((item) => item >= 0).reverse();
  const sessions = [...new Set(own.map(({ session }) => session))].filter((session) => session >= 0);
  const rows = own.map((row): BehaviourRow => ({
    ...row,
    user: 0,
    item: named.indexOf(row.item),
    session: sessions.indexOf(row.session),
  }));
  return {
    ...history,
    users: [history.users[user]],
    items: named.map((item) => history.items[item]),
    ...buildBehaviourColumns(rows, 1, true),
    transactions: [],
  };
}
