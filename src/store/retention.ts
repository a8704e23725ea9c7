/** How long a shop keeps its growing rows: policies, and removing or archiving what is older, batch by batch. */
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type pg from 'pg';

import { AppError } from '../errors.js';
import {
  GROWING_TABLES,
  type GrowingTable,
  RETENTION_KINDS,
  type RetentionKind,
  toParquet,
} from './archive-columns.js';
import { applyArchiveErasures } from './archive-erasures.js';
import { oldPartitions, tendPartitions } from './partitions.js';
import { inTransaction } from './pool.js';
import { rowsOf, type ShopContext } from './shop-context.js';

/** Rows of a transaction, and of a file. */
const BATCH_ROWS = 50_000;
const MAX_KEEP_DAYS = 36_500;
const DAY_MS = 86_400_000;

export interface RetentionPolicy {
  readonly kind: RetentionKind;
  /** Rows whose time lies further back are removed. */
  readonly keepDays: number;
  /** Whether they are written to Parquet files first. */
  readonly isArchived: boolean;
}

export interface RetentionOptions {
  /** The time that ages count from. */
  readonly now: Date;
  /** Folder of the archives; needed where a policy archives. */
  readonly archiveDirectory?: string;
  readonly batchRows?: number;
  readonly signal?: AbortSignal;
}

export interface RetentionReport {
  readonly kind: RetentionKind;
  readonly removed: number;
  readonly files: string[];
}

export interface RetentionStore {
  retentionPolicies(): Promise<RetentionPolicy[]>;
  /** Sets or (with null) ends a policy. @throws AppError BAD_USER_INPUT */
  setRetention(kind: RetentionKind, policy: Omit<RetentionPolicy, 'kind'> | null): Promise<void>;
  /**
   * Removes what the policies say, oldest first, a batch a transaction; can be broken off and started again at any moment: a row is in the
   * table or, where the policy archives, in a file that the table `retention_batches` names.
   */
  applyRetention(options: RetentionOptions): Promise<RetentionReport[]>;
}

/** Retention of one shop. */
export function retentionStore(context: ShopContext): RetentionStore {
  const policies = () =>
    rowsOf<RetentionPolicy & Record<string, unknown>>(
      context,
      `SELECT kind, keep_days AS "keepDays", is_archived AS "isArchived" FROM retention_policies WHERE shop_id = $1 ORDER BY kind`,
      [context.shopId],
    );
  return {
    retentionPolicies: policies,
    setRetention: (kind, policy) => setRetention(context, kind, policy),
    applyRetention: async (options) => {
      const reports: RetentionReport[] = [];
      await applyArchiveErasures(context);
      for (const policy of await policies()) reports.push(await applyPolicy(context, policy, options));
      await tendPartitions(context);
      return reports;
    },
  };
}

async function setRetention(
  context: ShopContext,
  kind: RetentionKind,
  policy: Omit<RetentionPolicy, 'kind'> | null,
): Promise<void> {
  if (!RETENTION_KINDS.includes(kind)) {
    throw new AppError(
      'BAD_USER_INPUT',
      `kind: expected one of ${RETENTION_KINDS.join(', ')}, got ${String(kind)}.`,
    );
  }
  if (policy === null) {
    await rowsOf(context, 'DELETE FROM retention_policies WHERE shop_id = $1 AND kind = $2', [
      context.shopId,
      kind,
    ]);
    return;
  }
  const { keepDays, isArchived } = policy;
  if (!Number.isInteger(keepDays) || keepDays < 1 || keepDays > MAX_KEEP_DAYS) {
    throw new AppError(
      'BAD_USER_INPUT',
      `keepDays: expected a whole number from 1 to ${MAX_KEEP_DAYS}, got ${keepDays}.`,
    );
  }
  await rowsOf(
    context,
    `INSERT INTO retention_policies (shop_id, kind, keep_days, is_archived) VALUES ($1, $2, $3, $4)
     ON CONFLICT (shop_id, kind) DO UPDATE SET keep_days = excluded.keep_days, is_archived = excluded.is_archived, updated_at = now()`,
    [context.shopId, kind, keepDays, isArchived],
  );
}

async function applyPolicy(
  context: ShopContext,
  policy: RetentionPolicy,
  options: RetentionOptions,
): Promise<RetentionReport> {
  const { kind, keepDays, isArchived } = policy;
  const { table } = GROWING_TABLES[kind];
  const before = new Date(options.now.getTime() - keepDays * DAY_MS);
  const directory = isArchived ? await archiveFolder(context, kind, options) : null;
  const files: string[] = [];
  let removed = directory === null ? await dropWhole(context, kind, before) : 0;
  for (;;) {
    options.signal?.throwIfAborted();
    const file =
      directory === null
        ? null
        : join(directory, `${before.toISOString().slice(0, 10)}-${await nextNumber(directory)}.parquet`);
    const rows = await inTransaction(context.pool, (client) =>
      removeBatch(client, context.shopId, { kind, before, file, limit: options.batchRows ?? BATCH_ROWS }),
    );
    if (rows === 0) break;
    removed += rows;
    if (file !== null) files.push(file);
  }
  for (const part of await oldPartitions(context, table, before))
    await rowsOf(context, 'SELECT FROM drop_partition($1, $2, true)', [table, part]);
  return { kind, removed, files };
}

