import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';

import { dense, tf } from '../../src/nn/index.js';
import { auc } from '../../src/pipeline/evaluate/index.js';
import { DAY_MS, type FitContext } from '../../src/pipeline/index.js';
import {
  type Architecture,
  ARCHITECTURES,
  BALANCING_METHODS,
  MULTI_TASK_TYPES,
  MULTI_TASKS as TASKS,
  type MultiTaskModel,
  multiTaskType,
} from '../../src/pipeline/multi-task/index.js';
import { resampleExamples } from '../../src/pipeline/multi-task/resample-examples.js';
import { dailyUnits, transactionContexts, transactionFeatures } from '../../src/pipeline/preprocess/index.js';
import type { ResamplingMethod, TaskName } from '../../src/tasks/index.js';
import { isQuick, shopWithTruth, TRUTH_START } from '../support/shop-with-truth.js';

const WORLD = { users: 200, items: 40, groups: 4, days: 180, seed: 9, hasFunnel: true };
const DAYS = 150;
const cut = TRUTH_START + DAYS * DAY_MS;
const history = shopWithTruth(WORLD);
const users = Int32Array.from({ length: WORLD.users }, (_, user) => user);
const orders = transactionContexts(history.transactions).filter(
  ({ transaction }) => transaction.occurredAt >= cut,
);
const all = Int32Array.from({ length: WORLD.items }, (_, item) => item);
const past = dailyUnits(history, all, TRUTH_START, DAYS);
const SETTINGS = {
  hiddenUnits: [24, 16],
  epochs: 2,
  cuts: 2,
  candidates: 40,
  learningRate: 0.01,
  dropout: 0.1,
  embeddingSize: 4,
};

function context(seed: number, signal = new AbortController().signal): FitContext {
  return { seed, signal, onEpoch: () => undefined, onProgress: () => undefined };
}

async function fit(
  architecture: Architecture,
  tasks: readonly TaskName[],
  { seed = 1, settings = {}, of = history } = {},
): Promise<MultiTaskModel> {
  const model = multiTaskType(architecture).create(tasks, { ...SETTINGS, ...settings }) as MultiTaskModel;
  await model.fit({ history: of, cut }, context(seed));
  return model;
}

