/** Bulk writes: idempotent, one transaction a call, rows in key order so that concurrent writers never deadlock. */
import type pg from 'pg';

import { behaviourWriter } from './behaviour-writes.js';
import { PartitionMaker } from './partitions.js';
import { inTransaction, lockPeople } from './pool.js';
import { partRows, ROW_CHECKS } from './row-checks.js';
import type {
  FeedbackWrite,
  ImpressionWrite,
  ItemWrite,
  TransactionWrite,
  UserWrite,
  WriteResult,
} from './rows.js';
import type { ShopContext } from './shop-context.js';
import type { ShopStore } from './shop-store.js';
import { type Staged, type StagedColumn, stageRows } from './staging.js';

type Writes = Pick<
  ShopStore,
  | 'upsertUsers'
  | 'upsertItems'
  | 'recordBehaviours'
  | 'recordTransactions'
  | 'recordFeedback'
  | 'recordImpressions'
>;

/** Bulk writes of one shop. */
export function bulkWrites(context: ShopContext): Writes {
  const partitions = new PartitionMaker(context);
  return {
    upsertUsers: (rows) =>
      write(context, rows, 'users', USER_COLUMNS, lastById, async (client, staged) => {
        const sql = `INSERT INTO users (shop_id, external_id, attributes)
          SELECT $SHOP, id, coalesce(attributes, '{}') FROM ${staged.from('staged')} ORDER BY id
          ON CONFLICT (shop_id, external_id) DO UPDATE
            SET attributes = users.attributes || excluded.attributes, updated_at = now()
            WHERE NOT users.attributes @> excluded.attributes`;
        return run(client, context, staged, sql);
      }),
    upsertItems: (rows) =>
      write(context, rows, 'items', ITEM_COLUMNS, lastById, (client, staged) =>
        run(client, context, staged, upsertItemsSql(staged)),
      ),
    recordBehaviours: behaviourWriter(context, partitions),
    recordTransactions: (rows) =>
      partitions.during('transactions', validTimes(rows, 'transactions'), () =>
        write(context, rows, 'transactions', TRANSACTION_COLUMNS, all, (client, staged) =>
          storeTransactions(client, context, staged),
        ),
      ),
    recordFeedback: (rows) =>
      partitions.during('feedback', validTimes(rows, 'feedback'), () =>
        write(context, rows, 'feedback', FEEDBACK_COLUMNS, all, (client, staged) => {
          const sql = `WITH fresh AS (
              INSERT INTO feedback_keys (user_key, event_id, shop_id)
              SELECT user_id, event_id, $SHOP FROM ${staged.from('s')} ORDER BY user_id, event_id
              ON CONFLICT DO NOTHING RETURNING user_key, event_id)
            INSERT INTO feedback (user_key, event_id, shop_id, impression_id, item_id, kind, occurred_at)
            SELECT DISTINCT ON (s.user_id, s.event_id) s.user_id, s.event_id, $SHOP, s.impression_id, i.id, s.kind, s.occurred_at
            FROM ${staged.from('s')}
            JOIN fresh ON fresh.user_key = s.user_id AND fresh.event_id = s.event_id
            LEFT JOIN items i ON i.shop_id = $SHOP AND i.external_id = s.item_id
            ORDER BY s.user_id, s.event_id, s.occurred_at`;
          return run(client, context, staged, sql);
        }),
      ),
    recordImpressions: async (rows) => {
      if (rows.length === 0) return;
      const times = rows.map(({ shownAt }) => shownAt);
      await partitions.during('impressions', times, () => storeImpressions(context, rows));
    },
  };
}

