/**
 * Behaviours over HTTP into PostgreSQL as a shop sends them (NDJSON, several clients, real API process, indexes and idempotency on),
 * beside a bare COPY of the same rows into the same table in the same run.
 */
import { chmodSync, closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import pg from 'pg';

import {
  embeddedServer,
  makeDataFolder,
  memoryOf,
  processorSecondsOf,
  startApiProcess,
} from './ingest/api-process.js';
import {
  addPartitions,
  behaviourAt,
  type BehaviourStreamOptions,
  COPY_COLUMNS,
  copyKeyLine,
  copyLine,
  itemIdOf,
  KEY_COPY_COLUMNS,
  ndjsonLine,
  userIdOf,
} from './ingest/behaviour-stream.js';

interface Sent {
  readonly failed: number;
  readonly accepted: number;
  readonly seconds: number;
  readonly batchMs: number[];
}

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      rows: { type: 'string', default: '1000000' },
      clients: { type: 'string', default: '4' },
      batch: { type: 'string', default: '20000' },
      users: { type: 'string', default: '100000' },
      items: { type: 'string', default: '20000' },
      data: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  const rows = Number(flags.rows);
  const stream = { rows, users: Number(flags.users), items: Number(flags.items), days: 365 };
  const folder = makeDataFolder();
  try {
    process.stderr.write(`Writing ${rows} behaviours as NDJSON and as COPY lines …\n`);
    const files = writeBatches(folder.path, stream, Number(flags.batch));
    const copyFile = writeCopyFile(
      folder.path,
      'behaviours',
      (event) => copyLine(behaviourAt(event, stream), 1),
      rows,
    );
    const keyFile = writeCopyFile(
      folder.path,
      'keys',
      (event) => copyKeyLine(behaviourAt(event, stream), 1),
      rows,
    );
    const api = await startApiProcess(join(folder.path, 'data'));
    try {
      const server = embeddedServer(join(folder.path, 'data'));
      if (!server) throw new Error('The API started no PostgreSQL.');
      const client = new pg.Client({ connectionString: server.url });
      await client.connect();
      const beforeCopy = processorSecondsOf(server.pid);
      const copied = await bareCopy(client, copyFile, keyFile, stream);
      const copyProcessor = processorSecondsOf(server.pid) - beforeCopy;
      await client.query('TRUNCATE behaviours, behaviour_keys, users, items');
      await client.query('CHECKPOINT');
      const start = memoryOf(api.pid);
      const memory: number[] = [];
      const sampler = setInterval(() => memory.push(memoryOf(api.pid).rssMb), 250);
      const before = { api: processorSecondsOf(api.pid), server: processorSecondsOf(server.pid) };
      const sent = await sendAll(api.url, files, Number(flags.clients));
      clearInterval(sampler);
      const after = { api: processorSecondsOf(api.pid), server: processorSecondsOf(server.pid) };
      const perRow = (seconds: number) => Number(((seconds / rows) * 1e6).toFixed(2));
      const { rows: counted } = await client.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM behaviours',
      );
      const half = memory.length >> 1;
      const rowsPerSecond = rows / sent.seconds;
      const copyRowsPerSecond = rows / (copied.behaviours + copied.keys);
      sent.batchMs.sort((a, b) => a - b);
      console.log(
        JSON.stringify({
          rows_s: Math.round(rowsPerSecond),
          copy_rows_s: Math.round(copyRowsPerSecond),
          ratio: Number((rowsPerSecond / copyRowsPerSecond).toFixed(3)),
          // Without the keys, that is into a table that does not know what was sent twice.
          copy_without_keys_rows_s: Math.round(rows / copied.behaviours),
          ratio_without_keys: Number(((rowsPerSecond * copied.behaviours) / rows).toFixed(3)),
          failed: sent.failed,
          accepted: sent.accepted,
          stored: counted[0].count,
          rss_mb: memoryOf(api.pid).peakMb,
          rss_start_mb: start.rssMb,
          rss_first_half_mb: Math.max(...memory.slice(0, half)),
          rss_second_half_mb: Math.max(...memory.slice(half)),
          batch_p50_ms: Math.round(sent.batchMs[sent.batchMs.length >> 1]),
          batch_max_ms: Math.round(sent.batchMs[sent.batchMs.length - 1]),
          api_cpu_us_row: perRow(after.api - before.api - (after.server - before.server)),
          postgres_cpu_us_row: perRow(after.server - before.server),
          copy_cpu_us_row: perRow(copyProcessor),
          rows,
          clients: Number(flags.clients),
          batch_rows: Number(flags.batch),
          wal: await walSettings(client),
        }),
      );
      await client.end();
      if (sent.failed > 0 || sent.accepted !== rows || counted[0].count !== rows) process.exitCode = 1;
    } finally {
      await api.stop();
    }
  } finally {
    folder.remove();
  }
}

