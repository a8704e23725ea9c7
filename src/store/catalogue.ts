/** Reads of users and items. */
import { decodeCursor, pageOf } from './cursor.js';
import type { ItemRow, JsonObject, UserRow } from './rows.js';
import { rowsOf, type ShopContext } from './shop-context.js';
import type { ItemFilter, ShopStore, UserFilter } from './shop-store.js';
import { containing, SqlFilter } from './sql-filter.js';

const USER_COLUMNS = 'id, external_id AS "externalId", attributes, created_at AS "createdAt"';
const ITEM_COLUMNS = `id, external_id AS "externalId", title, category, price::text AS price, currency, available,
  image_url AS "imageUrl", attributes`;

type CatalogueReads = Pick<
  ShopStore,
  | 'usersByIds'
  | 'usersByExternalIds'
  | 'users'
  | 'countUsers'
  | 'itemsByIds'
  | 'itemsByExternalIds'
  | 'items'
  | 'countItems'
  | 'itemExternalIds'
>;

/** Reads of users and items of one shop. */
export function catalogueReads(context: ShopContext): CatalogueReads {
  return {
    usersByIds: async (ids) => {
      const sql = `SELECT ${USER_COLUMNS} FROM users WHERE id = ANY($1::int[])`;
      return inOrder(ids, await rowsOf<UserRow>(context, sql, [ids]), (row) => row.id);
    },
    usersByExternalIds: async (ids) => {
      const sql = `SELECT ${USER_COLUMNS} FROM users WHERE shop_id = $2 AND external_id = ANY($1::text[])`;
      return inOrder(
        ids,
        await rowsOf<UserRow>(context, sql, [ids, context.shopId]),
        (row) => row.externalId,
      );
    },
    users: async (page, filter = {}) => {
      const where = userConditions(filter);
      if (page.after) where.add('id > ?', ...decodeCursor(page.after, ['number']));
      const limit = where.parameter(page.first + 1);
      const sql = `SELECT ${USER_COLUMNS} FROM users ${where.where()} ORDER BY id LIMIT ${limit}`;
      return pageOf(await rowsOf<UserRow>(context, sql, where.parameters), page.first, (row) => [row.id]);
    },
    countUsers: (filter = {}) => countRows(context, 'users', userConditions(filter)),
    itemsByIds: async (ids) => {
      const rows = await rowsOf<RawItem>(
        context,
        `SELECT ${ITEM_COLUMNS} FROM items WHERE id = ANY($1::int[])`,
        [ids],
      );
      return inOrder(ids, rows.map(toItem), (row) => row.id);
    },
    itemsByExternalIds: async (ids) => {
      const sql = `SELECT ${ITEM_COLUMNS} FROM items WHERE shop_id = $2 AND external_id = ANY($1::text[])`;
      return inOrder(
        ids,
        (await rowsOf<RawItem>(context, sql, [ids, context.shopId])).map(toItem),
        (row) => row.externalId,
      );
    },
    items: async (page, filter = {}) => {
      const where = itemConditions(filter);
      if (page.after) where.add('id > ?', ...decodeCursor(page.after, ['number']));
      const limit = where.parameter(page.first + 1);
      const sql = `SELECT ${ITEM_COLUMNS} FROM items ${where.where()} ORDER BY id LIMIT ${limit}`;
      const rows = await rowsOf<RawItem>(context, sql, where.parameters);
      return pageOf(rows.map(toItem), page.first, (row) => [row.id]);
    },
    countItems: (filter = {}) => countRows(context, 'items', itemConditions(filter)),
    itemExternalIds: async (filter) => {
      const where = itemConditions(filter);
      const sql = `SELECT external_id AS id FROM items ${where.where()}`;
      return (await rowsOf<{ id: string }>(context, sql, where.parameters)).map((row) => row.id);
    },
  };
}

type RawItem = ItemRow & { readonly attributes: JsonObject };

/** numeric(18,4) prints four decimals; money is shown without the trailing zeros beyond two. */
function toItem(row: RawItem): ItemRow {
  return { ...row, price: row.price === null ? null : trimMoney(row.price) };
}

/** '2.5500' → '2.55', '3.0000' → '3.00', '0.1250' → '0.125'. */
export function trimMoney(decimal: string): string {
  return decimal.replace(/(\.\d\d\d*?)0*$/, '$1');
}

/** Rows in the order of their keys, null where there is none. */
export function inOrder<Key, Row>(
  keys: readonly Key[],
  rows: readonly Row[],
  keyOf: (row: Row) => Key,
): (Row | null)[] {
  const found = new Map(rows.map((row) => [keyOf(row), row]));
  return keys.map((key) => found.get(key) ?? null);
}

function userConditions(filter: UserFilter): SqlFilter {
  const where = new SqlFilter();
  if (filter.ids) where.add('external_id = ANY(?::text[])', filter.ids);
  if (filter.search) where.add('external_id ILIKE ?', containing(filter.search));
  return where;
}

function itemConditions(filter: ItemFilter): SqlFilter {
  const where = new SqlFilter();
  if (filter.ids) where.add('external_id = ANY(?::text[])', filter.ids);
  if (filter.excludeIds) where.add('external_id <> ALL(?::text[])', filter.excludeIds);
  if (filter.search)
    where.add('(title ILIKE ? OR external_id ILIKE ?)', containing(filter.search), containing(filter.search));
  if (filter.category) where.add('category && ?::text[]', filter.category);
  if (filter.minPrice) where.add('price >= ?::numeric', filter.minPrice);
  if (filter.maxPrice) where.add('price <= ?::numeric', filter.maxPrice);
  if (filter.available !== undefined) where.add('available = ?', filter.available);
  return where;
}

async function countRows(context: ShopContext, table: 'users' | 'items', where: SqlFilter): Promise<number> {
  const sql = `SELECT count(*)::int AS count FROM ${table} ${where.where()}`;
  return (await rowsOf<{ count: number }>(context, sql, where.parameters))[0].count;
}
