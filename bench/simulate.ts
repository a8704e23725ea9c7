/** How fast the simulator makes a shop, in memory or, with --write, as files that `tandem import` reads. */
import { parseArgs } from 'node:util';

import {
  type GivenSimulationOptions,
  simulateBlocks,
  simulateShop,
  writeSimulatedShop,
} from '../src/pipeline/collect/index.js';

const MEGABYTE = 2 ** 20;

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      behaviours: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      days: { type: 'string' },
      relatedness: { type: 'string' },
      'drift-day': { type: 'string' },
      blocks: { type: 'boolean' },
      write: { type: 'string' },
    },
  });
  const options: GivenSimulationOptions = {
    behaviours: Number(flags.behaviours),
    seed: Number(flags.seed),
    ...(flags.days && { days: Number(flags.days) }),
    ...(flags.relatedness && { relatedness: Number(flags.relatedness) }),
    ...(flags['drift-day'] && { drift: { day: Number(flags['drift-day']) } }),
  };
  const started = performance.now();
  const made = flags.write
    ? await writeSimulatedShop(flags.write, options)
    : flags.blocks
      ? countBlocks(options)
      : countShop(options);
  const seconds = (performance.now() - started) / 1000;
  console.log(
    JSON.stringify({
      ...made,
      seconds: Math.round(1000 * seconds) / 1000,
      behaviours_s: Math.round(made.behaviours / seconds),
      // The peak of the whole process, starting Node included.
      rss_mb: Math.round((process.resourceUsage().maxRSS * 1024) / MEGABYTE),
    }),
  );
}

function countShop(options: GivenSimulationOptions) {
  const { history } = simulateShop(options);
  return {
    behaviours: history.behaviours.count,
    users: history.users.length,
    items: history.items.length,
    transactions: history.transactions.length,
  };
}

/** Without ever holding more than a block. */
function countBlocks(options: GivenSimulationOptions) {
  const counts = { behaviours: 0, users: 0, items: 0, transactions: 0 };
  for (const block of simulateBlocks(options)) {
    counts.behaviours += block.behaviours.count;
    counts.users += block.users.length;
    counts.items = block.world.catalogue.items.length;
    counts.transactions += block.transactions.length;
  }
  return counts;
}
