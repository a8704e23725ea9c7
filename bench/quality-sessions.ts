/** Sessions: whether one ends in a purchase (Online Shoppers, stratified 5-fold), and how visits go on (Taobao's behaviours, by time). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { Random } from '../src/nn/random.js';
import { auc, averagePrecision, evaluateMultiClass, logLoss } from '../src/pipeline/evaluate/index.js';
import {
  type BehaviourRow,
  type BehaviourType,
  buildBehaviourColumns,
  DAY_MS,
  type FitContext,
  NEXT_BEHAVIOURS,
  type ShopHistory,
} from '../src/pipeline/index.js';
import {
  nextBehaviourExamples,
  sessionOutcomeExamples,
  type TabularColumn,
  TabularEncoder,
} from '../src/pipeline/preprocess/index.js';
import { markovChain, sessionDense, sessionRegression } from '../src/pipeline/single-task/index.js';
import { UserNetwork } from '../src/pipeline/single-task/users/user-network.js';
import { DENSE_DEFAULTS, LINEAR_DEFAULTS } from '../src/pipeline/single-task/users/user-network-settings.js';

const SHOPPERS = 'online-shoppers-intention.csv.gz';
const TAOBAO = 'user-behaviour.csv.gz';
const FOLDS = 5;
/** Networks of different seeds, averaged. */
const MEMBERS = 5;
/** Chosen on folds of another shuffle. */
const DENSE = {
  ...DENSE_DEFAULTS,
  hiddenUnits: [256, 128],
  dropout: 0.5,
  learningRate: 2e-3,
  weightDecay: 0.3,
  batchSize: 128,
  epochs: 16,
};
const LINEAR = { ...LINEAR_DEFAULTS, batchSize: 128, epochs: 16 };

export const holdsSessions = (folder: string): boolean =>
  [SHOPPERS, TAOBAO].some((name) => existsSync(join(folder, name)));

export async function sessionQuality(folder: string, seeds: readonly number[]): Promise<object> {
  return existsSync(join(folder, SHOPPERS)) ? shoppers(folder, seeds) : visits(folder, seeds);
}

const read = (path: string): string[] =>
  gunzipSync(readFileSync(path)).toString('utf8').trim().split(/\r?\n/);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const round = (value: number) => Math.round(1e4 * value) / 1e4;
const context = (seed: number): FitContext => ({
  seed,
  signal: new AbortController().signal,
  onEpoch: () => undefined,
  onProgress: () => undefined,
});

interface Figures {
  readonly auc: number;
  readonly pr_auc: number;
  readonly log_loss: number;
}
const meansOf = (rows: readonly Figures[]): Figures => ({
  auc: round(mean(rows.map((row) => row.auc))),
  pr_auc: round(mean(rows.map((row) => row.pr_auc))),
  log_loss: round(mean(rows.map((row) => row.log_loss))),
});

/** Each seed shuffles the folds anew and seeds the networks; everything is fitted on four folds and measured on the fifth. */
async function shoppers(folder: string, seeds: readonly number[]): Promise<object> {
  const { columns, labels } = readShoppers(join(folder, SHOPPERS));
  const plain = columns.filter(({ name }) => !name.startsWith('PageValues') && name !== 'valuePerPage');
  const found: Record<string, Figures[]> = {};
  for (const seed of seeds) {
    const folds = stratifiedFolds(labels, seed);
    for (let fold = 0; fold < FOLDS; fold++) {
      const rows = [...labels.keys()];
      const [train, test] = [false, true].map((isTest) =>
        rows.filter((row) => (folds[row] === fold) === isTest),
      );
      const of = async (name: string, table: typeof columns, settings: typeof DENSE, members: number) => {
        const probabilities = await predict(table, labels, {
          train,
          test,
          settings,
          members,
          seed: 100 * seed + fold,
        });
        const actual = test.map((row) => labels[row]);
        (found[name] ??= []).push({
          auc: auc(actual, probabilities),
          pr_auc: averagePrecision(actual, probabilities),
          log_loss: logLoss(actual, probabilities),
        });
      };
      await of('dense', columns, DENSE, MEMBERS);
      await of('regression', columns, LINEAR, 1);
      if (seed === seeds[0]) await of('dense_without_page_values', plain, DENSE, 2);
      process.stderr.write(`seed ${seed} fold ${fold + 1}: ${JSON.stringify(found.dense.at(-1))}\n`);
    }
  }
  const bySeed = seeds.map((_, at) =>
    round(mean(found.dense.slice(at * FOLDS, (at + 1) * FOLDS).map((row) => row.auc))),
  );
  return {
    protocol: `${FOLDS} folds, stratified, shuffled by each seed; ${MEMBERS} dense nets a fold, everything fitted on the other folds; means over folds and seeds`,
    seeds,
    ...meansOf(found.dense),
    auc_by_seed: bySeed,
    models: Object.fromEntries(Object.entries(found).map(([name, rows]) => [name, meansOf(rows)])),
  };
}

