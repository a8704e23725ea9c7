/** Reads of behaviours and transactions as rows. */
import type { HistoryTransaction } from '../pipeline/index.js';
import { trimMoney } from './catalogue.js';
import { decodeCursor, pageOf } from './cursor.js';
import type { BehaviourRecord, OrderLine } from './rows.js';
import { preparedRowsOf, rowsOf, type ShopContext } from './shop-context.js';
import type { BehaviourFilter, Page, ShopStore } from './shop-store.js';
import { SqlFilter } from './sql-filter.js';

const COLUMNS = `b.event_id AS "eventId", b.user_id AS "userId", b.item_id AS "itemId", b.type, b.occurred_at AS "occurredAt",
  b.session_id AS "sessionId", b.quantity, b.value::text AS value, b.context`;
const ORDER = 'b.occurred_at DESC, b.user_id DESC, b.event_id DESC';
/** A user's earlier transactions that an assessment looks at. */
const MAX_TRANSACTIONS = 200;

type BehaviourReads = Pick<
  ShopStore,
  'behaviours' | 'countBehaviours' | 'behavioursByUsers' | 'readTransactions' | 'latestBehaviourAt' | 'counts'
>;

/** Reads of behaviours and transactions of one shop. */
export function behaviourReads(context: ShopContext): BehaviourReads {
  return {
    behaviours: async (page, filter = {}) => {
      const where = conditions(filter);
      if (page.after)
        where.add('(b.occurred_at, b.user_id, b.event_id) < (?, ?, ?)', ...cursorKey(page.after));
      const limit = where.parameter(page.first + 1);
      const sql = `SELECT ${COLUMNS} FROM behaviours b ${where.where()} ORDER BY ${ORDER} LIMIT ${limit}`;
      return toPage(await rowsOf<BehaviourRecord>(context, sql, where.parameters), page.first);
    },
    countBehaviours: async (filter = {}) => {
      const where = conditions(filter);
      const sql = `SELECT count(*)::int AS count FROM behaviours b ${where.where()}`;
      return (await rowsOf<{ count: number }>(context, sql, where.parameters))[0].count;
    },
    behavioursByUsers: async (userIds, page) => {
      const where = new SqlFilter();
      const ids = where.parameter(userIds);
      where.add('b.user_id = u.id');
      if (page.after)
        where.add('(b.occurred_at, b.user_id, b.event_id) < (?, ?, ?)', ...cursorKey(page.after));
      const limit = where.parameter(page.first + 1);
      const sql = `SELECT page.* FROM unnest(${ids}::int[]) AS u(id) CROSS JOIN LATERAL
        (SELECT ${COLUMNS} FROM behaviours b ${where.where()} ORDER BY ${ORDER} LIMIT ${limit}) page`;
      const byUser = new Map<number, BehaviourRecord[]>(userIds.map((id) => [id, []]));
      for (const row of await rowsOf<BehaviourRecord>(context, sql, where.parameters))
        byUser.get(row.userId)?.push(row);
      return userIds.map((id) => toPage(byUser.get(id) ?? [], page.first));
    },
    readTransactions: (externalUserId, before) => readTransactions(context, externalUserId, before),
    latestBehaviourAt: async () => {
      const sql = 'SELECT max(occurred_at) AS at FROM behaviours WHERE shop_id = $1';
      return (
        await preparedRowsOf<{ at: Date | null }>(context, 'latest_behaviour', sql, [context.shopId])
      )[0].at;
    },
    counts: async () => {
      const tables = ['users', 'items', 'behaviours', 'transactions'] as const;
      const parts = tables.map((table) => `(SELECT count(*)::int FROM ${table}) AS ${table}`);
      const [row] = await rowsOf<Record<(typeof tables)[number], number>>(
        context,
        `SELECT ${parts.join(', ')}`,
      );
      return row;
    },
  };
}

function cursorKey(cursor: string): readonly (string | number)[] {
  return decodeCursor(cursor, ['string', 'number', 'string']);
}

function toPage(rows: readonly BehaviourRecord[], first: number): Page<BehaviourRecord> {
  const trimmed = rows.map((row) => ({ ...row, value: row.value === null ? null : trimMoney(row.value) }));
  return pageOf(trimmed, first, (row) => [row.occurredAt.toISOString(), row.userId, row.eventId]);
}

function conditions(filter: BehaviourFilter): SqlFilter {
  const where = new SqlFilter();
  if (filter.userId !== undefined)
    where.add('b.user_id = (SELECT id FROM users WHERE external_id = ?)', filter.userId);
  if (filter.itemId !== undefined)
    where.add('b.item_id = (SELECT id FROM items WHERE external_id = ?)', filter.itemId);
  if (filter.types) where.add('b.type = ANY(?::"BehaviourType"[])', filter.types);
  if (filter.from) where.add('b.occurred_at >= ?', filter.from);
  if (filter.to) where.add('b.occurred_at < ?', filter.to);
  return where;
}

/** A stored transaction as it comes from the database. */
export interface RawTransaction {
  readonly id: string;
  readonly amount: string;
  readonly currency: string;
  readonly occurredAt: Date;
  readonly lines: OrderLine[];
  readonly paymentMethod: string | null;
  readonly deviceId: string | null;
  readonly ipCountry: string | null;
  readonly billingCountry: string | null;
  readonly shippingCountry: string | null;
  readonly isFraud: boolean | null;
}

export const TRANSACTION_COLUMNS = `t.external_id AS id, t.amount::text AS amount, t.currency, t.occurred_at AS "occurredAt", t.lines,
  t.payment_method AS "paymentMethod", t.device_id AS "deviceId", t.ip_country AS "ipCountry",
  t.billing_country AS "billingCountry", t.shipping_country AS "shippingCountry", t.is_fraud AS "isFraud"`;

/** @param itemIndex index of an item by the shop's id, -1 where unknown */
export function toHistoryTransaction(
  row: RawTransaction,
  user: number,
  itemIndex: (id: string) => number,
): HistoryTransaction {
  return {
    ...row,
    user,
    amount: Number(row.amount),
    occurredAt: row.occurredAt.getTime(),
    lines: row.lines.map((line) => ({
      item: itemIndex(line.itemId),
      quantity: line.quantity,
      price: line.price === null ? Number.NaN : Number(line.price),
    })),
  };
}

async function readTransactions(
  context: ShopContext,
  userId: string,
  before: Date,
): Promise<HistoryTransaction[]> {
  const sql = `SELECT ${TRANSACTION_COLUMNS} FROM transactions t
    WHERE t.user_id = (SELECT id FROM users WHERE shop_id = $3 AND external_id = $1) AND t.occurred_at < $2
    ORDER BY t.occurred_at DESC, t.external_id DESC LIMIT ${MAX_TRANSACTIONS}`;
  // The largest date that JavaScript knows lies beyond PostgreSQL's timestamps.
  const until = before.getUTCFullYear() > 9999 ? 'infinity' : before;
  const rows = await preparedRowsOf<RawTransaction>(context, 'user_transactions', sql, [
    userId,
    until,
    context.shopId,
  ]);
  return rows.reverse().map((row) => toHistoryTransaction(row, 0, () => -1));
}
