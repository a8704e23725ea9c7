/**
 * Whether AUTO decides well which tasks to learn together, on simulated shops whose truth is known: what it decides from a shop of few users, held
 * against one net a task, and against learning everything together, on users that nothing was learnt from.
 */
import { parseArgs } from 'node:util';

import { chooseThreads } from '../src/nn/threads.js';
import type { UnitStatistic } from '../src/pipeline/evaluate/index.js';
import { DAY_MS, type ShopHistory } from '../src/pipeline/index.js';
import type { TaskGroup, TransferGain } from '../src/pipeline/multi-task/index.js';
import type { CustomTask, TaskName } from '../src/tasks/index.js';
import { type Setup, SETUPS, WINDOW_DAYS } from './auto/setups.js';
import { contextOf } from './multi-task-shops.js';

/** Churn's 90 days end with the simulated shop's 450. */
const CUT_DAY = 360;
/** What fits a group: the net that shares everything, or one that can keep tasks apart. */
const NETS = { APART: 'shared-bottom', SHARE: 'shared-bottom', SHARE_PARTLY: 'mmoe' } as const;

/** One simulated shop: what AUTO sees of it, and who is left to judge by. */
interface Shop {
  readonly known: ShopHistory;
  readonly others: ShopHistory;
  readonly cut: number;
  readonly seed: number;
}

/** Deciding figures by task. */
type Figures = Partial<Record<TaskName, UnitStatistic>>;
type Way = 'alone' | 'auto' | 'together';

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      behaviours: { type: 'string', default: '120000' },
      /** Users that AUTO sees of each shop; the others judge. */
      users: { type: 'string', default: '200' },
      shops: { type: 'string', default: '3' },
      seeds: { type: 'string', default: '3' },
      setups: { type: 'string', default: Object.keys(SETUPS).join(';') },
      settings: { type: 'string', default: '{}' },
      json: { type: 'boolean' },
    },
  });
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  chooseThreads('small');
  const { transferGain } = await import('../src/pipeline/multi-task/index.js');
  const count = (text: string) => Array.from({ length: Number(text) }, (_, at) => at + 1);
  const settings = JSON.parse(flags.settings) as object;
  const rows: (TransferGain & { readonly setup: string; readonly way: Way })[] = [];
  const decisions: Record<string, string[]> = {};
  for (const name of flags.setups.split(';')) {
    const setup = SETUPS[name];
    if (!setup) throw new Error(`Expected some of ${Object.keys(SETUPS).join('; ')}; got "${name}".`);
    const bySeed = count(flags.seeds).map((): Record<Way, Figures[]> => ({
      alone: [],
      auto: [],
      together: [],
    }));
    for (const seed of count(flags.shops)) {
      const shop = await openShop(setup, {
        behaviours: Number(flags.behaviours),
        users: Number(flags.users),
        seed,
      });
      const groups = await decide(shop, setup, settings);
      (decisions[name] ??= []).push(groups.map(inWords).sort().join(', '));
      for (const [at, figures] of bySeed.entries())
        for (const [way, own] of Object.entries(await judge(shop, setup, groups, { settings, seed: at + 1 })))
          figures[way as Way].push(own);
    }
    for (const way of ['auto', 'together'] as const) {
      for (const task of setup.tasks) {
        const of = (own: Way) => bySeed.map((figures) => overShops(figures[own].map((one) => one[task]!)));
        const gain = transferGain(task, setup.tasks, { alone: of('alone'), shared: of(way), seed: 1 });
        rows.push({ setup: name, way, ...gain });
        process.stderr.write(`${markdown(name, way, gain)}\n`);
      }
    }
    process.stderr.write(`${name}: AUTO decided ${decisions[name].join(' | ')}\n`);
  }
  const protocol =
    `simulated shops of ${flags.behaviours} behaviours, of which AUTO sees ${flags.users} users; decided before day ${CUT_DAY - WINDOW_DAYS}, fitted before day ${CUT_DAY}, ` +
    `measured after it on all other users; against one net a task, mean over ${flags.shops} shops and ${flags.seeds} seeds, both resampled with the users`;
  console.log(JSON.stringify({ protocol, decisions, rows }));
}

