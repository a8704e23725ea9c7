/** Quality of the product's models: on Online Retail at any cuts, leave-one-out on a folder of interactions, or on sessions. */
import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { runInProcesses } from '../src/nn/parallel.js';
import { chooseThreads } from '../src/nn/threads.js';
import { DAY_MS } from '../src/pipeline/history.js';
import type { Outcome, Unit } from './quality-figures.js';
import type { Split } from './quality-sequence-unit.js';
import { type CutOutcomes, summary, table } from './quality-summary.js';

const DEFAULT_CUTS = '2011-06-10,2011-07-10,2011-08-10,2011-09-10';
const RETAIL_FILE = 'online-retail.csv.gz';
const BUNDLED = 'data/online-retail';
/** The shop's days: cuts lie between, with six weeks before them to learn from and a fortnight after them to measure. */
const FIRST_CUT = '2011-01-12';
const LAST_CUT = '2011-11-25';
/** Families are chosen on the month before the cut. */
const VALIDATION_DAYS = 30;
const MOST_SEEDS = 100;
const SPLITS: Readonly<Partial<Record<string, Split>>> = {
  'leave-one-out': 'LEAVE_ONE_OUT',
  random: 'RANDOM',
};

/** A call that cannot be carried out: told in one line, without a trace. */
class UsageError extends Error {}

export default async function run(args: string[]): Promise<void> {
  try {
    await measure(args);
  } catch (thrown) {
    const isParse = (thrown as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS');
    if (!(thrown instanceof UsageError) && !isParse) throw thrown;
    console.error((thrown as Error).message);
    process.exitCode = 2;
  }
}

async function measure(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      data: { type: 'string', default: BUNDLED },
      cuts: { type: 'string', default: DEFAULT_CUTS },
      seeds: { type: 'string', default: '3' },
      processes: { type: 'string', default: '2' },
      negatives: { type: 'string' },
      split: { type: 'string', default: 'leave-one-out' },
      json: { type: 'boolean', default: false },
    },
  });
  const { data } = flags;
  if (!existsSync(data)) {
    // Measuring data that lie beside the project only is no fault where they do not.
    if (!resolve(data).startsWith(resolve('../shared')) || existsSync('../shared'))
      throw new UsageError(`--data: expected a folder, and there is none at ${data}.`);
    console.log(JSON.stringify({ skipped: `There is no folder ${data}.` }));
    return;
  }
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  const seeds = Array.from({ length: count('seeds', flags.seeds, MOST_SEEDS) }, (_, at) => at + 1);
  const cuts = flags.cuts.split(',').map(cutTime);
  const processes = count('processes', flags.processes, 64);
  if (!readdirSync(data).includes(RETAIL_FILE)) {
    chooseThreads('small');
    const { holdsSessions, sessionQuality } = await import('./quality-sessions.js');
    if (holdsSessions(data)) return void console.log(JSON.stringify(await sessionQuality(data, seeds)));
    const negatives =
      flags.negatives === undefined ? null : count('negatives', flags.negatives, Number.MAX_SAFE_INTEGER);
    const split = SPLITS[flags.split];
    if (!split)
      throw new UsageError(`--split: expected ${Object.keys(SPLITS).join(' or ')}, got "${flags.split}".`);
    const { sequenceQuality } = await import('./quality-sequences.js');
    console.log(JSON.stringify(await sequenceQuality(resolve(data), { seeds, processes, split, negatives })));
    return;
  }
  const measured = await measureCuts(resolve(data, RETAIL_FILE), cuts, seeds, processes);
  if (!flags.json) console.log(table(measured));
  console.log(JSON.stringify(summary(measured, seeds)));
}

/**
 * Each cut's validation and each of its seeds is a unit of its own; a process takes the next one when it has finished its last. Lines of progress
 * go to stderr.
 */
async function measureCuts(
  file: string,
  cuts: readonly number[],
  seeds: readonly number[],
  processes: number,
): Promise<CutOutcomes[]> {
  // Seed by seed, so that what a long run says first is of all cuts.
  const units = [
    ...cuts.map((cut): Unit => ({ file, cut: cut - VALIDATION_DAYS * DAY_MS, seed: seeds[0], until: cut })),
    ...seeds.flatMap((seed) => cuts.map((cut): Unit => ({ file, cut, seed, until: null }))),
  ];
  const module = new URL('./quality-cut.js', import.meta.url);
  const outcomes = await runInProcesses<Unit, Outcome>(module, units, { processes });
  return cuts.map((cut, at) => {
    const [validation, ...tests] = outcomes.filter((_, index) => index % cuts.length === at);
    return { cut: new Date(cut).toISOString().slice(0, 10), validation, tests };
  });
}

function count(flag: string, text: string, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > most)
    throw new UsageError(`--${flag}: expected a whole number from 1 to ${most}, got "${text}".`);
  return value;
}

function cutTime(text: string): number {
  const time = Date.parse(`${text}T00:00:00Z`);
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(time))
    throw new UsageError(`--cuts: expected days such as 2011-09-10, separated by commas; got "${text}".`);
  if (text < FIRST_CUT || text > LAST_CUT)
    throw new UsageError(`--cuts: expected days from ${FIRST_CUT} to ${LAST_CUT}, got ${text}.`);
  return time;
}
