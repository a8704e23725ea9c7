/** Behaviours in bulk: the rows that grow fastest, and so the one write that is made to measure. */
import type pg from 'pg';

import type { PartitionMaker } from './partitions.js';
import { inTransaction, lockPeople } from './pool.js';
import { partRows, ROW_CHECKS } from './row-checks.js';
import { RowIdFinder, type RowIds } from './row-ids.js';
import type { BehaviourWrite, WriteResult } from './rows.js';
import type { ShopContext } from './shop-context.js';
import { type StagedColumn, stageRows } from './staging.js';

/**
 * Writer of one shop's behaviours; users and items that they name are made where missing.
 *
 * Ids are resolved here, so that the rows are staged with numbers and inserted without a join: beside the insertion into the tables and
 * their indexes, which a bare COPY pays as well, that leaves the staging.
 */
export function behaviourWriter(
  context: ShopContext,
  partitions: PartitionMaker,
): (rows: readonly BehaviourWrite[]) => Promise<WriteResult> {
  const finder = new RowIdFinder(context);
  return async (rows) => {
    const { valid, errors } = partRows(rows, ROW_CHECKS.behaviours);
    const accepted =
      valid.length === 0
        ? 0
        : await partitions.during('behaviours', timesOf(valid), () => store(context, finder, valid));
    return { accepted, duplicates: valid.length - accepted, rejected: errors.length, errors };
  };
}

function* timesOf(rows: readonly BehaviourWrite[]): Generator<Date> {
  for (const { occurredAt } of rows) yield occurredAt;
}

async function store(
  context: ShopContext,
  finder: RowIdFinder,
  rows: readonly BehaviourWrite[],
): Promise<number> {
  const names = namesIn(rows);
  let keep = (): void => undefined;
  const accepted = await inTransaction(
    context.pool,
    async (client) => {
      await lockPeople(client, context.shopId, 'SHARED');
      const found = await finder.find(client, names);
      keep = found.keep;
      return insert(client, context.shopId, found.ids, rows);
    },
    { isRepeatable: true },
  );
  keep();
  return accepted;
}

function namesIn(rows: readonly BehaviourWrite[]): { users: Set<string>; items: Set<string> } {
  const users = new Set<string>();
  const items = new Set<string>();
  for (const { userId, itemId } of rows) {
    users.add(userId);
    if (itemId !== null && itemId !== undefined) items.add(itemId);
  }
  return { users, items };
}

/**
 * The keys first, in their order, so that concurrent writers never deadlock: a key that somebody else is storing is waited for. Mostly
 * all are new; only else are the rows joined with the keys that this transaction stored.
 */
async function insert(
  client: pg.PoolClient,
  shopId: number,
  ids: RowIds,
  rows: readonly BehaviourWrite[],
): Promise<number> {
  const staged = await stageRows(client, 'behaviours', columnsWith(ids), rows);
  const parameters = [...staged.parameters, shopId];
  const shop = `$${parameters.length}::int`;
  const keys = await client.query(
    `INSERT INTO behaviour_keys (user_id, shop_id, event_id)
     SELECT user_id, ${shop}, event_id FROM ${staged.from('s')} ORDER BY user_id, event_id ON CONFLICT DO NOTHING`,
    parameters,
  );
  const fresh = keys.rowCount ?? 0;
  if (fresh === 0) return 0;
  const chosen =
    fresh === rows.length
      ? `SELECT s.* FROM ${staged.from('s')} ORDER BY user_id, occurred_at`
      : `SELECT DISTINCT ON (s.user_id, s.event_id) s.* FROM ${staged.from('s')}
         JOIN behaviour_keys k ON k.user_id = s.user_id AND k.event_id = s.event_id AND k.xmin = pg_current_xact_id()::xid
         ORDER BY s.user_id, s.event_id, s.occurred_at`;
  await client.query(
    `INSERT INTO behaviours (user_id, event_id, shop_id, item_id, type, occurred_at, session_id, quantity, value, context,
       stored_tx)
     SELECT user_id, event_id, ${shop}, item_id, type, occurred_at, session_id, quantity, value, context,
       (SELECT (pg_current_xact_id()::text)::bigint)
     FROM (${chosen}) chosen`,
    parameters,
  );
  return fresh;
}

function columnsWith(ids: RowIds): StagedColumn<BehaviourWrite>[] {
  const number = (value: number | null | undefined): string | null =>
    value === null || value === undefined ? null : String(value);
  return [
    { name: 'user_id', type: 'int', text: (row) => number(ids.users.get(row.userId)) },
    { name: 'event_id', type: 'text', text: (row) => row.eventId },
    { name: 'item_id', type: 'int', text: (row) => (row.itemId ? number(ids.items.get(row.itemId)) : null) },
    { name: 'type', type: '"BehaviourType"', text: (row) => row.type },
    { name: 'occurred_at', type: 'timestamptz(3)', text: (row) => row.occurredAt.toISOString() },
    { name: 'session_id', type: 'text', text: (row) => row.sessionId ?? null },
    { name: 'quantity', type: 'int', text: (row) => number(row.quantity) },
    { name: 'value', type: 'numeric(18,4)', text: (row) => row.value ?? null },
    {
      name: 'context',
      type: 'jsonb',
      text: ({ context }) => (context === null || context === undefined ? null : JSON.stringify(context)),
    },
  ];
}
