/** Persons leave the archives of retention: each file that holds rows of theirs is written anew without them. */
import { open, readFile, rename, rm } from 'node:fs/promises';

import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type pg from 'pg';

import { GROWING_TABLES, RETENTION_KINDS, type RetentionKind, toParquet } from './archive-columns.js';
import { inTransaction } from './pool.js';
import { rowsOf, type ShopContext } from './shop-context.js';

interface Archive {
  readonly id: string;
  readonly kind: RetentionKind;
  readonly file: string;
}

/**
 * Takes the rows of erased persons out of the shop's archives, one file after another, each replaced as a whole. What an erasure could not
 * do before it was broken off is done here, and the receipt tells the rows. A file that is there no longer counts as gone.
 *
 * @returns rows removed by erasure and kind, as `archived_behaviours` and so on
 */
export function applyArchiveErasures(context: ShopContext): Promise<Map<string, Record<string, number>>> {
  return inTransaction(context.pool, async (client) => {
    // Two that rewrite one file would each bring back what the other took out.
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('tandem.archives'), $1)`, [context.shopId]);
    const { rows: erasures } = await client.query<{ id: string; erasureId: string; userKeys: string[] }>(
      'SELECT id, erasure_id AS "erasureId", user_keys AS "userKeys" FROM archive_erasures ORDER BY created_at, id',
    );
    const done = new Map<string, Record<string, number>>(erasures.map(({ erasureId }) => [erasureId, {}]));
    if (erasures.length === 0) return done;
    const owner = new Map(
      erasures.flatMap(({ erasureId, userKeys }) => userKeys.map((key) => [key, erasureId])),
    );
    const { rows: archives } = await client.query<Archive>(
      'SELECT id, kind, file FROM retention_batches WHERE file IS NOT NULL ORDER BY removed_at, id',
    );
    for (const archive of archives) await rewrite(client, archive, owner, done);
    for (const { id, erasureId } of erasures) {
      const counts = JSON.stringify(done.get(erasureId));
      await client.query('UPDATE erasures SET removed = removed || $2::jsonb WHERE id = $1', [
        erasureId,
        counts,
      ]);
      await client.query('DELETE FROM archive_erasures WHERE id = $1', [id]);
    }
    return done;
  });
}

/** Name in receipts of what left the archives of a kind. */
export const archivedName = (kind: RetentionKind): string => `archived_${kind.toLowerCase()}`;

/** Whether the shop has archives. */
export async function hasArchives(context: ShopContext): Promise<boolean> {
  const rows = await rowsOf(context, 'SELECT 1 FROM retention_batches WHERE file IS NOT NULL LIMIT 1');
  return rows.length > 0;
}

async function rewrite(
  client: pg.PoolClient,
  { id, kind, file }: Archive,
  owner: ReadonlyMap<string, string>,
  done: ReadonlyMap<string, Record<string, number>>,
): Promise<void> {
  if (!RETENTION_KINDS.includes(kind)) return;
  const bytes = await readFile(file).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return null;
    throw thrown;
  });
  if (bytes === null) return;
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const people = await parquetReadObjects({ file: buffer, compressors, columns: ['userId'] });
  if (!people.some(({ userId }) => owner.has(String(userId)))) return;
  const rows = await parquetReadObjects({ file: buffer, compressors });
  const kept = rows.filter(({ userId }) => {
    const erasureId = owner.get(String(userId));
    const counts = erasureId === undefined ? undefined : done.get(erasureId);
    if (counts === undefined) return true;
    counts[archivedName(kind)] = (counts[archivedName(kind)] ?? 0) + 1;
    return false;
  });
  if (kept.length > 0) await replaceWhole(file, toParquet(GROWING_TABLES[kind], kept));
  await client.query('UPDATE retention_batches SET rows = $2, file = $3 WHERE id = $1', [
    id,
    kept.length,
    kept.length > 0 ? file : null,
  ]);
  if (kept.length === 0) await rm(file, { force: true });
}

async function replaceWhole(path: string, bytes: Uint8Array): Promise<void> {
  const fresh = `${path}.new`;
  const file = await open(fresh, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
}
