/** How much more data, features or another method would bring on Online Retail: each figure by the share of users, and of features, learnt from. */
import { parseArgs } from 'node:util';

import { runInProcesses } from '../src/nn/parallel.js';
import type { CurvePoint, CurveUnit } from './learning-curve-unit.js';

const FILE = 'data/online-retail/online-retail.csv.gz';

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      cuts: { type: 'string', default: '2011-06-10,2011-07-10,2011-08-10,2011-09-10' },
      seeds: { type: 'string', default: '3' },
      shares: { type: 'string', default: '0.125,0.25,0.5,1' },
      processes: { type: 'string', default: '2' },
      json: { type: 'boolean', default: false },
    },
  });
  const cuts = flags.cuts.split(',').map((day) => Date.parse(`${day}T00:00:00Z`));
  const shares = flags.shares.split(',').map(Number);
  const seeds = Array.from({ length: Number(flags.seeds) }, (_, at) => at + 1);
  const units = (['USERS', 'FEATURES'] as const).flatMap((of) =>
    shares.flatMap((share) =>
      cuts.flatMap((cut) => seeds.map((seed): CurveUnit => ({ file: FILE, cut, seed, of, share }))),
    ),
  );
  const module = new URL('./learning-curve-unit.js', import.meta.url);
  const points = await runInProcesses<CurveUnit, CurvePoint>(module, units, {
    processes: Number(flags.processes),
  });
  const curves = { users: curve('USERS'), features: curve('FEATURES') };
  if (!flags.json) for (const rows of Object.values(curves)) console.table(rows);
  console.log(JSON.stringify({ cuts: flags.cuts.split(','), seeds, shares, ...curves }));

  /** Mean over cuts and seeds of each figure, by share. */
  function curve(of: CurveUnit['of']): Record<string, Record<string, number>> {
    const rows: Record<string, Record<string, number>> = {};
    for (const share of shares) {
      const own = points.filter((_, at) => units[at].of === of && units[at].share === share);
      for (const name of Object.keys(own[0])) {
        const mean = own.reduce((sum, point) => sum + point[name], 0) / own.length;
        (rows[name] ??= {})[`${100 * share} %`] = Math.round(1e4 * mean) / 1e4;
      }
    }
    return rows;
  }
}