function readShoppers(path: string): { columns: TabularColumn[]; labels: number[] } {
  const [header, ...lines] = read(path).map((line) => line.split(',').map((cell) => cell.trim()));
  const number = (name: string) => {
    const at = header.indexOf(name);
    return lines.map((cells) => (cells[at] === '' ? Number.NaN : Number(cells[at])));
  };
  const numbers = header.slice(0, header.indexOf('Month'));
  const categories = [...header.slice(header.indexOf('Month'), -1), 'SpecialDay'];
  const [pages, time, value, exit, bounce] = [
    'ProductRelated',
    'ProductRelated_Duration',
    'PageValues',
    'ExitRates',
    'BounceRates',
  ].map(number);
  const derived = (name: string, of: (row: number) => number): TabularColumn => ({
    name,
    kind: 'NUMBER',
    values: lines.map((_, row) => of(row)),
  });
  const columns: TabularColumn[] = [
    ...numbers.map((name): TabularColumn => ({ name, kind: 'NUMBER', values: number(name) })),
    ...categories.map((name): TabularColumn => ({
      name: `${name} as a category`,
      kind: 'CATEGORY',
      values: lines.map((cells) => cells[header.indexOf(name)] || null),
    })),
    derived('timePerPage', (row) => time[row] / Math.max(1, pages[row])),
    derived('valuePerPage', (row) => value[row] / Math.max(1, pages[row])),
    derived('exitLessBounce', (row) => exit[row] - bounce[row]),
  ];
  return { columns, labels: lines.map((cells) => (cells.at(-1) === 'TRUE' ? 1 : 0)) };
}

function stratifiedFolds(labels: readonly number[], seed: number): Int32Array {
  const random = new Random(seed).fork('folds');
  const folds = new Int32Array(labels.length);
  for (const label of [0, 1]) {
    const own = random.shuffle([...labels.keys()].filter((row) => labels[row] === label));
    own.forEach((row, at) => (folds[row] = at % FOLDS));
  }
  return folds;
}

async function predict(
  columns: readonly TabularColumn[],
  labels: readonly number[],
  options: { train: number[]; test: number[]; settings: typeof DENSE; members: number; seed: number },
): Promise<number[]> {
  const { train, test, settings, members } = options;
  const encoder = TabularEncoder.fit(columns, train);
  const rows = {
    features: encoder.encode(columns, train),
    labels: Float32Array.from(train, (row) => labels[row]),
    masks: new Float32Array(train.length).fill(1),
  };
  const asked = encoder.encode(columns, test);
  const sums = new Array<number>(test.length).fill(0);
  for (let member = 0; member < members; member++) {
    const seed = 1000 * options.seed + member;
    const network = new UserNetwork(encoder.width, 1, settings, { seed, focalGamma: 0 });
    await network.train(rows, null, context(seed), { model: 'session-dense', task: 'SESSION_OUTCOME' });
    network.predict(asked).forEach((logit, at) => (sums[at] += 1 / (1 + Math.exp(-logit)) / members));
    network.dispose();
  }
  return sums;
}

