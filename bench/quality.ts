/** Quality of the product's models: on Online Retail at any cuts, or leave-one-out on a folder of interactions. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { chooseThreads } from '../src/nn/threads.js';
import { FAMILIES, type Family, type Figures } from './quality-figures.js';

const DEFAULT_CUTS = '2011-06-10,2011-07-10,2011-08-10,2011-09-10';
const RETAIL_FILE = 'online-retail.csv.gz';

interface Spread {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      data: { type: 'string' },
      cuts: { type: 'string', default: DEFAULT_CUTS },
      seeds: { type: 'string', default: '3' },
      negatives: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  const bundled = 'data/online-retail';
  const data = flags.data ?? bundled;
  if (!existsSync(data)) {
    console.log(JSON.stringify({ skipped: `There is no folder ${data}.` }));
    return;
  }
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  chooseThreads('small');
  const seeds = Array.from({ length: Number(flags.seeds) }, (_, at) => at + 1);
  if (!readdirSync(data).includes(RETAIL_FILE)) {
    const { leaveOneOut } = await import('./quality-sequences.js');
    console.log(
      JSON.stringify(await leaveOneOut(data, flags.negatives === undefined ? null : Number(flags.negatives))),
    );
    return;
  }
  const { measureCut } = await import('./quality-cut.js');
  const { readOnlineRetail } = await import('../src/pipeline/collect/index.js');
  // The reference's protocol keeps exact duplicates; the product's import leaves them out.
  const { history } = await readOnlineRetail(join(data, RETAIL_FILE), { keepDuplicates: true });
  const measured: Record<string, Awaited<ReturnType<typeof measureCut>>> = {};
  for (const cut of flags.cuts.split(',')) {
    const time = Date.parse(cut);
    if (Number.isNaN(time)) throw new Error(`Expected cuts such as 2011-09-10, got "${cut}".`);
    measured[cut] = await measureCut(history, time, seeds, (line) =>
      process.stderr.write(`${cut} ${line}\n`),
    );
  }
  console.log(JSON.stringify(summary(measured, seeds)));
}

function summary(
  measured: Record<string, { chosen: Record<string, Family>; seeds: Record<Family, Figures>[] }>,
  seeds: readonly number[],
): object {
  const cuts = Object.values(measured);
  const all = (family: Family) => cuts.flatMap((cut) => cut.seeds.map((figures) => figures[family]));
  const names = Object.keys(cuts[0].seeds[0].single);
  const chosenValues = (name: string, parts: typeof cuts) =>
    parts.flatMap((cut) => cut.seeds.map((figures) => figures[cut.chosen[name]][name]));
  const figuresOf = (valuesOf: (name: string) => (number | null)[]) =>
    Object.fromEntries(names.map((name) => [name, spread(valuesOf(name))]));
  return {
    protocol:
      'each cut trained from its own past; windows of 30 and 90 days, 14 for demand; full ranking; family chosen on an earlier window',
    seeds,
    ...figuresOf((name) => chosenValues(name, cuts)),
    ...Object.fromEntries(
      FAMILIES.map((family) => [
        family,
        figuresOf((name) => all(family).map((figures) => figures[name] ?? null)),
      ]),
    ),
    cuts: Object.fromEntries(
      Object.entries(measured).map(([cut, part]) => [
        cut,
        { ...figuresOf((name) => chosenValues(name, [part])), chosen: part.chosen },
      ]),
    ),
  };
}

/** Mean, smallest and largest over cuts and seeds. */
function spread(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value): value is number => value !== null);
  if (known.length === 0) return null;
  const round = (value: number) => Math.round(1e5 * value) / 1e5;
  return {
    mean: round(known.reduce((sum, value) => sum + value, 0) / known.length),
    low: round(Math.min(...known)),
    high: round(Math.max(...known)),
  };
}
