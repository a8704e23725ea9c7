/**
 * Architectures and ways to balance losses side by side, on one shop and cut: what each task reaches over seeds, against the same net with
 * one task at a time, and what it costs.
 */
import { parseArgs } from 'node:util';

import { AppError } from '../src/errors.js';
import { chooseThreads } from '../src/nn/threads.js';
import type { Model, ShopHistory } from '../src/pipeline/index.js';
import type { TaskName } from '../src/tasks/index.js';
import type { MultiTaskFigures } from './multi-task-figures.js';
import { type BenchShop, contextOf, retailShops, simulatedShop } from './multi-task-shops.js';

const APART = 'one task at a time';

interface Spread {
  readonly mean: number;
  /** Standard deviation over the seeds. */
  readonly deviation: number;
}

interface Row {
  readonly architecture: string;
  readonly balancing: string;
  readonly figures: Readonly<Record<string, Spread>>;
  readonly fit_s: Spread;
  /** Processor time of a fit, which other work on the machine moves less. */
  readonly cpu_s: Spread;
  readonly parameters: number;
}

interface Trial {
  readonly figures: MultiTaskFigures;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly parameters: number;
}

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      data: { type: 'string', default: 'data/online-retail' },
      cut: { type: 'string', default: '2011-06-10' },
      /** −1 to 1: measure on a simulated shop whose tasks are so related, instead of on the data. */
      relatedness: { type: 'string' },
      behaviours: { type: 'string', default: '60000' },
      seeds: { type: 'string', default: '3' },
      tasks: { type: 'string', default: 'PURCHASE_INTENT,CHURN,RECOMMENDATION,FRAUD,DEMAND' },
      architectures: { type: 'string' },
      methods: { type: 'string', default: 'EQUAL' },
      settings: { type: 'string', default: '{}' },
      months: { type: 'string', default: '2' },
      candidates: { type: 'string', default: '128' },
      json: { type: 'boolean' },
    },
  });
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  chooseThreads('small');
  const { ARCHITECTURES, multiTaskType } = await import('../src/pipeline/multi-task/index.js');
  const { figuresOf } = await import('./multi-task-figures.js');
  const { MULTI_TASKS } = await import('../src/pipeline/multi-task/index.js');
  const tasks = MULTI_TASKS.filter((task) => flags.tasks.split(',').includes(task));
  const names = flags.architectures?.split(',') ?? [APART, ...ARCHITECTURES.map(({ name }) => name)];
  const seeds = Array.from({ length: Number(flags.seeds) }, (_, at) => at + 1);
  const { history, cut, name: shop, ceilings } = await openShop(flags, tasks);
  const common = {
    cuts: Number(flags.months),
    candidates: Number(flags.candidates),
    ...(JSON.parse(flags.settings) as object),
  };

  const fit = async (
    name: string,
    asked: readonly TaskName[],
    method: string,
    seed: number,
  ): Promise<Trial> => {
    const architecture = ARCHITECTURES.find((candidate) => candidate.name === name);
    if (!architecture) throw new Error(`Expected one of ${names.join(', ')}, got "${name}".`);
    const model = multiTaskType(architecture).create(asked, { ...common, lossBalancing: { method } });
    try {
      const start = performance.now();
      const cpu = process.cpuUsage();
      await model.fit({ history, cut }, contextOf(seed));
      const seconds = (performance.now() - start) / 1000;
      const { user, system } = process.cpuUsage(cpu);
      const figures = await figuresOf(model, history, cut, asked);
      return {
        figures,
        seconds,
        cpuSeconds: (user + system) / 1e6,
        parameters: (model as Model & { parameters: number }).parameters,
      };
    } finally {
      model.dispose();
    }
  };
  const apart = async (seed: number): Promise<Trial> => {
    const trials: Trial[] = [];
    for (const task of tasks) trials.push(await fit('shared-bottom', [task], 'EQUAL', seed));
    return {
      figures: Object.assign({}, ...trials.map(({ figures }) => figures)) as MultiTaskFigures,
      seconds: trials.reduce((sum, { seconds }) => sum + seconds, 0),
      cpuSeconds: trials.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      parameters: trials.reduce((sum, { parameters }) => sum + parameters, 0),
    };
  };

  // Users' examples are gathered once and kept: not a part of the first fit's time.
  await warmUp(history, cut);
  const rows: Row[] = [];
  const refused: Record<string, string> = {};
  for (const method of flags.methods.split(',')) {
    for (const name of names) {
      if (name === APART && method !== 'EQUAL') continue;
      try {
        const trials: Trial[] = [];
        for (const seed of seeds)
          trials.push(name === APART ? await apart(seed) : await fit(name, tasks, method, seed));
        const row = summary(name, method, trials);
        rows.push(row);
        process.stderr.write(`${markdown(row)}\n`);
      } catch (thrown) {
        if (!(thrown instanceof AppError) || thrown.code !== 'TOO_FEW_DATA') throw thrown;
        refused[name] = thrown.message;
      }
    }
  }
  console.log(
    JSON.stringify({
      protocol:
        `${shop}; ${tasks.join(', ')}; rankings learnt from ${flags.months} months with ${flags.candidates} candidates; ` +
        'ranked in full for every 4th user; mean and standard deviation over the seeds',
      seeds,
      ...(ceilings && { ceilings }),
      rows,
      refused,
    }),
  );
}

interface Shop extends BenchShop {
  /** The best that any model could reach, where the truth is known. */
  readonly ceilings?: MultiTaskFigures;
}

async function openShop(
  flags: { data: string; cut: string; relatedness?: string; behaviours: string },
  tasks: readonly TaskName[],
): Promise<Shop> {
  if (flags.relatedness === undefined) {
    const [shop] = await retailShops(flags.data, flags.cut);
    return shop;
  }
  const { ceilingsOf } = await import('./multi-task-figures.js');
  const shop = await simulatedShop({
    behaviours: Number(flags.behaviours),
    relatedness: Number(flags.relatedness),
  });
  return { ...shop, ceilings: ceilingsOf(shop.simulated, shop.cut, tasks) };
}

async function warmUp(history: ShopHistory, cut: number): Promise<void> {
  const { userExamples } = await import('../src/pipeline/preprocess/index.js');
  await userExamples(history, cut);
}

function summary(architecture: string, balancing: string, trials: readonly Trial[]): Row {
  const names = Object.keys(trials[0].figures) as (keyof MultiTaskFigures)[];
  return {
    architecture,
    balancing,
    figures: Object.fromEntries(
      names.map((name) => [name, spread(trials.map(({ figures }) => figures[name] ?? Number.NaN))]),
    ),
    fit_s: spread(trials.map(({ seconds }) => seconds)),
    cpu_s: spread(trials.map(({ cpuSeconds }) => cpuSeconds)),
    parameters: trials[0].parameters,
  };
}

function spread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance =
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  const round = (value: number) => Math.round(1e4 * value) / 1e4;
  return { mean: round(mean), deviation: round(Math.sqrt(variance)) };
}

function markdown({ architecture, balancing, figures, cpu_s: seconds, parameters }: Row): string {
  const cells = Object.values(figures).map(
    ({ mean, deviation }) => `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`,
  );
  return `| ${[architecture, balancing, ...cells, `${seconds.mean.toFixed(0)} s`, parameters].join(' | ')} |`;
}
