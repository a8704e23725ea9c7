/**
 * Retrieval among many items: which share of what users buy is among the first k that two towers (or popularity, or co-purchases) find, what a
 * list costs, and what the ranker makes of the candidates.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { chooseThreads } from '../src/nn/threads.js';
import type { Model, ShopHistory } from '../src/pipeline/index.js';

const LIST = 10;
const DEPTHS = [100, 500] as const;
const SIMULATED_CUT_DAY = 400;

interface Figures {
  readonly architecture: string;
  readonly seed: number;
  readonly new_ndcg10: number;
  readonly repeat_ndcg10: number;
  /** By depth: share of the items bought within 30 days that are among the first so many; new ones alone. */
  readonly recall: Readonly<Record<string, number>>;
  readonly new_recall: Readonly<Record<string, number>>;
  readonly fit_s: number;
  /** Milliseconds for one user's list of ten, median and 99th percentile. */
  readonly list_p50_ms: number;
  readonly list_p99_ms: number;
}

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      data: { type: 'string', default: 'data/online-retail' },
      cut: { type: 'string', default: '2011-05-10' },
      /** Measure on a simulated shop of so many items instead. */
      items: { type: 'string' },
      behaviours: { type: 'string', default: '400000' },
      users: { type: 'string', default: '300' },
      seeds: { type: 'string', default: '1' },
      architectures: {
        type: 'string',
        default: 'popular,item-knn,two-towers,softmax-ranker,retrieve-and-rank',
      },
      settings: { type: 'string', default: '{}' },
    },
  });
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  chooseThreads('small');
  const { SINGLE_TASK_TYPES } = await import('../src/pipeline/single-task/index.js');
  const { history, cut, name } = await openShop(flags);
  const rows: Figures[] = [];
  for (const architecture of flags.architectures.split(',')) {
    const type = SINGLE_TASK_TYPES.find((one) => one.architecture === architecture);
    if (!type) throw new Error(`Expected architectures of recommendation, got "${architecture}".`);
    for (let seed = 1; seed <= Number(flags.seeds); seed++) {
      const model = type.create(['RECOMMENDATION'], JSON.parse(flags.settings) as Record<string, unknown>);
      const start = performance.now();
      await model.fit({ history, cut }, contextOf(seed));
      const fit_s = (performance.now() - start) / 1000;
      const row = {
        architecture,
        seed,
        fit_s,
        ...(await figuresOf(model, history, cut, Number(flags.users))),
      };
      rows.push(row);
      process.stderr.write(`${JSON.stringify(row)}\n`);
      model.dispose();
    }
  }
  const protocol = `${name}; ${flags.users} of the users who bought within 30 days, ranking in full`;
  console.log(JSON.stringify({ protocol, rows }));
}

async function openShop(flags: { data: string; cut: string; items?: string; behaviours: string }) {
  const { readOnlineRetail, simulateShop } = await import('../src/pipeline/collect/index.js');
  if (flags.items === undefined) {
    const file = join(flags.data, 'online-retail.csv.gz');
    const { history } = await readOnlineRetail(file, { keepDuplicates: true });
    return { history, cut: Date.parse(flags.cut), name: `online retail as of ${flags.cut}` };
  }
  const options = { items: Number(flags.items), behaviours: Number(flags.behaviours), seed: 1 };
  const { history, truth } = simulateShop(options);
  const name = `a simulated shop of ${options.items} items and ${options.behaviours} behaviours`;
  return { history, cut: truth.timeOf(SIMULATED_CUT_DAY), name };
}

async function figuresOf(
  model: Model,
  history: ShopHistory,
  cut: number,
  most: number,
): Promise<Omit<Figures, 'architecture' | 'seed' | 'fit_s'>> {
  const { rankingFigures, topK } = await import('../src/pipeline/evaluate/index.js');
  const { itemTargets } = await import('../src/pipeline/preprocess/index.js');
  const { users, targets, bought } = itemTargets(history, cut, 30);
  const every = Math.max(1, Math.floor(users.length / most));
  const sums = { fresh: 0, freshUsers: 0, all: 0, users: 0 };
  const found = new Map<string, number[]>();
  const note = (key: string, value: number) => found.set(key, [...(found.get(key) ?? []), value]);
  const times: number[] = [];
  for (let at = 0; at < users.length; at += every) {
    const request = { history, users: users.subarray(at, at + 1), asOf: cut };
    const scores = await model.items!.scoreItems(request);
    const list = topK(scores, Math.max(...DEPTHS));
    sums.all += rankingFigures(list.slice(0, LIST), targets[at], LIST).ndcg;
    sums.users++;
    for (const depth of DEPTHS) note(`all@${depth}`, shareFound(list, targets[at], depth));
    const fresh = new Set([...targets[at]].filter((item) => !bought[at].has(item)));
    if (fresh.size > 0) {
      const freshList = topK(scores, Math.max(...DEPTHS), (item) => bought[at].has(item));
      sums.fresh += rankingFigures(freshList.slice(0, LIST), fresh, LIST).ndcg;
      sums.freshUsers++;
      for (const depth of DEPTHS) note(`new@${depth}`, shareFound(freshList, fresh, depth));
    }
    const start = performance.now();
    await model.items!.rankItems(request, { first: LIST, allowed: null, excludeBought: false });
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const mean = (key: string) => {
    const values = found.get(key) ?? [];
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const byDepth = (kind: string) =>
    Object.fromEntries(DEPTHS.map((depth) => [`@${depth}`, mean(`${kind}@${depth}`)]));
  return {
    new_ndcg10: sums.fresh / sums.freshUsers,
    repeat_ndcg10: sums.all / sums.users,
    recall: byDepth('all'),
    new_recall: byDepth('new'),
    list_p50_ms: times[Math.floor(times.length / 2)],
    list_p99_ms: times[Math.floor(0.99 * times.length)],
  };
}

function shareFound(list: readonly number[], wanted: ReadonlySet<number>, depth: number): number {
  return list.slice(0, depth).filter((item) => wanted.has(item)).length / wanted.size;
}

function contextOf(seed: number) {
  return {
    seed,
    signal: new AbortController().signal,
    onEpoch: () => undefined,
    onProgress: () => undefined,
  };
}
