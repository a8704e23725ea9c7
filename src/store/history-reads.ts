/** Reads in columns, for training and serving. */
import { StringDecoder } from 'node:string_decoder';

import { to as copyTo } from 'pg-copy-streams';

import {
  type BehaviourRow,
  type BehaviourType,
  buildBehaviourColumns,
  DAY_MS,
  type ShopHistory,
} from '../pipeline/index.js';
import { BehaviourBuffer } from './behaviour-buffer.js';
import { type RawTransaction, toHistoryTransaction, TRANSACTION_COLUMNS } from './behaviour-reads.js';
import {
  DEFAULT_CURRENCY,
  ITEM_SQL,
  type RawHistoryItem,
  toHistoryItem,
  toHistoryUser,
} from './history-rows.js';
import type { JsonObject } from './rows.js';
import { preparedRowsOf, rowsOf, type ShopContext } from './shop-context.js';
import type { ShopStore, UserSessions } from './shop-store.js';

type HistoryReads = Pick<
  ShopStore,
  'readHistory' | 'readUserHistories' | 'readUserSessions' | 'readDemandSeries'
>;

/** Reads in columns of one shop. */
export function historyReads(context: ShopContext): HistoryReads {
  return {
    readHistory: (options = {}) => readHistory(context, options.before),
    readUserHistories: async (ids) => (await readUserSessions(context, ids)).history,
    readUserSessions: (ids) => readUserSessions(context, ids),
    readDemandSeries: async (itemIds, days) => {
      const sql = `WITH clock AS (SELECT date_trunc('day', max(occurred_at) AT TIME ZONE 'UTC') AS day FROM behaviours WHERE shop_id = $3)
        SELECT i.external_id AS "itemId", extract(epoch FROM clock.day) * 1000 AS "endDay",
          floor(extract(epoch FROM b.occurred_at) / 86400)::int AS day, sum(coalesce(b.quantity, 1))::float8 AS units
        FROM clock LEFT JOIN items i ON i.shop_id = $3 AND i.external_id = ANY($1::text[])
        LEFT JOIN behaviours b ON b.item_id = i.id AND b.type = 'PURCHASE'
          AND b.occurred_at >= (clock.day - make_interval(days => $2)) AT TIME ZONE 'UTC' AND b.occurred_at < clock.day AT TIME ZONE 'UTC'
        GROUP BY 1, 2, 3`;
      const rows = await rowsOf<{
        itemId: string | null;
        endDay: string | null;
        day: number | null;
        units: number;
      }>(context, sql, [itemIds, days, context.shopId]);
      const endDay = Number(rows[0]?.endDay ?? 0);
      const startDay = endDay - days * DAY_MS;
      const units = new Float32Array(itemIds.length * days);
      const at = new Map(itemIds.map((id, index) => [id, index]));
      for (const row of rows) {
        if (row.itemId === null || row.day === null) continue;
        const index = at.get(row.itemId);
        if (index !== undefined) units[index * days + (row.day - startDay / DAY_MS)] = row.units;
      }
      return { itemIds, startDay, days, units };
    },
  };
}

