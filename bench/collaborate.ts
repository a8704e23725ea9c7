/**
 * Nets that learn together against the same net by itself, from the same seeds and on the same cuts: what each way of collaborating is worth,
 * task by task. Cuts are of before the ones that quality is reported on.
 */
import { parseArgs } from 'node:util';

import { chooseThreads } from '../src/nn/threads.js';
import type { Model } from '../src/pipeline/index.js';
import { runCase } from './collaborate-cases.js';
import type { MultiTaskFigures } from './multi-task-figures.js';
import { type BenchShop, contextOf, retailShops, simulatedShop } from './multi-task-shops.js';

/** Ways of learning, by name: what `startTraining` takes as hyper-parameters. */
const TRIALS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'mutual, mean': { collaboration: 'MUTUAL_LEARNING' },
  'mutual, best member': { collaboration: 'MUTUAL_LEARNING', serve: 'BEST' },
  'three nets apart, mean': { collaboration: 'MUTUAL_LEARNING', strength: 0 },
  'single-task teachers': { collaboration: 'DISTILLATION' },
  'boosted teachers': {
    collaboration: 'DISTILLATION',
    teachers: {
      PURCHASE_INTENT: 'boosted-hazards',
      CHURN: 'boosted-hazards',
      RECOMMENDATION: 'softmax-ranker',
    },
  },
  adversarial: { collaboration: 'ADVERSARIAL' },
  'domain: time': { collaboration: 'DOMAIN_ADVERSARIAL', domain: 'TIME' },
  'domain: new users': { collaboration: 'DOMAIN_ADVERSARIAL', domain: 'NEW_USERS' },
};
/** With --labelled: for tasks whose labels come late or never. */
const FEW_LABELS = { 'co-training': { collaboration: 'CO_TRAINING' } };

interface Trial {
  readonly figures: MultiTaskFigures;
  readonly cpuSeconds: number;
  readonly parameters: number;
}

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      data: { type: 'string', default: 'data/online-retail' },
      cuts: { type: 'string', default: '2011-03-10,2011-04-10,2011-05-10' },
      /** Measure on a simulated shop of so many behaviours instead. */
      simulated: { type: 'string' },
      /** Every so many of its orders before the cut keep their label. */
      labelled: { type: 'string', default: '1' },
      seeds: { type: 'string', default: '3' },
      tasks: { type: 'string', default: 'PURCHASE_INTENT,CHURN' },
      architecture: { type: 'string', default: 'shared-bottom' },
      trials: { type: 'string' },
      /** Of the nets, with and without collaboration. */
      settings: { type: 'string', default: '{}' },
      /** Of the collaborations alone. */
      collaboration: { type: 'string', default: '{}' },
      months: { type: 'string', default: '2' },
      candidates: { type: 'string', default: '128' },
      /** Measure on a constructed case instead: shift or few-labels. */
      case: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  chooseThreads('small');
  if (flags.case !== undefined) {
    const seeds = Array.from({ length: Number(flags.seeds) }, (_, at) => at + 1);
    await runCase(flags.case, seeds, JSON.parse(flags.collaboration) as Record<string, unknown>);
    return;
  }
  const { COLLABORATIVE_TYPES } = await import('../src/pipeline/collaborate/index.js');
  const { ARCHITECTURES, MULTI_TASKS, multiTaskType } = await import('../src/pipeline/multi-task/index.js');
  const { figuresOf } = await import('./multi-task-figures.js');
  const tasks = MULTI_TASKS.filter((task) => flags.tasks.split(',').includes(task));
  const seeds = Array.from({ length: Number(flags.seeds) }, (_, at) => at + 1);
  const usual = flags.labelled === '1' ? TRIALS : FEW_LABELS;
  const names = flags.trials?.split(';') ?? Object.keys(usual);
  const shops = await openShops(flags);
  const common = {
    cuts: Number(flags.months),
    candidates: Number(flags.candidates),
    ...(JSON.parse(flags.settings) as object),
  };
  const net = ARCHITECTURES.find(({ name }) => name === flags.architecture);
  if (!net) throw new Error(`Expected one of ${ARCHITECTURES.map(({ name }) => name).join(', ')}.`);
  const create = (name: string | null): Model => {
    if (name === null) return multiTaskType(net).create(tasks, common);
    const given = { ...TRIALS, ...FEW_LABELS }[name];
    const type = COLLABORATIVE_TYPES.find(({ collaboration }) => collaboration === given?.collaboration);
    if (!type) throw new Error(`Expected some of ${Object.keys(TRIALS).join('; ')}; got "${name}".`);
    const own = JSON.parse(flags.collaboration) as object;
    return type.create(tasks, { ...common, architecture: net.name, ...given, ...own });
  };
  const fit = async (name: string | null, { history, cut }: BenchShop, seed: number): Promise<Trial> => {
    const model = create(name);
    try {
      const cpu = process.cpuUsage();
      await model.fit({ history, cut }, contextOf(seed));
      const { user, system } = process.cpuUsage(cpu);
      return {
        figures: await figuresOf(model, history, cut, tasks),
        cpuSeconds: (user + system) / 1e6,
        parameters: (model as Model & { parameters: number }).parameters,
      };
    } finally {
      model.dispose();
    }
  };
  const trialsOf = async (name: string | null): Promise<Trial[]> => {
    const trials: Trial[] = [];
    for (const shop of shops) for (const seed of seeds) trials.push(await fit(name, shop, seed));
    return trials;
  };
  const alone = await trialsOf(null);
  const rows = [summary('alone', alone, alone)];
  process.stderr.write(`${markdown(rows[0])}\n`);
  for (const name of names) {
    const row = summary(name, await trialsOf(name), alone);
    rows.push(row);
    process.stderr.write(`${markdown(row)}\n`);
  }
  const protocol =
    `${shops.map(({ name }) => name).join(', ')}; ${net.name} on ${tasks.join(', ')}; mean over cuts and ${seeds.length} seeds, ` +
    'and the mean difference from the net alone, paired by cut and seed, with its standard error';
  console.log(JSON.stringify({ protocol, rows }));
}

