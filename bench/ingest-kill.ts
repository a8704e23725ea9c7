/** kill -9 of the API and of PostgreSQL at random moments during ingestion; nothing acknowledged may be lost, nothing stored twice. */
import { parseArgs } from 'node:util';

import { killCampaign } from './ingest/kill-campaign.js';

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      moments: { type: 'string', default: '50' },
      seed: { type: 'string', default: '1' },
      clients: { type: 'string', default: '4' },
      batch: { type: 'string', default: '2000' },
      data: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  const result = await killCampaign({
    moments: Number(flags.moments),
    seed: Number(flags.seed),
    clients: Number(flags.clients),
    batchRows: Number(flags.batch),
    pauseMs: 3_000,
    onKill: (done, victim) => process.stderr.write(`${done}: killed ${victim}; ingestion goes on\n`),
  });
  console.log(JSON.stringify({ ...result, seed: Number(flags.seed) }));
  if (result.lost + result.doubled + result.miscounted > 0) process.exitCode = 1;
}