/** Drops partitions that are older as a whole and hold rows of this shop alone, instead of deleting row by row. @returns rows removed */
async function dropWhole(context: ShopContext, kind: RetentionKind, before: Date): Promise<number> {
  const { table } = GROWING_TABLES[kind];
  let removed = 0;
  for (const part of await oldPartitions(context, table, before)) {
    removed += await inTransaction(context.pool, async (client) => {
      const { rows } = await client.query<{ rows: number; from: Date; to: Date }>(
        'SELECT dropped_rows::int AS rows, from_at AS "from", to_at AS "to" FROM drop_partition($1, $2, false)',
        [table, part],
      );
      const dropped = rows.at(0);
      if (dropped === undefined || dropped.rows === 0) return 0;
      await noteBatch(client, context.shopId, kind, { ...dropped, file: null });
      return dropped.rows;
    });
  }
  return removed;
}

/** The folder of a kind's archives, without what an attempt that broke off left: its rows are in the table still. */
async function archiveFolder(
  context: ShopContext,
  kind: RetentionKind,
  options: RetentionOptions,
): Promise<string> {
  if (options.archiveDirectory === undefined) {
    throw new AppError('BAD_USER_INPUT', `The policy for ${kind} archives: archiveDirectory is needed.`);
  }
  const directory = join(options.archiveDirectory, context.shopKey, kind.toLowerCase());
  await mkdir(directory, { recursive: true });
  const known = await rowsOf<{ file: string }>(
    context,
    'SELECT file FROM retention_batches WHERE shop_id = $1 AND kind = $2 AND file IS NOT NULL',
    [context.shopId, kind],
  );
  const names = new Set(known.map(({ file }) => file));
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (!names.has(path)) await rm(path, { force: true });
  }
  return directory;
}

async function nextNumber(directory: string): Promise<string> {
  const numbers = (await readdir(directory)).map((name) => Number(/-(\d+)\.parquet$/.exec(name)?.[1] ?? 0));
  return String(Math.max(0, ...numbers) + 1).padStart(6, '0');
}

interface Batch {
  readonly kind: RetentionKind;
  readonly before: Date;
  /** Where the rows go first; null = nowhere. */
  readonly file: string | null;
  readonly limit: number;
}

/** Removes the oldest rows, at most `limit`; they are on the disk before they are gone from the table. @returns how many */
async function removeBatch(client: pg.PoolClient, shopId: number, batch: Batch): Promise<number> {
  const table = GROWING_TABLES[batch.kind];
  const rows = await oldest(client, shopId, table, batch);
  if (rows.length === 0) return 0;
  if (batch.file !== null) await writeWhole(batch.file, toParquet(table, rows));
  const arrays = table.key.map(([, type], at) => `$${at + 2}::${type}[]`).join(', ');
  const names = table.key.map(([name]) => name).join(', ');
  const matches = table.key.map(([name]) => `t.${name} = k.${name}`).join(' AND ');
  await client.query(
    `DELETE FROM ${table.table} t USING unnest(${arrays}) AS k(${names}) WHERE t.shop_id = $1 AND ${matches}`,
    [shopId, ...table.key.map(([name]) => rows.map((row) => row[`key_${name}`]))],
  );
  // The id of an archived row stays known: sent again, it would come into the archive twice.
  if (table.ids !== null && batch.file === null) {
    const [ids, columns] = table.ids;
    const types = columns.map((name, at) => `$${at + 2}::${table.key.find(([key]) => key === name)![1]}[]`);
    await client.query(
      `DELETE FROM ${ids} t USING unnest(${types.join(', ')}) AS k(${columns.join(', ')})
       WHERE t.shop_id = $1 AND ${columns.map((name) => `t.${name} = k.${name}`).join(' AND ')}`,
      [shopId, ...columns.map((name) => rows.map((row) => row[`key_${name}`]))],
    );
  }
  await noteBatch(client, shopId, batch.kind, {
    rows: rows.length,
    from: rows[0].at as Date,
    to: rows[rows.length - 1].at as Date,
    file: batch.file,
  });
  return rows.length;
}

async function noteBatch(
  client: pg.PoolClient,
  shopId: number,
  kind: RetentionKind,
  batch: { readonly rows: number; readonly from: Date; readonly to: Date; readonly file: string | null },
): Promise<void> {
  await client.query(
    'INSERT INTO retention_batches (shop_id, kind, rows, from_at, to_at, file) VALUES ($1, $2, $3, $4, $5, $6)',
    [shopId, kind, batch.rows, batch.from, batch.to, batch.file],
  );
}

async function oldest(
  client: pg.PoolClient,
  shopId: number,
  table: GrowingTable,
  batch: Batch,
): Promise<Record<string, unknown>[]> {
  const columns = Object.entries(table.columns).map(([name, [sql]]) => `${sql} AS "${name}"`);
  const keys = table.key.map(([name]) => `t.${name} AS key_${name}`);
  const archived = batch.file === null ? [] : columns;
  const joins = batch.file === null ? '' : table.joins;
  const { rows } = await client.query<Record<string, unknown>>(
    `SELECT ${[...keys, `t.${table.time} AS at`, ...archived].join(', ')} FROM ${table.table} t ${joins}
     WHERE t.shop_id = $1 AND t.${table.time} < $2 ORDER BY t.${table.time} LIMIT ${batch.limit} FOR UPDATE OF t`,
    [shopId, batch.before],
  );
  return rows;
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