async function openShop(
  { relatedness }: Setup,
  { behaviours, users, seed }: { behaviours: number; users: number; seed: number },
): Promise<Shop> {
  const { simulateShop } = await import('../src/pipeline/collect/index.js');
  const { ofUsers } = await import('../src/jobs/worker/users-of-history.js');
  const { history, truth } = simulateShop({ behaviours, relatedness, seed });
  // Users come in the order of their first visit: every so many-th is a fair sample.
  const step = history.users.length / users;
  const chosen = new Set(Array.from({ length: users }, (_, at) => Math.floor(at * step)));
  const others = history.users.map((_, user) => user).filter((user) => !chosen.has(user));
  return {
    known: ofUsers(history, Int32Array.from(chosen)),
    others: ofUsers(history, Int32Array.from(others)),
    cut: truth.timeOf(CUT_DAY),
    seed,
  };
}

/** What an AUTO run does first: it measures on what came before, and groups the tasks. */
async function decide(
  { known, cut, seed }: Shop,
  setup: Setup,
  settings: object,
): Promise<readonly TaskGroup[]> {
  const { measureTransfer } = await import('../src/jobs/worker/auto/measure-transfer.js');
  const { groups } = await measureTransfer({
    history: known,
    cut: cut - WINDOW_DAYS * DAY_MS,
    until: cut,
    tasks: setup.tasks,
    customTasks: setup.customTasks,
    seed,
    settings: (tasks) => ({ ...settings, ...definitions(setup.customTasks, tasks) }),
    fitContext: () => contextOf(seed),
  });
  return groups;
}

/** Each task alone, by the groups decided on, and all together. */
async function judge(
  shop: Shop,
  { tasks, customTasks }: Setup,
  groups: readonly TaskGroup[],
  { settings, seed }: { settings: object; seed: number },
): Promise<Record<Way, Figures>> {
  const { MULTI_TASK_TYPES } = await import('../src/pipeline/multi-task/index.js');
  const { taskExamples } = await import('../src/jobs/worker/examples.js');
  const { statisticOf } = await import('../src/jobs/worker/ensemble/held-examples.js');
  const fit = async (net: string, together: readonly TaskName[]): Promise<Figures> => {
    const type = MULTI_TASK_TYPES.find(({ architecture }) => architecture === net)!;
    const model = type.create(together, { ...settings, ...definitions(customTasks, together) });
    try {
      await model.fit({ history: shop.known, cut: shop.cut }, contextOf(seed));
      const figures: Figures = {};
      for (const task of together) {
        const until = shop.cut + WINDOW_DAYS * DAY_MS;
        const held = taskExamples(task, shop.others, shop.cut, until, customTasks);
        figures[task] = statisticOf(held, await held.predict(model));
      }
      return figures;
    } finally {
      model.dispose();
    }
  };
  const alone: Figures = {};
  for (const task of tasks) Object.assign(alone, await fit(NETS.APART, [task]));
  const together = await fit(NETS.SHARE, tasks);
  // What AUTO had too few data for to group, it learns alone.
  const auto: Figures = { ...alone };
  for (const { tasks: group, sharing } of groups) {
    const isAll = sharing === 'SHARE' && group.length === tasks.length;
    const isApart = sharing === 'APART';
    const known = isApart ? alone : isAll ? together : await fit(NETS[sharing], group);
    for (const task of group) auto[task] = known[task];
  }
  return { alone, auto, together };
}

/** The mean over shops as one figure whose users can be drawn anew. */
function overShops(shops: readonly UnitStatistic[]): UnitStatistic {
  return {
    ...shops[0],
    units: shops.reduce((sum, { units }) => sum + units, 0),
    value: (weights) => {
      const all = Float64Array.from(weights);
      let at = 0;
      let sum = 0;
      for (const shop of shops) sum += shop.value(all.subarray(at, (at += shop.units)));
      return sum / shops.length;
    },
  };
}

function definitions(customTasks: readonly CustomTask[], tasks: readonly TaskName[]): object {
  const own = customTasks.filter(({ name }) => tasks.includes(`CUSTOM_${name}`));
  return own.length > 0 ? { customTasks: own } : {};
}

const inWords = ({ tasks, sharing }: TaskGroup): string => `${[...tasks].sort().join('+')} ${sharing}`;

function markdown(
  setup: string,
  way: Way,
  { task, alone, shared, gain, low, high, verdict }: TransferGain,
): string {
  const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
  const cells = [alone.toFixed(4), shared.toFixed(4), `${signed(gain)} (${signed(low)} to ${signed(high)})`];
  return `| ${[setup, way, task, ...cells, verdict].join(' | ')} |`;
}
