import {
  type DemandSeries,
  type Model,
  type OpenSession,
  type ShopHistory,
  type TransactionContext,
} from '../../src/pipeline/index.js';
import {
  activityLogs,
  affinities,
  BehaviourCounter,
  behaviourSequences,
  CANDIDATE_FEATURE_COUNT,
  demandFeatures,
  itemSequence,
  itemState,
  sessionColumns,
  transactionFeatures,
  userFeatures,
  userItems,
  userPopulation,
  writeCandidates,
} from '../../src/pipeline/preprocess/index.js';
import { RetrievedRanking, type TowerRanking } from '../../src/pipeline/single-task/index.js';
import { fitContent, itemContent } from '../../src/pipeline/single-task/retrieval/item-content.js';
import type { CustomTask } from '../../src/tasks/index.js';

type Rows = Record<string, Float32Array | Int32Array>;

export interface Asked {
  readonly history: ShopHistory;
  readonly cut: number;
  readonly users: Int32Array;
  readonly orders: readonly TransactionContext[];
  readonly sessions: readonly OpenSession[];
  readonly series: DemandSeries;
  /** What models of custom tasks learnt. */
  readonly customTask: CustomTask;
}

/** Features as the product computes them, and what it answers to them: for the networks of each name. */
export interface Expected {
  readonly rows: Rows;
  readonly output: string;
  readonly values: Float32Array;
}

/** @param inputs names of the network's inputs */
export async function expectedOf(
  model: Model,
  network: string,
  inputs: readonly string[],
  asked: Asked,
): Promise<Expected[]> {
  const { history, cut, users, orders, series, customTask } = asked;
  const request = { history, users, asOf: cut };
  const pick = (rows: Rows): Rows =>
    Object.fromEntries(Object.entries(rows).filter(([name]) => inputs.includes(name)));
  const ofUsers = userFeatures(history, users, cut, userPopulation(history, cut).statistics);
  const noCountry = (count: number) => new Int32Array(count); // '' is the first and only country of users here
  if (network === 'users') {
    const rows = pick({ features: ofUsers, userFeatures: ofUsers, userCountry: noCountry(users.length) });
    const scores = await model.users!.scoreUsers(request);
    return Object.entries(scores).map(([output, values]) => ({ rows, output, values: values! }));
  }
  if (network === 'transactions') {
    const features = transactionFeatures(orders);
    const countries = new Int32Array(orders.length).fill(1); // GB, behind ''
    const rows = pick({ features, transactionFeatures: features, billingCountry: countries });
    return [{ rows, output: 'FRAUD', values: await model.fraud!.scoreTransactions(orders) }];
  }
  if (network === 'demand') {
    const { features, references } = demandFeatures(series, 0, series.days);
    const item = Int32Array.from(series.itemIds, (_, at) => at);
    const { units } = await model.demand!.forecast(series, 14);
    const totals = Float32Array.from(series.itemIds, (_, at) =>
      units.subarray(at * 14, (at + 1) * 14).reduce((sum, day) => sum + day, 0),
    );
    return [{ rows: pick({ features, reference: references, item }), output: 'units', values: totals }];
  }
  if (network === 'sessions') return sessionAnswers(model, asked);
  if (network.startsWith('custom_')) {
    const [task] = model.tasks;
    const activity = activityLogs(new BehaviourCounter(history, customTask).rawActivity(users, cut));
    const scores = await model.users!.scoreUsers(request);
    return [{ rows: pick({ userFeatures: ofUsers, activity }), output: task, values: scores[task]! }];
  }
  if (network.endsWith('-tower')) return towerAnswers(model, network, asked);
  return itemAnswers(model, network, pick, asked, ofUsers);
}

/** Vectors as the model itself has them. */
function towerAnswers({ items }: Model, network: string, { history, cut, users }: Asked): Expected[] {
  const { vectors } = items instanceof RetrievedRanking ? items.towers : (items as TowerRanking);
  const { vocabulary } = itemState(history, cut);
  if (network === 'user-tower') {
    const sequences = behaviourSequences(history, users, cut, { length: 10, vocabulary });
    const rows = { userItems: sequences.items, userTypes: sequences.types, userDays: sequences.days };
    return [{ rows, output: 'vector', values: vectors.users({ history, users, asOf: cut }) }];
  }
  const { words, categories, prices } = itemContent(history.items, fitContent(history.items));
  const item = vocabulary.indicesOf(history.items.map(({ id }) => id));
  return [{ rows: { item, words, categories, price: prices }, output: 'vector', values: vectors.items }];
}

async function itemAnswers(
  model: Model,
  network: string,
  pick: (rows: Rows) => Rows,
  { history, cut, users }: Asked,
  ofUsers: Float32Array,
): Promise<Expected[]> {
  const state = itemState(history, cut);
  const { vocabulary } = state;
  const size = vocabulary.size;
  const vocabularyOf = vocabulary.indicesOf(history.items.map(({ id }) => id));
  const one = users.subarray(0, 1);
  const all = await model.items!.scoreItems({ history, users: one, asOf: cut });
  const values = Float32Array.from(
    vocabulary.ids,
    (id) => all[history.items.findIndex((item) => item.id === id)],
  );
  if (network === 'sequences') {
    const length = 10;
    const items = new Int32Array(length).fill(size);
    const latest = itemSequence(history, one[0], cut, vocabularyOf, size).slice(-length);
    items.set(latest, length - latest.length);
    return [{ rows: { items }, output: 'logits', values }];
  }
  const user = userItems(history, one[0], cut, vocabularyOf, size);
  const features = new Float32Array(size * CANDIDATE_FEATURE_COUNT);
  writeCandidates(state, user, affinities(state, user), null, features);
  const width = ofUsers.length / users.length;
  const rankingUser = new Float32Array(size * width);
  for (let row = 0; row < size; row++) rankingUser.set(ofUsers.subarray(0, width), row * width);
  const rows = pick({
    features,
    candidateFeatures: features,
    rankingUser,
    rankingCountry: new Int32Array(size),
    candidateItem: Int32Array.from({ length: size }, (_, at) => at),
  });
  return [{ rows, output: 'score', values }];
}

async function sessionAnswers(model: Model, { history, sessions }: Asked): Promise<Expected[]> {
  const [{ inputs }] = model.networks!();
  const columns = sessionColumns(history, sessions);
  const numbers = columns.filter(({ kind }) => kind === 'NUMBER');
  const rows: Rows = {
    numbers: Float32Array.from(sessions.flatMap((_, at) => numbers.map(({ values }) => Number(values[at])))),
  };
  for (const { name, vocabulary } of inputs) {
    if (name === 'numbers') continue;
    const { values } = columns.find((column) => column.name === name)!;
    rows[name] = Int32Array.from(values as string[], (value) => {
      const at = vocabulary!.indexOf(value);
      return at < 0 ? vocabulary!.length : at;
    });
  }
  const scores = await model.sessions!.scoreSessions({ history, sessions });
  return Object.entries(scores).map(([output, values]) => ({ rows, output, values: values as Float32Array }));
}