/** Everything that a model answers, in one object to compare. */
async function answers(model: MultiTaskModel) {
  const request = { history, users, asOf: cut };
  return {
    users: await model.users?.scoreUsers(request),
    items: await model.items?.scoreItems({ ...request, users: users.subarray(0, 20) }),
    fraud: await model.fraud?.scoreTransactions(orders),
    demand: await model.demand?.forecast(past, 14),
  };
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'multi-task-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe.each(ARCHITECTURES.map((architecture) => [architecture.name, architecture] as const))(
  '%s',
  (_name, architecture) => {
    let model: MultiTaskModel;
    let before: number;
    beforeAll(async () => {
      before = tf.memory().numTensors;
      model = await fit(architecture, TASKS);
    });

    test('learns who buys soon and who leaves', async () => {
      const scores = await model.users!.scoreUsers({ history, users, asOf: cut });
      const quick = Float32Array.from(users, (user) => (isQuick(user) ? 1 : 0));
      expect(auc(quick, scores.PURCHASE_INTENT!)).toBeGreaterThan(0.85);
      const slow = quick.map((value) => 1 - value);
      expect(auc(slow, scores.CHURN!)).toBeGreaterThan(0.85);
    });

    test('ranks items of the user’s taste first', async () => {
      const lists = await model.items!.rankItems(
        { history, users, asOf: cut },
        { first: 5, allowed: null, excludeBought: false },
      );
      const isOwn = lists.flatMap((list, user) =>
        list.map(({ itemId }) => Number(itemId.slice(1)) % WORLD.groups === (user >> 1) % WORLD.groups),
      );
      // A quarter by chance.
      expect(isOwn.filter(Boolean).length / isOwn.length).toBeGreaterThan(0.6);
    });

    test('tells fraud from honest orders', async () => {
      const labels = Float32Array.from(orders, ({ transaction }) => (transaction.isFraud ? 1 : 0));
      const scores = await model.fraud!.scoreTransactions(orders);
      // Half of the orders from abroad are fraud: the ceiling is about 0.94.
      expect(auc(labels, scores)).toBeGreaterThan(0.88);
    });

    test('forecasts about what is sold', async () => {
      const { units, low, high } = await model.demand!.forecast(past, 14);
      const actual = dailyUnits(history, all, cut, 14).units;
      const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);
      expect(Math.abs(sum(units) / sum(actual) - 1)).toBeLessThan(0.35);
      expect(units.every((value, at) => low[at] <= value && value <= high[at])).toBe(true);
    });

    test('comes back from its files with equal answers and gates', async () => {
      const folder = await mkdtemp(join(directory, 'model-'));
      await model.save(folder);
      const loaded = (await multiTaskType(architecture).load(folder)) as MultiTaskModel;
      expect(await answers(loaded)).toEqual(await answers(model));
      expect(loaded.sharing()).toEqual(model.sharing());
      expect(loaded.parameters).toBe(model.parameters);
      expect(loaded.tasks).toEqual(TASKS);
      loaded.dispose();
    });

    test('reports what each task takes from where, as shares', () => {
      const [{ gates }] = model.sharing();
      for (const { sources } of gates) {
        expect(sources.length).toBeGreaterThan(1);
        expect(sources.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 4);
      }
      const gated = gates.map(({ task }) => task);
      if (architecture.name === 'aitm') expect(gated).toEqual(['ADD_TO_CART', 'PURCHASE']);
      else if (['shared-bottom', 'esmm'].includes(architecture.name)) expect(gated).toEqual([]);
      else expect(gated).toEqual(TASKS);
    });

    test('gives a row alone the same as among others', async () => {
      const scores = await model.users!.scoreUsers({ history, users, asOf: cut });
      const alone = await model.users!.scoreUsers({ history, users: users.subarray(7, 8), asOf: cut });
      expect(alone.CHURN![0]).toBeCloseTo(scores.CHURN![7], 5);
      const [order] = await model.fraud!.scoreTransactions(orders.slice(3, 4));
      expect(order).toBeCloseTo((await model.fraud!.scoreTransactions(orders))[3], 5);
    });

    test('explains: contributions add up to differences of logits, and name the cause', async () => {
      const chosen = orders.slice(0, 2);
      const parts = await model.fraud!.explainTransactions(chosen, 100);
      const [first, second] = parts.map((list) =>
        list.reduce((sum, { contribution }) => sum + contribution, 0),
      );
      const [p, q] = await model.fraud!.scoreTransactions(chosen);
      const logit = (probability: number) => Math.log(probability / (1 - probability));
      expect(first - second).toBeCloseTo(logit(p) - logit(q), 1);
      const abroad = orders.filter(({ transaction }) => transaction.ipCountry === 'FR').slice(0, 1);
      const [[cause]] = await model.fraud!.explainTransactions(abroad, 1);
      // Billed and shipped to one country, so that either tells the same.
      expect(cause.feature).toMatch(/^isIpNot(Billing|Shipping)$/);
      expect(cause.contribution).toBeGreaterThan(0);
      const request = { history, users: users.subarray(0, 1), asOf: cut };
      const [user] = await model.users!.explainUsers(request, 'CHURN', 100);
      // A quick user leaves less than the average one.
      expect(user.reduce((sum, { contribution }) => sum + contribution, 0)).toBeLessThan(0);
    });

    test('leaves no tensors behind', () => {
      model.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });
  },
);