const TAOBAO_TYPES: Readonly<Record<string, BehaviourType>> = {
  pv: 'VIEW',
  cart: 'ADD_TO_CART',
  fav: 'FAVOURITE',
  buy: 'PURCHASE',
};
/** 2 December 2017, 00:00 in China: the last two of the nine days are measured. */
const TAOBAO_START = Date.UTC(2017, 10, 24, 16);
const TAOBAO_CUT = TAOBAO_START + 7 * DAY_MS;
const TAOBAO_END = TAOBAO_START + 9 * DAY_MS;

/** Visits of the last two days by models of the seven before. */
async function visits(folder: string, seeds: readonly number[]): Promise<object> {
  const history = readTaobao(join(folder, TAOBAO));
  const window = { from: TAOBAO_CUT, until: TAOBAO_END };
  const next = nextBehaviourExamples(history, window);
  const outcome = sessionOutcomeExamples(history, window);
  const found: Record<string, object> = {};
  for (const type of [markovChain, sessionRegression, sessionDense]) {
    const rows: {
      next_log_loss: number;
      next_accuracy: number;
      next_macro_f1: number;
      outcome_auc: number;
      outcome_pr_auc: number;
    }[] = [];
    for (const seed of type === markovChain ? seeds.slice(0, 1) : seeds) {
      const models = [type.create(['NEXT_BEHAVIOUR'], {}), type.create(['SESSION_OUTCOME'], {})];
      for (const model of models) await model.fit({ history, cut: TAOBAO_CUT }, context(seed));
      const following = (await models[0].sessions!.scoreSessions({ history, sessions: next.sessions }))
        .NEXT_BEHAVIOUR!;
      const buying = (await models[1].sessions!.scoreSessions({ history, sessions: outcome.sessions }))
        .SESSION_OUTCOME!;
      for (const model of models) model.dispose();
      const logits = following.map((p) => Math.log(Math.max(1e-9, p)));
      const report = evaluateMultiClass({ labels: next.labels, logits, classes: NEXT_BEHAVIOURS, seed });
      const figure = (name: string) => report.metrics.find((metric) => metric.name === name)!.value;
      rows.push({
        next_log_loss: report.loss,
        next_accuracy: figure('ACCURACY'),
        next_macro_f1: figure('MACRO_F1'),
        outcome_auc: auc(outcome.labels, buying),
        outcome_pr_auc: averagePrecision(outcome.labels, buying),
      });
    }
    const names = Object.keys(rows[0]) as (keyof (typeof rows)[number])[];
    found[type.architecture] = Object.fromEntries(
      names.map((name) => [name, round(mean(rows.map((row) => row[name])))]),
    );
    process.stderr.write(`${type.architecture} ${JSON.stringify(found[type.architecture])}\n`);
  }
  return {
    protocol:
      'sessions by half an hour without a behaviour; models of the first seven days, visits that start in the last two; after their first and ever fewer later behaviours',
    seeds,
    steps: {
      next: next.labels.length,
      outcome: outcome.labels.length,
      outcome_rate: round(mean([...outcome.labels])),
    },
    models: found,
  };
}

function readTaobao(path: string): ShopHistory {
  const [users, items] = [new Map<string, number>(), new Map<string, number>()];
  const place = (map: Map<string, number>, id: string) => map.get(id) ?? map.set(id, map.size).size - 1;
  const rows = read(path).flatMap((line): BehaviourRow[] => {
    const [user, item, , type, seconds] = line.split(',');
    const occurredAt = Number(seconds) * 1000;
    // A few times lie outside the nine days, as in the original.
    if (!(occurredAt >= TAOBAO_START && occurredAt < TAOBAO_END) || !TAOBAO_TYPES[type]) return [];
    const own = { user: place(users, user), item: place(items, item), type: TAOBAO_TYPES[type] };
    return [{ ...own, occurredAt, quantity: 1, value: 0, session: -1 }];
  });
  const item = { category: [], price: Number.NaN, available: true, attributes: {} };
  return {
    users: [...users.keys()].map((id) => ({ id, attributes: {} })),
    items: [...items.keys()].map((id) => ({ ...item, id, title: id })),
    ...buildBehaviourColumns(rows, users.size),
    transactions: [],
    currency: 'CNY',
  };
}