/** One file a request, so that the clients cost next to nothing while time is taken. */
function writeBatches(folder: string, stream: BehaviourStreamOptions, size: number): string[] {
  const directory = join(folder, 'batches');
  mkdirSync(directory);
  const files: string[] = [];
  for (let from = 0; from < stream.rows; from += size) {
    const file = join(directory, `${files.length}.ndjson`);
    const to = Math.min(stream.rows, from + size);
    writeLines(file, from, to, (event) => ndjsonLine(behaviourAt(event, stream)));
    files.push(file);
  }
  return files;
}

function writeCopyFile(
  folder: string,
  name: string,
  lineAt: (event: number) => string,
  rows: number,
): string {
  const file = join(folder, `${name}.copy`);
  writeLines(file, 0, rows, lineAt);
  chmodSync(file, 0o644);
  return file;
}

function writeLines(file: string, from: number, to: number, lineAt: (event: number) => string): void {
  const handle = openSync(file, 'w');
  let text = '';
  for (let event = from; event < to; event++) {
    text += lineAt(event);
    if (text.length < 1 << 20 && event < to - 1) continue;
    writeSync(handle, text);
    text = '';
  }
  closeSync(handle);
}

/** The server reads the files itself: nothing is faster. Rows and their keys, as ingestion stores both. @returns seconds of each */
async function bareCopy(
  client: pg.Client,
  file: string,
  keyFile: string,
  stream: BehaviourStreamOptions,
): Promise<{ behaviours: number; keys: number }> {
  const ids = (count: number, idOf: (index: number) => string) =>
    Array.from({ length: count }, (_, at) => idOf(at));
  await client.query(
    'INSERT INTO users (id, shop_id, external_id) SELECT at, 1, id FROM unnest($1::text[]) WITH ORDINALITY AS t(id, at)',
    [ids(stream.users, userIdOf)],
  );
  await client.query(
    'INSERT INTO items (id, shop_id, external_id, title) SELECT at, 1, id, id FROM unnest($1::text[]) WITH ORDINALITY AS t(id, at)',
    [ids(stream.items, itemIdOf)],
  );
  await client.query('ANALYZE users, items');
  await addPartitions(client, stream);
  await client.query('CHECKPOINT');
  const secondsOf = async (copy: string): Promise<number> => {
    const started = performance.now();
    await client.query(copy);
    return (performance.now() - started) / 1000;
  };
  return {
    behaviours: await secondsOf(`COPY behaviours (${COPY_COLUMNS}) FROM '${file}'`),
    keys: await secondsOf(`COPY behaviour_keys (${KEY_COPY_COLUMNS}) FROM '${keyFile}'`),
  };
}

/** Each client sends one batch after another on a connection of its own. */
async function sendAll(url: string, files: readonly string[], clients: number): Promise<Sent> {
  let next = 0;
  let failed = 0;
  let accepted = 0;
  const batchMs: number[] = [];
  const started = performance.now();
  const client = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let at = next++; at < files.length; at = next++) {
      const body = await readFile(files[at]);
      const began = performance.now();
      const { status, text } = await post(`${url}/ingest/behaviours`, body, agent);
      batchMs.push(performance.now() - began);
      const result = status === 200 ? (JSON.parse(text) as { accepted: number; rejected: number }) : null;
      if (!result || result.rejected > 0) {
        failed++;
        process.stderr.write(`A batch failed with ${status}: ${text.slice(0, 300)}\n`);
      }
      accepted += result?.accepted ?? 0;
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { failed, accepted, seconds: (performance.now() - started) / 1000, batchMs };
}

function post(url: string, body: Buffer, agent: Agent): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-ndjson', 'content-length': body.length };
    const call = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end(body);
  });
}

async function walSettings(client: pg.Client): Promise<Record<string, string>> {
  const names = [
    'wal_level',
    'synchronous_commit',
    'fsync',
    'full_page_writes',
    'wal_compression',
    'max_wal_size',
    'shared_buffers',
  ];
  const { rows } = await client.query<{ name: string; value: string }>(
    `SELECT name, current_setting(name) AS value FROM pg_settings WHERE name = ANY($1)`,
    [names],
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}
