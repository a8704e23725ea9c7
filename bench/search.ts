/**
 * What each way of searching hyper-parameters finds in equal time: RANDOM, ASHA and TPE over an architecture's own space, one trial after another, from
 * several seeds. Time is the processor's, which other work on the machine moves less, so that the figures hold for any number of workers alike.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { chooseThreads } from '../src/nn/threads.js';
import type { SearchMethod, SearchPlan, TrialState } from '../src/pipeline/evaluate/index.js';
import type { ModelType, ShopHistory } from '../src/pipeline/index.js';
import { type TaskName, TASKS } from '../src/tasks/index.js';
import { contextOf } from './multi-task-shops.js';

const RETAIL_FILE = 'online-retail.csv.gz';
/** Of the time given: where the best so far is read. */
const SHARES = [0.25, 0.5, 0.75, 1];
const MOST_TRIALS = 200;

/** One fit: how good on validation (more is better), and seconds of the processor. */
interface Fit {
  readonly worth: number;
  readonly seconds: number;
}

type Settings = Readonly<Record<string, unknown>>;

/** The best at shares of the time, the number of trials, and what the best reached a window later, which nothing was chosen by. */
interface Found {
  readonly best: readonly number[];
  readonly trials: number;
  readonly later: number;
}

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      data: { type: 'string', default: 'data/online-retail' },
      /** Trials are chosen between on the label window from this cut on; the best is judged from the next cut on. */
      cut: { type: 'string', default: '2011-04-10' },
      later: { type: 'string', default: '2011-05-10' },
      task: { type: 'string', default: 'PURCHASE_INTENT' },
      architecture: { type: 'string', default: 'dense' },
      /** Of the processor, for each search. */
      seconds: { type: 'string', default: '60' },
      seeds: { type: 'string', default: '3' },
      json: { type: 'boolean' },
    },
  });
  const file = join(resolve(flags.data), RETAIL_FILE);
  if (!existsSync(file)) throw new Error(`Expected ${RETAIL_FILE} in ${flags.data}.`);
  const task = TASKS.find((name) => name === flags.task);
  if (!task) throw new Error(`Expected one of ${TASKS.join(', ')}; got "${flags.task}".`);
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  chooseThreads('small');
  const { readOnlineRetail } = await import('../src/pipeline/collect/index.js');
  const { rungBudgets, SEARCH_METHODS, searchSpaceOf } = await import('../src/pipeline/evaluate/index.js');
  const { modelType } = await import('../src/pipeline/deploy/host/index.js');
  const { history } = await readOnlineRetail(file, { keepDuplicates: true });
  const { parameters, budget } = searchSpaceOf(flags.architecture);
  if (!budget) throw new Error(`${flags.architecture} is trained in one piece: ASHA cannot search it.`);
  const bench = new Fits(history, modelType(flags.architecture), task);
  await bench.fit({ [budget.parameter]: budget.least }, Date.parse(flags.cut), 0);
  const seeds = Array.from({ length: Number(flags.seeds) }, (_, at) => at + 1);
  const found: Partial<Record<SearchMethod, Found[]>> = {};
  for (const seed of seeds) {
    for (const method of SEARCH_METHODS) {
      const budgets = method === 'ASHA' ? rungBudgets(budget) : [budget.most];
      const plan: SearchPlan = { method, parameters, budgets, trials: MOST_TRIALS, seed };
      const one = await search(plan, Number(flags.seconds), {
        at: (settings, length) =>
          bench.fit({ ...settings, [budget.parameter]: length }, Date.parse(flags.cut), seed),
        later: (settings) =>
          bench.fit({ ...settings, [budget.parameter]: budget.most }, Date.parse(flags.later), seed),
      });
      (found[method] ??= []).push(one);
      process.stderr.write(
        `seed ${seed} ${method}: ${one.best.map((value) => value.toFixed(4)).join(' ')}, later ${one.later.toFixed(4)}, ${one.trials} trials\n`,
      );
    }
  }
  const rows = Object.entries(found).map(([method, all]) => ({
    method,
    best: SHARES.map((share, at) => ({ share, ...spread(all.map(({ best }) => best[at])) })),
    later: spread(all.map(({ later }) => later)),
    trials: spread(all.map(({ trials }) => trials)),
  }));
  for (const { method, best, later, trials } of rows) {
    const cells = [...best, later].map(
      ({ mean, low, high }) => `${mean.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)})`,
    );
    console.log(`| ${[method, ...cells, trials.mean.toFixed(0)].join(' | ')} |`);
  }
  const protocol =
    `${flags.architecture}'s own space for ${task} on online retail, fitted before ${flags.cut} and chosen by the window after it; the best at a quarter, half, three quarters ` +
    `and all of ${flags.seconds} s of the processor, then judged from ${flags.later} on; ${seeds.length} seeds, mean and range`;
  console.log(JSON.stringify({ protocol, rows }));
}

