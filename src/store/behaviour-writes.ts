/** Behaviours in bulk: the rows that grow fastest, and so the one write that is made to measure. */
import type pg from 'pg';

import { inTransaction, lockPeople } from './pool.js';
import { partRows, ROW_CHECKS } from './row-checks.js';
import { RowIdFinder, type RowIds } from './row-ids.js';
import type { BehaviourWrite, WriteResult } from './rows.js';
import type { ShopContext } from './shop-context.js';
import { type StagedColumn, stageRows } from './staging.js';

/**
 * Writer of one shop's behaviours; users and items that they name are made where missing.
 *
 * Ids are resolved here, so that the rows are staged with numbers and inserted without a join: beside the insertion into the table and
 * its indexes, which a bare COPY pays as well, that leaves the staging. In the order of the primary key, so that concurrent
 * writers never deadlock and neighbours share pages of the index.
 */
export function behaviourWriter(
  context: ShopContext,
): (rows: readonly BehaviourWrite[]) => Promise<WriteResult> {
  const finder = new RowIdFinder(context);
  return async (rows) => {
    const { valid, errors } = partRows(rows, ROW_CHECKS.behaviours);
    const accepted = valid.length === 0 ? 0 : await store(context, finder, valid);
    return { accepted, duplicates: valid.length - accepted, rejected: errors.length, errors };
  };
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

async function insert(
  client: pg.PoolClient,
  shopId: number,
  ids: RowIds,
  rows: readonly BehaviourWrite[],
): Promise<number> {
  const staged = await stageRows(client, 'behaviours', columnsWith(ids), rows);
  const { rowCount } = await client.query(
    `INSERT INTO behaviours (user_id, event_id, shop_id, item_id, type, occurred_at, session_id, quantity, value, context,
       stored_tx)
     SELECT user_id, event_id, $${staged.parameters.length + 1}::int, item_id, type, occurred_at, session_id, quantity, value, context,
       (SELECT (pg_current_xact_id()::text)::bigint)
     FROM ${staged.from('s')} ORDER BY user_id, event_id ON CONFLICT DO NOTHING`,
    [...staged.parameters, shopId],
  );
  return rowCount ?? 0;
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
