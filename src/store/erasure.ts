import type pg from 'pg';

import { AppError } from '../errors.js';
import { applyArchiveErasures, hasArchives } from './archive-erasures.js';
import { inTransaction, lockPeople } from './pool.js';
import type { ErasureRow } from './rows.js';
import { rowsOf, type ShopContext } from './shop-context.js';

/** Tables with rows of a person that are named by the internal id ($1) of their user. */
const TABLES_BY_USER: readonly (readonly [table: string, condition: string])[] = [
  ['behaviours', 'user_id = $1'],
  ['behaviour_keys', 'user_id = $1'],
  ['transactions', 'user_id = $1'],
  ['transaction_keys', 'user_id = $1'],
  ['users', 'id = $1'],
];

/** Tables with rows that name a person by the shop's own ids ($1): there may be some of a person who is no user of the store. */
const TABLES_BY_KEY: readonly (readonly [table: string, condition: string])[] = [
  ['feedback', 'user_key = ANY($1)'],
  ['feedback_keys', 'user_key = ANY($1)'],
  ['impressions', 'user_key = ANY($1)'],
  ['quarantined_rows', 'user_id = ANY($1)'],
];

/** What says that ids belong to a person ($1). */
const LINK_TABLES: readonly (readonly [table: string, condition: string])[] = [
  ['user_links', '(user_id = $1 OR alias_id = $1)'],
  ['user_aliases', '(user_id = $1 OR alias_id = $1)'],
];

/**
 * Removes a person's rows from every table in one transaction, then from the archives of retention, and keeps a receipt that holds no
 * personal data. Broken off behind the transaction, the next erasure or retention run does the archives. A person may be known by feedback,
 * impressions, quarantined or archived rows alone.
 *
 * @throws AppError NOT_FOUND where no row is theirs, and for a former id, naming the user whom it belongs to
 */
export async function eraseUser(context: ShopContext, externalId: string): Promise<ErasureRow> {
  const receipt = await eraseRows(context, externalId);
  const archived = (await applyArchiveErasures(context)).get(receipt.id);
  const removed = { ...receipt.removed, ...archived };
  if (Object.values(removed).every((rows) => rows === 0)) {
    await rowsOf(context, 'DELETE FROM erasures WHERE id = $1', [receipt.id]);
    throw unknownPerson(externalId);
  }
  return { ...receipt, removed };
}

const unknownPerson = (externalId: string) =>
  new AppError('NOT_FOUND', `There is no user ${externalId}, nor any row about them.`);

function eraseRows(context: ShopContext, externalId: string): Promise<ErasureRow> {
  return inTransaction(context.pool, async (client) => {
    // Rows of the person that are just being written are stored before, and removed with the others.
    await lockPeople(client, context.shopId, 'EXCLUSIVE');
    const known = await findPerson(client, context.shopId, externalId);
    // Rows that were archived, or refused, before persons were brought together stand under their former ids.
    const { rows: aliases } = await client.query<{ id: string; isApplied: boolean }>(
      `SELECT alias_id AS id, true AS "isApplied" FROM user_aliases WHERE user_id = $1
       UNION ALL SELECT alias_id, false FROM user_links WHERE user_id = $1`,
      [externalId],
    );
    const formerIds = aliases.filter(({ isApplied }) => isApplied).map(({ id }) => id);
    const removed = {
      ...(await removeRows(client, TABLES_BY_USER, known.id)),
      ...(await removeRows(client, TABLES_BY_KEY, [externalId, ...formerIds])),
      ...(await removeRows(client, LINK_TABLES, externalId)),
    };
    const isArchived = await hasArchives(context);
    if (!isArchived && Object.values(removed).every((rows) => rows === 0)) throw unknownPerson(externalId);
    // Reports of imports quote rows and name bots.
    await client.query(
      `UPDATE data_jobs SET report = report - 'problems' - 'bots' WHERE shop_id = $1 AND position($2 in report::text) > 0`,
      [context.shopId, JSON.stringify(externalId).slice(1, -1)],
    );
    const { rows: versions } = await client.query<{ id: string }>(
      'SELECT id FROM model_versions WHERE created_at >= $1 ORDER BY created_at',
      [known.since],
    );
    const modelVersionIds = versions.map((version) => version.id);
    const { rows: receipts } = await client.query<{ id: string; erasedAt: Date }>(
      `INSERT INTO erasures (shop_id, removed, model_version_ids) VALUES ($1, $2, $3) RETURNING id, erased_at AS "erasedAt"`,
      [context.shopId, JSON.stringify(removed), modelVersionIds],
    );
    if (isArchived) {
      await client.query(
        'INSERT INTO archive_erasures (shop_id, erasure_id, user_keys) VALUES ($1, $2, $3)',
        [context.shopId, receipts[0].id, [externalId, ...aliases.map(({ id }) => id)]],
      );
    }
    // Positions of imports that were broken off quote rows; without them the file is read from its start.
    await client.query('DELETE FROM import_positions WHERE shop_id = $1', [context.shopId]);
    return { ...receipts[0], removed, modelVersionIds };
  });
}

interface Person {
  /** Internal id; null for a person who is no user of the store. */
  readonly id: number | null;
  /** From when on models may have learnt from the person; null for one that no model can know. */
  readonly since: Date | null;
}

async function findPerson(client: pg.PoolClient, shopId: number, externalId: string): Promise<Person> {
  const { rows } = await client.query<{ id: number; since: Date }>(
    'SELECT id, created_at AS since FROM users WHERE shop_id = $1 AND external_id = $2 FOR UPDATE',
    [shopId, externalId],
  );
  if (rows.length > 0) return rows[0];
  const { rows: owners } = await client.query<{ userId: string }>(
    'SELECT user_id AS "userId" FROM user_aliases WHERE shop_id = $1 AND alias_id = $2',
    [shopId, externalId],
  );
  if (owners.length > 0) {
    throw new AppError(
      'NOT_FOUND',
      `What was done as ${externalId} belongs to the user ${owners[0].userId}: erase that one.`,
    );
  }
  return { id: null, since: null };
}

async function removeRows(
  client: pg.PoolClient,
  tables: readonly (readonly [table: string, condition: string])[],
  person: number | string | readonly string[] | null,
): Promise<Record<string, number>> {
  const removed: Record<string, number> = {};
  for (const [table, condition] of tables) {
    const result = await client.query(`DELETE FROM ${table} WHERE ${condition}`, [person]);
    removed[table] = result.rowCount ?? 0;
  }
  return removed;
}