/** Fits of a task, each once: methods often ask for the same one, and are charged the same for it. */
class Fits {
  private readonly known = new Map<string, Fit>();

  constructor(
    private readonly history: ShopHistory,
    private readonly type: ModelType,
    private readonly task: TaskName,
  ) {}

  async fit(settings: Settings, cut: number, seed: number): Promise<Fit> {
    const key = JSON.stringify([Object.entries(settings).sort(), cut, seed]);
    const known = this.known.get(key) ?? (await this.measure(settings, cut, seed));
    this.known.set(key, known);
    return known;
  }

  private async measure(settings: Settings, cut: number, seed: number): Promise<Fit> {
    const { taskExamples } = await import('../src/jobs/worker/examples.js');
    const { statisticOf } = await import('../src/jobs/worker/ensemble/held-examples.js');
    const { valueOf } = await import('../src/pipeline/ensemble/index.js');
    const { DAY_MS } = await import('../src/pipeline/index.js');
    const { taskDefinition } = await import('../src/tasks/index.js');
    const until = cut + taskDefinition(this.task).labelWindowDays * DAY_MS;
    const held = taskExamples(this.task, this.history, cut, until);
    const start = process.cpuUsage();
    const model = this.type.create([this.task], settings);
    try {
      await model.fit({ history: this.history, cut }, contextOf(seed));
      const statistic = statisticOf(held, await held.predict(model));
      const { user, system } = process.cpuUsage(start);
      const value = valueOf(statistic);
      return { worth: statistic.isLessBetter ? -value : value, seconds: (user + system) / 1e6 };
    } finally {
      model.dispose();
    }
  }
}

/** One search, one trial after another, until its time is over. The best is of the highest rung that any trial has finished. */
async function search(
  plan: SearchPlan,
  seconds: number,
  fits: {
    readonly at: (settings: Settings, length: number) => Promise<Fit>;
    readonly later: (settings: Settings) => Promise<Fit>;
  },
): Promise<Found> {
  const { bestTrial, nextTrial } = await import('../src/pipeline/evaluate/index.js');
  const trials: TrialState[] = [];
  const best = SHARES.map(() => Number.NaN);
  let spent = 0;
  let chosen: TrialState | null = null;
  for (;;) {
    const next = nextTrial(plan, trials);
    if (!next) break;
    const fit = await fits.at(next.hyperparameters, next.budget ?? 0);
    spent += fit.seconds;
    if (spent > seconds) break;
    const isTop = next.rung === plan.budgets.length - 1;
    const isSound = Number.isFinite(fit.worth);
    const before = trials[next.number - 1] as TrialState | undefined;
    trials[next.number - 1] = {
      number: next.number,
      hyperparameters: next.hyperparameters,
      rung: next.rung,
      status: !isSound ? 'FAILED' : isTop ? 'SUCCEEDED' : 'PAUSED',
      results: [...(before?.results ?? []), { rung: next.rung, worth: isSound ? fit.worth : null }],
    };
    chosen = bestTrial(trials);
    const worth = chosen?.results.at(-1)?.worth ?? Number.NaN;
    SHARES.forEach((share, at) => {
      if (spent <= share * seconds) best[at] = worth;
    });
  }
  // What was best at an earlier share is still the best where nothing ended in between.
  best.forEach((value, at) => {
    if (Number.isNaN(value) && at > 0) best[at] = best[at - 1];
  });
  const later = chosen ? (await fits.later(chosen.hyperparameters)).worth : Number.NaN;
  return { best, trials: trials.length, later };
}

function spread(values: readonly number[]): { mean: number; low: number; high: number } {
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    low: Math.min(...values),
    high: Math.max(...values),
  };
}