async function readHistory(context: ShopContext, before: Date | undefined): Promise<ShopHistory> {
  const client = await context.pool.connect();
  try {
    // One snapshot for all four tables, so that no behaviour names a user that was added after the users were read.
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { rows: users } = await client.query<{ id: number; externalId: string; attributes: JsonObject }>(
      'SELECT id, external_id AS "externalId", attributes FROM users ORDER BY id',
    );
    const { rows: items } = await client.query<RawHistoryItem>(`${ITEM_SQL} ORDER BY id`);
    const userAt = new Map(users.map((row, index) => [row.id, index]));
    const itemAt = new Map(items.map((row, index) => [row.id, index]));
    const itemAtExternal = new Map(items.map((row, index) => [row.externalId, index]));
    const until = before ? `WHERE occurred_at < '${before.toISOString()}'` : '';
    const buffer = new BehaviourBuffer(userAt, itemAt);
    const stream = client.query(
      copyTo(`COPY (SELECT user_id, item_id, type, (extract(epoch FROM occurred_at) * 1000)::int8, quantity, value, session_id
        FROM behaviours ${until} ORDER BY user_id, occurred_at, session_id, event_id) TO STDOUT`),
    );
    const decoder = new StringDecoder('utf8');
    for await (const chunk of stream) buffer.push(decoder.write(chunk as Buffer));
    const { rows: transactions } = await client.query<RawTransaction & { userId: number }>(
      `SELECT t.user_id AS "userId", ${TRANSACTION_COLUMNS} FROM transactions t ${until} ORDER BY occurred_at, external_id`,
    );
    await client.query('COMMIT');
    return {
      users: users.map(toHistoryUser),
      items: items.map(toHistoryItem),
      ...buffer.finish(users.length),
      transactions: transactions.map((row) =>
        toHistoryTransaction(row, userAt.get(row.userId) ?? -1, (id) => itemAtExternal.get(id) ?? -1),
      ),
      currency: items.find((item) => item.currency)?.currency ?? DEFAULT_CURRENCY,
    };
  } catch (thrown) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw thrown;
  } finally {
    client.release();
  }
}

interface UserBehaviour {
  readonly ord: number;
  readonly attributes: JsonObject | null;
  readonly itemId: number | null;
  readonly type: BehaviourType | null;
  readonly at: number;
  readonly quantity: number | null;
  readonly value: number | null;
  readonly sessionId: string | null;
}

async function readUserSessions(context: ShopContext, ids: readonly string[]): Promise<UserSessions> {
  const sql = `SELECT (q.ord - 1)::int AS ord, u.attributes, b.item_id AS "itemId", b.type,
      (extract(epoch FROM b.occurred_at) * 1000)::float8 AS at, b.quantity, b.value::float8 AS value, b.session_id AS "sessionId"
    FROM unnest($1::text[]) WITH ORDINALITY AS q(id, ord)
    LEFT JOIN users u ON u.shop_id = $2 AND u.external_id = q.id
    LEFT JOIN behaviours b ON b.user_id = u.id
    ORDER BY q.ord, b.occurred_at, b.session_id, b.event_id`;
  const rows = await preparedRowsOf<UserBehaviour>(context, 'user_histories', sql, [ids, context.shopId]);
  const itemIds = [...new Set(rows.flatMap((row) => (row.itemId === null ? [] : [row.itemId])))];
  const items =
    itemIds.length === 0
      ? []
      : await rowsOf<RawHistoryItem>(context, `${ITEM_SQL} WHERE id = ANY($1::int[])`, [itemIds]);
  const itemAt = new Map(items.map((row, index) => [row.id, index]));
  const sessions = new Map<string, number>();
  const attributes = new Map<number, JsonObject>();
  const behaviours: BehaviourRow[] = [];
  for (const row of rows) {
    if (row.attributes) attributes.set(row.ord, row.attributes);
    if (row.type === null) continue;
    behaviours.push({
      user: row.ord,
      item: row.itemId === null ? -1 : (itemAt.get(row.itemId) ?? -1),
      type: row.type,
      occurredAt: row.at,
      quantity: row.quantity ?? 1,
      value: row.value ?? 0,
      session: row.sessionId === null ? -1 : numberOf(sessions, row.sessionId),
    });
  }
  const history = {
    users: ids.map((id, index) => ({ id, attributes: attributes.get(index) ?? {} })),
    items: items.map(toHistoryItem),
    // In the order of `readHistory`, to the last row: features add up in it.
    ...buildBehaviourColumns(behaviours, ids.length, true),
    transactions: [],
    currency: items.find((item) => item.currency)?.currency ?? DEFAULT_CURRENCY,
  };
  return { history, sessionIds: [...sessions.keys()] };
}

/** The number of a name, given in the order of first sight. */
function numberOf(names: Map<string, number>, name: string): number {
  const known = names.get(name);
  if (known !== undefined) return known;
  names.set(name, names.size);
  return names.size - 1;
}
