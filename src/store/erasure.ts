import { AppError } from '../errors.js';
import { applyArchiveErasures, hasArchives } from './archive-erasures.js';
import { inTransaction, lockPeople } from './pool.js';
import type { ErasureRow } from './rows.js';
import type { ShopContext } from './shop-context.js';

/** Tables with rows of a person, and how they name the person: $1 internal id, $2 the shop's id of the user. */
const PERSONAL_TABLES: readonly (readonly [table: string, condition: string])[] = [
  ['behaviours', 'user_id = $1 AND $2::text IS NOT NULL'],
  ['behaviour_keys', 'user_id = $1 AND $2::text IS NOT NULL'],
  ['transactions', 'user_id = $1 AND $2::text IS NOT NULL'],
  ['transaction_keys', 'user_id = $1 AND $2::text IS NOT NULL'],
  ['feedback', 'user_key = $2 AND $1::int IS NOT NULL'],
  ['feedback_keys', 'user_key = $2 AND $1::int IS NOT NULL'],
  ['impressions', 'user_key = $2 AND $1::int IS NOT NULL'],
  ['quarantined_rows', 'user_id = $2 AND $1::int IS NOT NULL'],
  ['user_links', '(user_id = $2 OR alias_id = $2) AND $1::int IS NOT NULL'],
  ['user_aliases', '(user_id = $2 OR alias_id = $2) AND $1::int IS NOT NULL'],
  ['users', 'id = $1 AND $2::text IS NOT NULL'],
];

/**
 * Removes a person's rows from every table in one transaction, then from the archives of retention, and keeps a receipt that holds no
 * personal data. Broken off behind the transaction, the next erasure or retention run does the archives.
 *
 * @throws AppError NOT_FOUND
 */
export async function eraseUser(context: ShopContext, externalId: string): Promise<ErasureRow> {
  const receipt = await eraseRows(context, externalId);
  const archived = (await applyArchiveErasures(context)).get(receipt.id);
  return { ...receipt, removed: { ...receipt.removed, ...archived } };
}

function eraseRows(context: ShopContext, externalId: string): Promise<ErasureRow> {
  return inTransaction(context.pool, async (client) => {
    // Rows of the person that are just being written are stored before, and removed with the others.
    await lockPeople(client, context.shopId, 'EXCLUSIVE');
    const { rows } = await client.query<{ id: number; createdAt: Date }>(
      'SELECT id, created_at AS "createdAt" FROM users WHERE shop_id = $1 AND external_id = $2 FOR UPDATE',
      [context.shopId, externalId],
    );
    if (rows.length === 0) throw new AppError('NOT_FOUND', `There is no user ${externalId}.`);
    const [user] = rows;
    // Rows that were archived before persons were brought together stand under their former ids.
    const { rows: aliases } = await client.query<{ id: string }>(
      `SELECT alias_id AS id FROM user_aliases WHERE user_id = $1 UNION SELECT alias_id FROM user_links WHERE user_id = $1`,
      [externalId],
    );
    const removed: Record<string, number> = {};
    for (const [table, condition] of PERSONAL_TABLES) {
      const result = await client.query(`DELETE FROM ${table} WHERE ${condition}`, [user.id, externalId]);
      removed[table] = result.rowCount ?? 0;
    }
    // Reports of imports quote rows and name bots.
    await client.query(
      `UPDATE data_jobs SET report = report - 'problems' - 'bots' WHERE shop_id = $1 AND position($2 in report::text) > 0`,
      [context.shopId, JSON.stringify(externalId).slice(1, -1)],
    );
    const { rows: versions } = await client.query<{ id: string }>(
      'SELECT id FROM model_versions WHERE created_at >= $1 ORDER BY created_at',
      [user.createdAt],
    );
    const modelVersionIds = versions.map((version) => version.id);
    const { rows: receipts } = await client.query<{ id: string; erasedAt: Date }>(
      `INSERT INTO erasures (shop_id, removed, model_version_ids) VALUES ($1, $2, $3) RETURNING id, erased_at AS "erasedAt"`,
      [context.shopId, JSON.stringify(removed), modelVersionIds],
    );
    if (await hasArchives(context)) {
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
