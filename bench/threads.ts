/** One thread beside all, by the size of the work: where `threadEnvironment('large')` begins to pay. */
import { parseArgs } from 'node:util';

import { runInProcesses } from '../src/nn/parallel.js';
import type { Work } from '../src/nn/threads.js';
import type { ThreadsUnit } from './nn/threads-unit.js';

/** The product's nets at their usual sizes, and larger ones. */
const SIZES: Readonly<Record<string, ThreadsUnit>> = {
  'multi-task net, batch 32': { batch: 32, features: 100, hidden: 64, classes: 1, tableRows: 0 },
  'net of users, batch 512': { batch: 512, features: 100, hidden: 64, classes: 1, tableRows: 0 },
  'ranker of 1,000 items, batch 32': { batch: 32, features: 100, hidden: 64, classes: 1000, tableRows: 0 },
  'ranker of 4,000 items, batch 32': { batch: 32, features: 100, hidden: 64, classes: 4000, tableRows: 0 },
  'batch 4,096': { batch: 4096, features: 100, hidden: 64, classes: 1, tableRows: 0 },
  'batch 1,024, 1,000 classes': { batch: 1024, features: 100, hidden: 64, classes: 1000, tableRows: 0 },
  'batch 4,096, hidden 256': { batch: 4096, features: 100, hidden: 256, classes: 1, tableRows: 0 },
  'batch 512, table of 1 million': { batch: 512, features: 20, hidden: 64, classes: 1, tableRows: 1e6 },
  'batch 4,096, table of 1 million': { batch: 4096, features: 20, hidden: 64, classes: 1, tableRows: 1e6 },
};

/** Multiply-adds of a step's products: forward, and twice as many backward. */
function multiplyAdds({ batch, features, hidden, classes, tableRows }: ThreadsUnit): number {
  const inputs = features + (tableRows > 0 ? 128 : 0);
  return 3 * batch * hidden * (inputs + hidden + classes);
}

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: { rounds: { type: 'string', default: '3' }, json: { type: 'boolean' } },
  });
  const module = new URL('./nn/threads-unit.js', import.meta.url);
  const rounds = Number(flags.rounds);
  const measured: Record<
    string,
    { million_multiply_adds: number; one_us: number; all_us: number; gain: number }
  > = {};
  for (const [name, unit] of Object.entries(SIZES)) {
    const times: Record<Work, number[]> = { small: [], large: [] };
    for (let round = 0; round < rounds; round++) {
      for (const work of ['small', 'large'] as const)
        times[work].push(
          ...(await runInProcesses<ThreadsUnit, number>(module, [unit], { work, processes: 1 })),
        );
    }
    const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];
    const [one, all] = [median(times.small), median(times.large)];
    measured[name] = {
      million_multiply_adds: Number((multiplyAdds(unit) / 1e6).toFixed(1)),
      one_us: Math.round(one),
      all_us: Math.round(all),
      gain: Number((one / all).toFixed(2)),
    };
  }
  if (!flags.json) console.table(measured);
  console.log(JSON.stringify(measured));
}
