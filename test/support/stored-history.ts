import type { ShopHistory } from '../../src/pipeline/index.js';
import type { ShopStore } from '../../src/store/index.js';

/**
 * Writes a history of purchases into a shop, as its feed would.
 *
 * @param isKept leaves out behaviours, by their row
 */
export async function storeHistory(
  shop: ShopStore,
  history: ShopHistory,
  isKept: (row: number) => boolean = () => true,
): Promise<void> {
  const { behaviours, users, items, currency } = history;
  await shop.upsertUsers(users.map(({ id }) => ({ id, attributes: {} })));
  await shop.upsertItems(
    items.map(({ id, title, price }) => ({
      id,
      title: title ?? id,
      category: [],
      price: price.toFixed(2),
      currency: currency ?? 'GBP',
    })),
  );
  await shop.recordBehaviours(
    Array.from({ length: behaviours.count }, (_, row) => row)
      .filter(isKept)
      .map((row) => ({
        eventId: `e${row}`,
        userId: users[behaviours.user[row]].id,
        itemId: items[behaviours.item[row]].id,
        type: 'PURCHASE' as const,
        occurredAt: new Date(behaviours.occurredAt[row]),
        sessionId: `s${behaviours.session[row]}`,
        quantity: behaviours.quantity[row],
        value: behaviours.value[row].toFixed(2),
      })),
  );
}
