import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import pg from 'pg';

import { AppError, coerceError } from '../errors.js';
import { PROJECT_ROOT } from '../root.js';

/** Any number, the same in every version: who holds it is applying migrations. */
const LOCK = 7_270_736_901;

const TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`;

/**
 * Applies the migrations that the database does not have, in the order and with the records of `prisma migrate deploy`, so that either can
 * go on where the other stopped. Processes that start together take turns. Each migration is one transaction.
 *
 * @returns names of those applied now
 * @throws AppError INTERNAL when the database cannot be reached, a migration was changed after it was applied, or one fails
 */
export async function migrate(
  databaseUrl: string,
  directory = join(PROJECT_ROOT, 'prisma', 'migrations'),
): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  try {
    await client.connect();
  } catch (thrown) {
    throw databaseUnreachable(databaseUrl, thrown);
  }
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    await client.query(TABLE);
    return await applyMissing(client, directory);
  } finally {
    await client.end();
  }
}

/** The error of a database that does not answer, without its password. */
export function databaseUnreachable(databaseUrl: string, thrown: unknown): AppError {
  const { host, pathname } = new URL(databaseUrl);
  const reason = coerceError(thrown);
  const message = reason.message || (reason as NodeJS.ErrnoException).code || 'no answer';
  return new AppError(
    'INTERNAL',
    `The database ${pathname.slice(1)} at ${host} cannot be used: ${message}`,
    {},
    { cause: thrown },
  );
}

interface Applied {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

async function applyMissing(client: pg.Client, directory: string): Promise<string[]> {
  const { rows } = await client.query<Applied>(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  );
  const applied = new Map(rows.map((row) => [row.migration_name, row]));
  const names = readdirSync(directory)
    .filter((name) => existsSync(join(directory, name, 'migration.sql')))
    .sort();
  const fresh: string[] = [];
  for (const name of names) {
    const sql = readFileSync(join(directory, name, 'migration.sql'));
    const checksum = createHash('sha256').update(sql).digest('hex');
    const before = applied.get(name);
    if (!before) {
      await apply(client, name, sql.toString(), checksum);
      fresh.push(name);
    } else if (!before.finished_at) {
      throw new AppError(
        'INTERNAL',
        `The migration ${name} failed before. See: npx prisma migrate resolve --help`,
      );
    } else if (before.checksum !== checksum) {
      throw new AppError('INTERNAL', `The migration ${name} was changed after this database applied it.`);
    }
  }
  return fresh;
}

async function apply(client: pg.Client, name: string, sql: string, checksum: string): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (thrown) {
    await client.query('ROLLBACK');
    throw new AppError(
      'INTERNAL',
      `The migration ${name} failed: ${coerceError(thrown).message}`,
      {},
      { cause: thrown },
    );
  }
}
