/** Malformed input of every kind against the real endpoint: a clear error each time, never a crash, never a wrong row. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import pg from 'pg';

import { embeddedServer, makeDataFolder, memoryOf, startApiProcess } from './ingest/api-process.js';
import { fuzz } from './ingest/fuzz.js';

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '10' },
      each: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      kind: { type: 'string', multiple: true },
      data: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  const folder = makeDataFolder();
  const dataDir = join(folder.path, 'data');
  const api = await startApiProcess(dataDir);
  try {
    const { kinds, failures, ...result } = await fuzz({
      url: api.url,
      each: Number(flags.each),
      until: Date.now() + Number(flags.minutes) * 60_000,
      seed: Number(flags.seed),
      kinds: flags.kind,
      storedEvents: async () => {
        const client = new pg.Client({ connectionString: embeddedServer(dataDir)?.url });
        await client.connect();
        const { rows } = await client.query<{ id: string }>('SELECT event_id AS id FROM behaviours');
        await client.end();
        return new Set(rows.map(({ id }) => id));
      },
    });
    for (const failure of failures) process.stderr.write(`${failure}\n`);
    const crashed = api.child.exitCode !== null;
    const rss = crashed ? null : memoryOf(api.pid).peakMb;
    console.log(
      JSON.stringify({
        ...result,
        kinds: Object.keys(kinds).length,
        least_of_a_kind: Math.min(...Object.values(kinds)),
        crashed,
        rss_mb: rss,
        seed: Number(flags.seed),
      }),
    );
    if (result.failed > 0 || crashed) process.exitCode = 1;
  } finally {
    await api.stop();
    folder.remove();
  }
}
