/**
 * Features of all users as of four cuts over behaviours that lie in PostgreSQL, out of core: first over half the rows, then over all in
 * fresh files, then again after one more day, which reads that day alone.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';

import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import { DAY_MS } from '../src/pipeline/index.js';
import { PROJECT_ROOT } from '../src/root.js';
import { migrate, startEmbeddedPostgres } from '../src/store/index.js';
import type { ComputeRequest, ComputeResult } from './features/compute.js';
import { makeDataFolder } from './ingest/api-process.js';
import {
  addPartitions,
  behaviourAt,
  type BehaviourStreamOptions,
  COPY_COLUMNS,
  copyLine,
  itemIdOf,
  START,
  userIdOf,
} from './ingest/behaviour-stream.js';

const CUT_DAYS = [280, 308, 336, 364];

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      rows: { type: 'string', default: '10000000' },
      users: { type: 'string', default: '100000' },
      items: { type: 'string', default: '20000' },
      data: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  const rows = Number(flags.rows);
  const stream = { rows, users: Number(flags.users), items: Number(flags.items), days: 364 };
  const cuts = CUT_DAYS.map((day) => START + day * DAY_MS);
  const folder = makeDataFolder();
  const server = await startEmbeddedPostgres({ directory: join(folder.path, 'pg') });
  try {
    await migrate(server.url);
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await prepare(client, stream);
    await load(client, stream, 0);
    const half = await compute({ databaseUrl: server.url, directory: join(folder.path, 'half'), cuts });
    await load(client, stream, 1);
    const all = { databaseUrl: server.url, directory: join(folder.path, 'all'), cuts };
    const whole = await compute(all);
    const dayRows = await loadDay(client, stream);
    const nextCut = START + 365 * DAY_MS;
    const day = await compute({ ...all, cuts: [...cuts, nextCut] });
    await client.end();
    const wall = whole.readS + whole.featuresS;
    console.log(
      JSON.stringify({
        rows_s: Math.round(whole.rows / wall),
        wall_s: round(wall),
        rss_mb: whole.peakMb,
        read_s: round(whole.readS),
        features_s: round(whole.featuresS),
        rows: whole.rows,
        users: stream.users,
        cuts: cuts.length,
        examples: whole.examples,
        half_wall_s: round(half.readS + half.featuresS),
        half_rss_mb: half.peakMb,
        twice_cost: Number((wall / (half.readS + half.featuresS)).toFixed(2)),
        day_rows: dayRows,
        day_rows_read: day.rowsRead,
        day_cuts_computed: day.computedCuts,
        day_wall_s: round(day.readS + day.featuresS),
      }),
    );
    if (whole.rows !== rows || day.rowsRead < dayRows) process.exitCode = 1;
  } finally {
    await server.stop();
    folder.remove();
  }
}

const round = (seconds: number): number => Number(seconds.toFixed(1));

/** Without the indexes that only slow the loading, which is not measured. */
async function prepare(client: pg.Client, stream: BehaviourStreamOptions): Promise<void> {
  await client.query('ALTER TABLE behaviours DROP CONSTRAINT behaviours_pkey');
  for (const index of ['shop_id_occurred_at', 'item_id_occurred_at'])
    await client.query(`DROP INDEX behaviours_${index}_idx`);
  await addPartitions(client, stream, 2);
  const ids = (count: number, idOf: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => idOf(at));
  const from = 'FROM unnest($1::text[]) WITH ORDINALITY AS t(id, at)';
  await client.query(`INSERT INTO users (id, shop_id, external_id) SELECT at, 1, id ${from}`, [
    ids(stream.users, userIdOf),
  ]);
  await client.query(`INSERT INTO items (id, shop_id, external_id, title) SELECT at, 1, id, id ${from}`, [
    ids(stream.items, itemIdOf),
  ]);
}

/** Loads every second row of the stream, the even ones or the odd. */
async function load(client: pg.Client, stream: BehaviourStreamOptions, odd: 0 | 1): Promise<void> {
  process.stderr.write(`Loading ${stream.rows / 2} behaviours …\n`);
  await copy(client, stream, odd, stream.rows, 2);
  await client.query(`CREATE INDEX IF NOT EXISTS loaded_by_user ON behaviours (user_id)`);
  await client.query('VACUUM ANALYZE behaviours');
}

/** One more day behind the stream. @returns its rows */
async function loadDay(client: pg.Client, stream: BehaviourStreamOptions): Promise<number> {
  const rows = Math.round(stream.rows / stream.days);
  await copy(client, stream, stream.rows, stream.rows + rows, 1);
  return rows;
}

async function copy(
  client: pg.Client,
  stream: BehaviourStreamOptions,
  from: number,
  to: number,
  step: number,
): Promise<void> {
  function* lines(): Generator<string> {
    let text = '';
    for (let event = from; event < to; event += step) {
      text += copyLine(behaviourAt(event, stream), 1);
      if (text.length < 1 << 16) continue;
      yield text;
      text = '';
    }
    yield text;
  }
  await pipeline(
    Readable.from(lines()),
    client.query(copyFrom(`COPY behaviours (${COPY_COLUMNS}) FROM STDIN`)),
  );
}

function compute(request: ComputeRequest): Promise<ComputeResult> {
  const child = fork(join(PROJECT_ROOT, 'dist', 'bench', 'features', 'compute.js'));
  return new Promise((resolve, reject) => {
    child.once('message', (result) => resolve(result as ComputeResult));
    child.once('exit', (code) => reject(new Error(`The process that computes ended with code ${code}.`)));
    child.send(request);
  });
}
