/**
 * A shop's behaviours in column files, kept up with the store: what came since the last time is read, not the history. For work over
 * more behaviours than fit into memory, a block of users at a time.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';

import type { HistoryItem, HistoryUser } from '../pipeline/index.js';
import { type ColumnBlock, COPY_FIELDS, CopyReader } from './column-block.js';
import { type HistoryBlock, type People, readBlock, readBlocks } from './history-blocks.js';
import {
  DEFAULT_CURRENCY,
  ITEM_SQL,
  type RawHistoryItem,
  toHistoryItem,
  toHistoryUser,
} from './history-rows.js';
import { BlockMerger } from './merge-blocks.js';
import type { JsonObject } from './rows.js';
import type { ShopContext } from './shop-context.js';

const BLOCK_ROWS = 250_000;
const VERSION = 2;
/** Changes that are remembered; what is older counts as changed. */
const MAX_CHANGES = 1_000;
const ORDER = 'user_id, occurred_at, session_id, event_id';
/** Sorting millions of rows in pieces of 4 MB costs a third of the time. */
const SORT_MEMORY = '256MB';

export interface RefreshReport {
  /** Behaviours that the store sent. */
  readonly rowsRead: number;
  /** Behaviours in the files now. */
  readonly rows: number;
  /** Time of the earliest behaviour that is new or gone: what is computed as of a cut up to it still holds. Infinity where none is. */
  readonly changedFrom: number;
}

export interface HistoryFilesOptions {
  /** Rows of a block (250,000); a user's rows never part, so that one may be larger. */
  readonly blockRows?: number;
}

export interface HistoryFiles {
  readonly users: readonly HistoryUser[];
  readonly items: readonly HistoryItem[];
  readonly rows: number;
  /** Counts how often the files were brought up. */
  readonly generation: number;
  /** Time of the earliest change after a generation: what was computed from it as of a cut up to this time still holds. */
  changedSince(generation: number): number;
  /** Brings the files up to the store. */
  refresh(): Promise<RefreshReport>;
  /** All users in the order of their internal ids, block by block; behaviours in the order of `readHistory`. No transactions. */
  blocks(): AsyncGenerator<HistoryBlock>;
}

interface State {
  readonly version: number;
  readonly shopId: number;
  /** The database's snapshot that the files stand at. */
  readonly snapshot: string;
  readonly generation: number;
  /** Batches of behaviours that retention had removed; more of them: begun anew. */
  readonly removals: number;
  readonly blocks: readonly { file: string; rows: number }[];
  /** What each generation changed, the newest last; null where everything. */
  readonly changes: readonly { generation: number; from: number | null }[];
}

/**
 * Opens column files in a folder and brings them up to the store; a folder of another shop, version or database is begun anew.
 *
 * Rows that were removed are left out where their user was erased. Rows of one user moved elsewhere without erasing (see
 * `applyLinks`) are seen when the folder is begun anew.
 */
export async function openHistoryFiles(
  context: ShopContext,
  directory: string,
  options: HistoryFilesOptions = {},
): Promise<HistoryFiles> {
  await mkdir(directory, { recursive: true });
  let state = await readState(context, directory);
  let people: People | undefined;
  const rowsIn = () => state?.blocks.reduce((sum, block) => sum + block.rows, 0) ?? 0;
  const files: HistoryFiles = {
    get users() {
      return people?.users ?? [];
    },
    get items() {
      return people?.items ?? [];
    },
    get rows() {
      return rowsIn();
    },
    get generation() {
      return state?.generation ?? 0;
    },
    changedSince: (generation) => changedSince(state, generation),
    refresh: async () => {
      const refreshed = await refresh(context, directory, state, options.blockRows ?? BLOCK_ROWS);
      const old = state?.blocks ?? [];
      ({ state, people } = refreshed);
      for (const { file } of old) await rm(join(directory, file), { force: true });
      return { rowsRead: refreshed.rowsRead, rows: rowsIn(), changedFrom: refreshed.changedFrom };
    },
    blocks: () => readBlocks(directory, state?.blocks ?? [], people),
  };
  return files;
}

function changedSince(state: State | undefined, generation: number): number {
  let earliest = Infinity;
  for (const change of state?.changes ?? [])
    if (change.generation > generation) earliest = Math.min(earliest, change.from ?? -Infinity);
  const isForgotten = (state?.changes[0]?.generation ?? Infinity) > generation + 1;
  return isForgotten ? -Infinity : earliest;
}