describe.each(BALANCING_METHODS)('balanced by %s', (method) => {
  test('learns, says the weights, and ends the same from the same seed', async () => {
    const before = tf.memory().numTensors;
    const settings = { lossBalancing: { method }, epochs: 3, dropout: 0, hiddenUnits: [16, 8] };
    const models = [1, 1].map(() => fit(ARCHITECTURES[0], ['CHURN', 'FRAUD'], { settings }));
    const [model, again] = await Promise.all(models);
    expect(await answers(again)).toEqual(await answers(model));
    const labels = Float32Array.from(orders, ({ transaction }) => (transaction.isFraud ? 1 : 0));
    expect(auc(labels, await model.fraud!.scoreTransactions(orders))).toBeGreaterThan(0.88);
    const { CHURN } = await model.users!.scoreUsers({ history, users, asOf: cut });
    expect(
      auc(
        Float32Array.from(users, (user) => (isQuick(user) ? 0 : 1)),
        CHURN!,
      ),
    ).toBeGreaterThan(0.85);
    const [sharing] = model.sharing();
    const weights = sharing.weights.map(({ weight }) => weight);
    expect(sharing.weights.map(({ task }) => task)).toEqual(['CHURN', 'FRAUD']);
    const isMoved = weights.some((weight) => Math.abs(weight - 1) > 1e-3);
    expect(isMoved).toBe(['UNCERTAINTY', 'GRADNORM', 'DWA'].includes(method));
    model.dispose();
    again.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('adding an architecture', () => {
  /** Every task has one layer of its own, and nothing else. */
  const apart: Architecture<{ readonly units: number }> = {
    name: 'apart',
    ownSettings: { units: z.number().int().min(1) },
    defaults: { units: 8 },
    userQuestion: 'SURVIVAL',
    hasOneRepresentation: false,
    build(weights, { inputWidth, tasks, settings }) {
      const layers = new Map(tasks.map((task) => [task, weights.dense(task, inputWidth, settings.units)]));
      return {
        width: settings.units,
        sources: () => [],
        forward: (inputs, asked) =>
          asked.map((task) => ({ values: dense(inputs, layers.get(task)!, 'relu') })),
      };
    },
  };

  test('takes one object: it trains, saves, loads and answers for all tasks', async () => {
    const model = await fit(apart, TASKS, { settings: { epochs: 1, units: 6 } });
    const folder = await mkdtemp(join(directory, 'apart-'));
    await model.save(folder);
    const loaded = (await multiTaskType(apart).load(folder)) as MultiTaskModel;
    expect(loaded.architecture).toBe('apart');
    expect(await answers(loaded)).toEqual(await answers(model));
    expect(() => multiTaskType(apart).create(TASKS, { units: 0 })).toThrow(/units/);
    loaded.dispose();
    model.dispose();
  });

  test('every registered one is a kind of model by its own name', () => {
    const names = MULTI_TASK_TYPES.map(({ architecture }) => architecture);
    expect(names).toEqual(expect.arrayContaining(ARCHITECTURES.map(({ name }) => name)));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe.each(['aitm', 'esmm'])('the funnel of %s', (name) => {
  const architecture = ARCHITECTURES.find((candidate) => candidate.name === name)!;

  test('is refused to a shop that knows purchases alone, saying what is missing', async () => {
    const model = multiTaskType(architecture).create(['PURCHASE_INTENT', 'FRAUD'], SETTINGS);
    const plain = shopWithTruth({ ...WORLD, hasFunnel: false });
    await expect(model.fit({ history: plain, cut }, context(1))).rejects.toMatchObject({
      code: 'TOO_FEW_DATA',
      message: expect.stringMatching(/view items after a past cut .*: 0 found, 200 needed/),
      details: { have: 0, need: 200 },
    });
  });

  test('is refused without a user task', () => {
    expect(() => multiTaskType(architecture).create(['FRAUD', 'DEMAND'], {})).toThrow(
      /PURCHASE_INTENT or CHURN/,
    );
  });
});

const PAIRS = TASKS.flatMap((first, at) => TASKS.slice(at + 1).map((second) => [first, second] as const));
test.each(PAIRS)('%s and %s make a model', async (first, second) => {
  const losses = new Map<TaskName | null, number>();
  const settings = { ...SETTINGS, hiddenUnits: [8, 8], epochs: 1 };
  const model = multiTaskType(ARCHITECTURES[0]).create([first, second], settings);
  await model.fit(
    { history, cut },
    { ...context(1), onEpoch: ({ task, trainLoss }) => losses.set(task, trainLoss) },
  );
  expect([...losses.keys()]).toEqual([null, first, second]);
  expect([...losses.values()].every((loss) => loss > 0 && Number.isFinite(loss))).toBe(true);
  const has = (task: TaskName) => first === task || second === task;
  expect(model.items !== undefined).toBe(has('RECOMMENDATION'));
  expect(model.users !== undefined).toBe(has('PURCHASE_INTENT') || has('CHURN'));
  expect(model.fraud !== undefined).toBe(has('FRAUD'));
  expect(model.demand !== undefined).toBe(has('DEMAND'));
  model.dispose();
});

test('reads nothing from the cut on', async () => {
  const planted = Array.from({ length: 60 }, (_, at) => ({
    user: at,
    item: 7,
    type: 'PURCHASE' as const,
    occurredAt: cut + at * 3_600_000,
    quantity: 50,
    value: 500,
    session: 1e6 + at,
  }));
  const leaky = shopWithTruth({ ...WORLD, extra: planted });
  const settings = { epochs: 1 };
  const clean = await fit(ARCHITECTURES[0], TASKS, { settings });
  const other = await fit(ARCHITECTURES[0], TASKS, { settings, of: leaky });
  expect(await answers(other)).toEqual(await answers(clean));
  clean.dispose();
  other.dispose();
});

describe('examples drawn by their label', () => {
  const rateOf = async (model: MultiTaskModel) => {
    const scores = await model.fraud!.scoreTransactions(orders);
    return scores.reduce((sum, score) => sum + score, 0) / scores.length;
  };
  const labels = Float32Array.from(orders, ({ transaction }) => (transaction.isFraud ? 1 : 0));
  const rate = labels.reduce((sum, label) => sum + label, 0) / labels.length;

  test.each(['CLASS_WEIGHTS', 'OVERSAMPLE', 'UNDERSAMPLE', 'SMOTE'])(
    '%s teaches even classes, and probabilities keep the rate of the labels',
    async (method) => {
      const settings = { resampling: { FRAUD: method }, epochs: 1 };
      const model = await fit(ARCHITECTURES[0], ['CHURN', 'FRAUD'], { settings });
      expect(auc(labels, await model.fraud!.scoreTransactions(orders))).toBeGreaterThan(0.85);
      // Without the correction it would be nearer to a half.
      expect(await rateOf(model)).toBeLessThan(rate + (0.5 - rate) / 3);
      const folder = await mkdtemp(join(directory, 'drawn-'));
      await model.save(folder);
      const loaded = (await multiTaskType(ARCHITECTURES[0]).load(folder)) as MultiTaskModel;
      const answered = await model.fraud!.scoreTransactions(orders);
      expect(await loaded.fraud!.scoreTransactions(orders)).toEqual(answered);
      const network = loaded.networks().find(({ name }) => name === 'transactions')!;
      const exported = network.predict({
        transactionFeatures: transactionFeatures(orders),
        billingCountry: new Int32Array(orders.length).fill(1),
      });
      exported.FRAUD.forEach((value, at) => expect(value).toBeCloseTo(answered[at], 4));
      model.dispose();
      loaded.dispose();
    },
  );

  test('held-out examples stay as they are, new ones come behind those that they are like', () => {
    const spec = { dtype: 'float32', shape: [] } as const;
    const isRare = Float32Array.from({ length: 40 }, (_, row) => (row % 8 === 0 ? 1 : 0));
    const examples = {
      count: 40,
      passes: 1,
      columns: {
        features: {
          spec: { dtype: 'float32', shape: [2] } as const,
          values: Float32Array.from({ length: 80 }, (_, at) => at),
        },
        id: { spec: { dtype: 'int32', shape: [] } as const, values: Int32Array.from(isRare.keys()) },
        label: { spec, values: isRare },
        weight: { spec, values: new Float32Array(40).fill(1) },
      },
    };
    const chosen = Int32Array.from({ length: 32 }, (_, at) => at + 8);
    const draw = (method: ResamplingMethod) =>
      resampleExamples(
        examples,
        chosen,
        { method, label: 'label', weight: 'weight', features: ['features'] },
        3,
      );
    for (const method of ['OVERSAMPLE', 'UNDERSAMPLE', 'SMOTE'] as const) {
      const drawn = draw(method);
      const ofRare = [...drawn.chosen].filter((row) => drawn.examples.columns.label.values[row] === 1);
      expect(ofRare.length * 2).toBe(drawn.chosen.length);
      expect([...drawn.chosen].every((row) => row >= 8)).toBe(true);
      expect(drawn.shift).toBeCloseTo(Math.log(4 / 28), 5);
    }
    const { examples: made, chosen: rows } = draw('SMOTE');
    expect(made.columns.features.values.subarray(0, 80)).toEqual(examples.columns.features.values);
    for (const row of rows.filter((at) => at >= 40)) {
      // Between the rare rows 8, 16, 24 and 32, and with the id of the one that it starts from.
      expect(made.columns.id.values[row] % 8).toBe(0);
      expect(made.columns.features.values[2 * row]).toBeGreaterThanOrEqual(16);
      expect(made.columns.features.values[2 * row]).toBeLessThanOrEqual(64);
    }
  });
});

test('an aborted fit ends with the signal’s reason and leaves no tensors', async () => {
  const before = tf.memory().numTensors;
  const controller = new AbortController();
  const model = multiTaskType(ARCHITECTURES[0]).create(['CHURN', 'FRAUD'], SETTINGS);
  const fitting = model.fit(
    { history, cut },
    { ...context(1, controller.signal), onProgress: () => controller.abort(new Error('enough')) },
  );
  await expect(fitting).rejects.toThrow('enough');
  expect(tf.memory().numTensors).toBe(before);
});

test('a shop with too little of one entity is told which', async () => {
  const model = multiTaskType(ARCHITECTURES[0]).create(['CHURN', 'DEMAND'], SETTINGS);
  const early = { history, cut: TRUTH_START + 30 * DAY_MS };
  await expect(model.fit(early, context(1))).rejects.toMatchObject({
    code: 'TOO_FEW_DATA',
    message: expect.stringMatching(/\d+ found, \d+ needed/),
  });
});

test('tasks are checked: known ones, each once', () => {
  const create =
    (...tasks: TaskName[]) =>
    () =>
      multiTaskType(ARCHITECTURES[0]).create(tasks, {});
  expect(create()).toThrow(/no task/);
  expect(create('CHURN', 'CHURN')).toThrow(/each once/);
  expect(create('CHURN', 'WEATHER' as TaskName)).toThrow(/WEATHER/);
});

test('settings are checked by name', () => {
  const create = (given: object) => () => multiTaskType(ARCHITECTURES[0]).create(['CHURN'], { ...given });
  expect(create({ hiddenUnits: [] })).toThrow(/hiddenUnits/);
  expect(create({ lossBalancing: { method: 'SOMETIMES' } })).toThrow(/lossBalancing\.method/);
  expect(create({ lossBalancing: { method: 'FIXED', weights: { SALES: 1 } } })).toThrow(/SALES/);
  expect(create({ lossBalancing: { method: 'EQUAL', weights: { CHURN: 2 } } })).toThrow(/FIXED/);
  expect(create({ preset: 'HANDBOOK' })).toThrow(/TEXTBOOK/);
  expect(create({ lossWeights: { CHURN: 1 } })).toThrow(/lossBalancing/);
  expect(create({ resampling: { CHURN: 'OVERSAMPLE' } })).toThrow(/resampling of CHURN/);
});