async function openShops(flags: {
  data: string;
  cuts: string;
  simulated?: string;
  labelled: string;
}): Promise<BenchShop[]> {
  if (flags.simulated === undefined) return retailShops(flags.data, flags.cuts);
  const { history, cut, name } = await simulatedShop({ behaviours: Number(flags.simulated) });
  const every = Number(flags.labelled);
  const transactions = history.transactions.map((order, at) =>
    at % every === 0 || order.occurredAt >= cut ? order : { ...order, isFraud: null },
  );
  const labels = every > 1 ? `, one order in ${every} labelled` : '';
  return [{ history: { ...history, transactions }, cut, name: `${name}${labels}` }];
}

interface Row {
  readonly name: string;
  readonly figures: Readonly<Record<string, { mean: number; gain: number; error: number }>>;
  readonly cpu_s: number;
  readonly parameters: number;
}

function summary(name: string, trials: readonly Trial[], alone: readonly Trial[]): Row {
  const keys = Object.keys(trials[0].figures) as (keyof MultiTaskFigures)[];
  const round = (value: number) => Math.round(1e4 * value) / 1e4;
  return {
    name,
    figures: Object.fromEntries(
      keys.map((key) => {
        const gains = trials.map(({ figures }, at) => figures[key]! - alone[at].figures[key]!);
        const gain = mean(gains);
        const variance = mean(gains.map((own) => (own - gain) ** 2)) / Math.max(1, gains.length - 1);
        const own = mean(trials.map(({ figures }) => figures[key]!));
        return [key, { mean: round(own), gain: round(gain), error: round(Math.sqrt(variance)) }];
      }),
    ),
    cpu_s: round(mean(trials.map(({ cpuSeconds }) => cpuSeconds))),
    parameters: trials[0].parameters,
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function markdown({ name, figures, cpu_s: seconds, parameters }: Row): string {
  const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
  const cells = Object.values(figures).map(
    (own) => `${own.mean.toFixed(4)} (${signed(own.gain)} ± ${own.error.toFixed(4)})`,
  );
  return `| ${[name, ...cells, `${seconds.toFixed(0)} s`, parameters].join(' | ')} |`;
}