/** The label of a stored transaction may come later; else what is stored first stays. @returns rows stored or labelled */
async function storeTransactions(
  client: pg.PoolClient,
  context: ShopContext,
  staged: Staged,
): Promise<number> {
  await lockPeople(client, context.shopId, 'SHARED');
  await addUsers(client, context, staged);
  const stored = await run(
    client,
    context,
    staged,
    `WITH chosen AS MATERIALIZED (
       SELECT DISTINCT ON (u.id, s.id) u.id AS owner, s.* FROM ${staged.from('s')}
       JOIN users u ON u.shop_id = $SHOP AND u.external_id = s.user_id
       ORDER BY u.id, s.id, s.occurred_at),
     fresh AS (
       INSERT INTO transaction_keys (user_id, shop_id, occurred_at, external_id)
       SELECT owner, $SHOP, occurred_at, id FROM chosen ORDER BY owner, id
       ON CONFLICT DO NOTHING RETURNING user_id, external_id)
     INSERT INTO transactions (user_id, external_id, shop_id, amount, currency, occurred_at, lines, payment_method, device_id,
       ip_country, billing_country, shipping_country, is_fraud)
     SELECT owner, id, $SHOP, amount, currency, occurred_at, lines, payment_method, device_id, ip_country, billing_country,
       shipping_country, is_fraud
     FROM chosen JOIN fresh ON fresh.user_id = chosen.owner AND fresh.external_id = chosen.id`,
  );
  // After the keys, for which another transaction with the same ones was waited: what that stored is seen here.
  const labelled = await run(
    client,
    context,
    staged,
    `WITH given AS (
       SELECT DISTINCT ON (u.id, s.id) u.id AS owner, s.id, s.is_fraud FROM ${staged.from('s')}
       JOIN users u ON u.shop_id = $SHOP AND u.external_id = s.user_id
       WHERE s.is_fraud IS NOT NULL ORDER BY u.id, s.id, s.occurred_at),
     due AS MATERIALIZED (
       SELECT t.user_id, t.occurred_at, t.external_id, given.is_fraud FROM given
       JOIN transaction_keys k ON k.user_id = given.owner AND k.external_id = given.id
       JOIN transactions t ON t.user_id = k.user_id AND t.occurred_at = k.occurred_at AND t.external_id = k.external_id
       WHERE t.is_fraud IS DISTINCT FROM given.is_fraud ORDER BY t.user_id, t.external_id FOR UPDATE OF t)
     UPDATE transactions t SET is_fraud = due.is_fraud FROM due
     WHERE t.user_id = due.user_id AND t.occurred_at = due.occurred_at AND t.external_id = due.external_id`,
  );
  return stored + labelled;
}

/** Their ids are the application's own: a repeated one is the same row, with the same time. */
function storeImpressions(context: ShopContext, rows: readonly ImpressionWrite[]): Promise<number> {
  return inTransaction(
    context.pool,
    async (client) => {
      const staged = await stageRows(client, 'impressions', IMPRESSION_COLUMNS, rows);
      const sql = `INSERT INTO impressions (user_key, id, shop_id, item_id, model_version_id, rank, score, reason, shown_at)
        SELECT s.user_id, s.id, $SHOP, i.id, s.model_version_id, s.rank, s.score, s.reason, s.shown_at
        FROM ${staged.from('s')}
        JOIN items i ON i.shop_id = $SHOP AND i.external_id = s.item_id
        ORDER BY s.user_id, s.id
        ON CONFLICT DO NOTHING`;
      return run(client, context, staged, sql);
    },
    { isRepeatable: true },
  );
}

/** Times of the rows that will be stored. */
function validTimes<Row extends { readonly occurredAt: Date }>(
  rows: readonly Row[],
  kind: 'transactions' | 'feedback',
): Date[] {
  return partRows(rows, ROW_CHECKS[kind] as unknown as (row: Row) => void).valid.map(
    ({ occurredAt }) => occurredAt,
  );
}

async function write<Row>(
  context: ShopContext,
  rows: readonly Row[],
  kind: Exclude<keyof typeof ROW_CHECKS, 'behaviours'>,
  columns: readonly StagedColumn<Row>[],
  choose: (rows: Row[]) => Row[],
  store: (client: pg.PoolClient, staged: Staged) => Promise<number>,
): Promise<WriteResult> {
  const { valid, errors } = partRows(rows, ROW_CHECKS[kind] as (row: Row) => void);
  const chosen = choose(valid);
  const accepted =
    chosen.length === 0
      ? 0
      : await inTransaction(
          context.pool,
          async (client) => store(client, await stageRows(client, kind, columns, chosen)),
          { isRepeatable: true },
        );
  return { accepted, duplicates: valid.length - accepted, rejected: errors.length, errors };
}

/** Runs a statement whose `$SHOP` stands for the shop, after the staged rows' own parameters. @returns rows written */
async function run(
  client: pg.PoolClient,
  context: ShopContext,
  staged: Staged,
  sql: string,
): Promise<number> {
  const parameters = [...staged.parameters, context.shopId];
  const result = await client.query(sql.replaceAll('$SHOP', `$${parameters.length}::int`), parameters);
  return result.rowCount ?? 0;
}

async function addUsers(client: pg.PoolClient, context: ShopContext, staged: Staged): Promise<void> {
  await run(
    client,
    context,
    staged,
    `INSERT INTO users (shop_id, external_id)
     SELECT DISTINCT $SHOP, user_id FROM ${staged.from('staged')}
     WHERE NOT EXISTS (SELECT FROM users u WHERE u.shop_id = $SHOP AND u.external_id = staged.user_id)
     ORDER BY user_id ON CONFLICT DO NOTHING`,
  );
}

