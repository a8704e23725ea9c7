import { BEHAVIOUR_TYPES, type ShopHistory } from '../../src/pipeline/index.js';
import type { ShopStore } from '../../src/store/index.js';

/**
 * Writes a history into a shop, as its feed would.
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
    items.map(({ id, title, price, category }) => ({
      id,
      title: title ?? id,
      category: [...category],
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
        type: BEHAVIOUR_TYPES[behaviours.type[row]],
        occurredAt: new Date(behaviours.occurredAt[row]),
        sessionId: behaviours.session[row] >= 0 ? `s${behaviours.session[row]}` : undefined,
        quantity: behaviours.quantity[row],
        value: behaviours.value[row].toFixed(2),
      })),
  );
}
