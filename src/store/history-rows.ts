/** Users and items as rows of the store, and as a history holds them. */
import type { HistoryItem, HistoryUser } from '../pipeline/index.js';
import type { JsonObject } from './rows.js';

/** Where no item says a currency. */
export const DEFAULT_CURRENCY = 'GBP';
export const ITEM_SQL = `SELECT id, external_id AS "externalId", title, category, price::float8 AS price, currency, available, attributes FROM items`;

export interface RawHistoryItem {
  readonly id: number;
  readonly externalId: string;
  readonly title: string;
  readonly category: string[];
  readonly price: number | null;
  readonly currency: string | null;
  readonly available: boolean;
  readonly attributes: JsonObject;
}

export function toHistoryUser(row: { externalId: string; attributes: JsonObject }): HistoryUser {
  return { id: row.externalId, attributes: row.attributes };
}

export function toHistoryItem(row: RawHistoryItem): HistoryItem {
  return {
    id: row.externalId,
    title: row.title,
    category: row.category,
    price: row.price ?? Number.NaN,
    available: row.available,
    attributes: row.attributes,
  };
}