function upsertItemsSql(staged: Staged): string {
  return `INSERT INTO items (shop_id, external_id, title, category, price, currency, available, image_url, attributes)
    SELECT $SHOP, id, title, coalesce(category, '{}'), price, currency, coalesce(available, true), image_url, coalesce(attributes, '{}')
    FROM ${staged.from('staged')} ORDER BY id
    ON CONFLICT (shop_id, external_id) DO UPDATE SET
      title = excluded.title, category = excluded.category, price = coalesce(excluded.price, items.price),
      currency = coalesce(excluded.currency, items.currency), available = excluded.available,
      image_url = coalesce(excluded.image_url, items.image_url), attributes = items.attributes || excluded.attributes,
      updated_at = now()
    WHERE (items.title, items.category, items.available) IS DISTINCT FROM (excluded.title, excluded.category, excluded.available)
       OR excluded.price IS NOT NULL AND excluded.price IS DISTINCT FROM items.price
       OR excluded.currency IS NOT NULL AND excluded.currency IS DISTINCT FROM items.currency
       OR excluded.image_url IS NOT NULL AND excluded.image_url IS DISTINCT FROM items.image_url
       OR NOT items.attributes @> excluded.attributes`;
}

const all = <Row>(rows: Row[]): Row[] => rows;

/** An upsert may name a row once only: of several for one id, the last counts. */
function lastById<Row extends { readonly id: string }>(rows: Row[]): Row[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}

const json = (value: unknown): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);
const text = (value: string | null | undefined): string | null => value ?? null;

const USER_COLUMNS: StagedColumn<UserWrite>[] = [
  { name: 'id', type: 'text', text: (row) => row.id },
  { name: 'attributes', type: 'jsonb', text: (row) => json(row.attributes) },
];

/** A list in PostgreSQL's text form. */
const textArray = (values: readonly string[] | undefined): string | null =>
  values ? `{${values.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`).join(',')}}` : null;

const ITEM_COLUMNS: StagedColumn<ItemWrite>[] = [
  { name: 'id', type: 'text', text: (row) => row.id },
  { name: 'title', type: 'text', text: (row) => row.title },
  { name: 'category', type: 'text[]', text: (row) => textArray(row.category) },
  { name: 'price', type: 'numeric(18,4)', text: (row) => text(row.price) },
  { name: 'currency', type: 'text', text: (row) => text(row.currency) },
  {
    name: 'available',
    type: 'boolean',
    text: (row) => (row.available === undefined ? null : String(row.available)),
  },
  { name: 'image_url', type: 'text', text: (row) => text(row.imageUrl) },
  { name: 'attributes', type: 'jsonb', text: (row) => json(row.attributes) },
];

const TRANSACTION_COLUMNS: StagedColumn<TransactionWrite>[] = [
  { name: 'id', type: 'text', text: (row) => row.id },
  { name: 'user_id', type: 'text', text: (row) => row.userId },
  { name: 'amount', type: 'numeric(18,4)', text: (row) => row.amount },
  { name: 'currency', type: 'text', text: (row) => row.currency },
  { name: 'occurred_at', type: 'timestamptz(3)', text: (row) => row.occurredAt.toISOString() },
  { name: 'lines', type: 'jsonb', text: (row) => json(row.items ?? []) },
  { name: 'payment_method', type: 'text', text: (row) => text(row.paymentMethod) },
  { name: 'device_id', type: 'text', text: (row) => text(row.deviceId) },
  { name: 'ip_country', type: 'text', text: (row) => text(row.ipCountry) },
  { name: 'billing_country', type: 'text', text: (row) => text(row.billingCountry) },
  { name: 'shipping_country', type: 'text', text: (row) => text(row.shippingCountry) },
  {
    name: 'is_fraud',
    type: 'boolean',
    text: (row) => (typeof row.isFraud === 'boolean' ? String(row.isFraud) : null),
  },
];

const FEEDBACK_COLUMNS: StagedColumn<FeedbackWrite>[] = [
  { name: 'event_id', type: 'text', text: (row) => row.eventId },
  { name: 'user_id', type: 'text', text: (row) => row.userId },
  { name: 'impression_id', type: 'uuid', text: (row) => text(row.impressionId) },
  { name: 'item_id', type: 'text', text: (row) => text(row.itemId) },
  { name: 'kind', type: 'text', text: (row) => row.kind },
  { name: 'occurred_at', type: 'timestamptz(3)', text: (row) => row.occurredAt.toISOString() },
];

const IMPRESSION_COLUMNS: StagedColumn<ImpressionWrite>[] = [
  { name: 'id', type: 'uuid', text: (row) => row.id },
  { name: 'user_id', type: 'text', text: (row) => row.userId },
  { name: 'item_id', type: 'text', text: (row) => row.itemId },
  { name: 'model_version_id', type: 'uuid', text: (row) => row.modelVersionId },
  { name: 'rank', type: 'int', text: (row) => String(row.rank) },
  { name: 'score', type: 'double precision', text: (row) => String(row.score) },
  { name: 'reason', type: 'text', text: (row) => row.reason },
  { name: 'shown_at', type: 'timestamptz(3)', text: (row) => row.shownAt.toISOString() },
];
