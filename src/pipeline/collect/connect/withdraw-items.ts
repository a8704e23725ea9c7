import { type ShopStore } from '../../../store/index.js';

const PART = 1_000;

/**
 * Marks items as no longer available; they stay, as histories name them.
 *
 * @param ids the shop's own ids; unknown ones are passed over
 * @returns items that were available before
 */
export async function withdrawItems(store: ShopStore, ids: readonly string[]): Promise<number> {
  let withdrawn = 0;
  for (let from = 0; from < ids.length; from += PART) {
    const items = await store.itemsByExternalIds(ids.slice(from, from + PART));
    const available = items.flatMap((item) => (item?.available === true ? [item] : []));
    const rows = available.map(({ externalId, title, category }) => ({
      id: externalId,
      title,
      category,
      available: false,
    }));
    if (rows.length > 0) withdrawn += (await store.upsertItems(rows)).accepted;
  }
  return withdrawn;
}