async function readState(context: ShopContext, directory: string): Promise<State | undefined> {
  try {
    const state = JSON.parse(await readFile(join(directory, 'state.json'), 'utf8')) as State;
    return state.version === VERSION && state.shopId === context.shopId ? state : undefined;
  } catch {
    return undefined; // none yet, or not whole: begun anew
  }
}

async function refresh(
  context: ShopContext,
  directory: string,
  before: State | undefined,
  blockRows: number,
): Promise<{ state: State; people: People; rowsRead: number; changedFrom: number }> {
  const client = await context.pool.connect();
  const second = await context.pool.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query(`SET LOCAL work_mem = '${SORT_MEMORY}'`);
    const { rows } = await client.query<{
      snapshot: string;
      exported: string;
      isKnown: boolean;
      removals: number;
    }>(
      `SELECT pg_current_snapshot()::text AS snapshot, pg_export_snapshot() AS exported,
         coalesce(pg_snapshot_xmin($1::text::pg_snapshot) <= pg_snapshot_xmax(pg_current_snapshot()), false) AS "isKnown",
         (SELECT count(*)::int FROM retention_batches WHERE kind = 'BEHAVIOURS') AS removals`,
      [before?.snapshot ?? null],
    );
    const [{ snapshot, exported, isKnown, removals }] = rows;
    await second.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await second.query(`SET TRANSACTION SNAPSHOT '${exported}'`);
    const known = isKnown && before?.removals === removals ? before : undefined;
    const people = await readPeople(client);
    const generation = (before?.generation ?? 0) + 1;
    const blocks: { file: string; rows: number }[] = [];
    const merger = new BlockMerger({
      blockRows,
      isThere: (user) => people.userAt.has(user),
      readUser: async (user) => readUser(second, user),
      write: async (block) => {
        const file = `${generation}-${blocks.length}.columns`;
        await writeFile(join(directory, file), block.toBytes());
        blocks.push({ file, rows: block.count });
      },
      readOld: async (at) =>
        known && at < known.blocks.length ? await readBlock(directory, known.blocks[at].file) : null,
    });
    const since = known
      ? `WHERE stored_tx >= pg_snapshot_xmin('${known.snapshot}')::text::bigint
         AND NOT pg_visible_in_snapshot(stored_tx::text::xid8, '${known.snapshot}')`
      : '';
    const reader = new CopyReader();
    const stream = client.query(
      copyTo(`COPY (SELECT ${COPY_FIELDS} FROM behaviours ${since} ORDER BY ${ORDER}) TO STDOUT`),
    );
    for await (const chunk of stream) {
      reader.push(chunk as Buffer);
      await merger.push(reader.take());
    }
    await merger.end();
    const changedFrom = known ? merger.changedFrom : -Infinity;
    const change = {
      generation,
      from: changedFrom === -Infinity ? null : Math.min(changedFrom, Number.MAX_VALUE),
    };
    const changes = [...(before?.changes ?? []), change].slice(-MAX_CHANGES);
    const state: State = {
      version: VERSION,
      shopId: context.shopId,
      snapshot,
      generation,
      removals,
      blocks,
      changes,
    };
    await writeFile(join(directory, 'state.json.new'), JSON.stringify(state));
    await rename(join(directory, 'state.json.new'), join(directory, 'state.json'));
    return { state, people, rowsRead: merger.rowsRead, changedFrom };
  } finally {
    for (const each of [second, client]) {
      const failure = await each.query('ROLLBACK').then(
        () => undefined,
        (thrown: unknown) => thrown as Error,
      );
      each.release(failure);
    }
  }
}

async function readPeople(client: pg.ClientBase): Promise<People> {
  const { rows: users } = await client.query<{ id: number; externalId: string; attributes: JsonObject }>(
    'SELECT id, external_id AS "externalId", attributes FROM users ORDER BY id',
  );
  const { rows: items } = await client.query<RawHistoryItem>(`${ITEM_SQL} ORDER BY id`);
  return {
    users: users.map(toHistoryUser),
    items: items.map(toHistoryItem),
    userAt: new Map(users.map((row, index) => [row.id, index])),
    itemAt: new Map(items.map((row, index) => [row.id, index])),
    currency: items.find((item) => item.currency)?.currency ?? DEFAULT_CURRENCY,
  };
}

async function readUser(client: pg.ClientBase, user: number): Promise<ColumnBlock> {
  const reader = new CopyReader();
  const sql = `COPY (SELECT ${COPY_FIELDS} FROM behaviours WHERE user_id = ${user} ORDER BY ${ORDER}) TO STDOUT`;
  for await (const chunk of client.query(copyTo(sql))) reader.push(chunk as Buffer);
  return reader.take();
}
