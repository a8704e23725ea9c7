import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { tf } from '../../src/nn/index.js';
import { auc } from '../../src/pipeline/evaluate/index.js';
import { type CheckpointStore, DAY_MS, type FitContext } from '../../src/pipeline/index.js';
import { ARCHITECTURES, type MultiTaskModel, multiTaskType } from '../../src/pipeline/multi-task/index.js';
import {
  behaviourSequences,
  knownItems,
  SEQUENCE_PLACES,
  transactionContexts,
  userFeatures,
  userPopulation,
  Vocabulary,
} from '../../src/pipeline/preprocess/index.js';
import { exampleRows } from '../../src/pipeline/single-task/index.js';
import { isQuick, shopWithTruth, TRUTH_START } from '../support/shop-with-truth.js';

const WORLD = { users: 200, items: 24, groups: 4, days: 150, seed: 4, hasFunnel: true };
const cut = TRUTH_START + 120 * DAY_MS;
const history = shopWithTruth(WORLD);
const users = Int32Array.from({ length: WORLD.users }, (_, user) => user);
const orders = transactionContexts(history.transactions).filter(
  ({ transaction }) => transaction.occurredAt >= cut,
);
const LENGTH = 8;
const SETTINGS = {
  hiddenUnits: [16, 8],
  epochs: 2,
  cuts: 2,
  candidates: 24,
  learningRate: 0.01,
  dropout: 0.1,
  sequenceLength: LENGTH,
  sequenceWidth: 8,
  rankingPasses: 1,
  fraudPasses: 1,
  batchSize: 256,
};
const TASKS = ['PURCHASE_INTENT', 'CHURN', 'RECOMMENDATION', 'FRAUD'] as const;
const request = { history, users, asOf: cut };

const contextOf = (more: Partial<FitContext> = {}): FitContext => ({
  seed: 1,
  signal: new AbortController().signal,
  onEpoch: () => undefined,
  onProgress: () => undefined,
  ...more,
});

const create = (userEncoder: string, settings: object = {}) =>
  multiTaskType(ARCHITECTURES[0]).create(TASKS, {
    ...SETTINGS,
    userEncoder,
    ...settings,
  }) as MultiTaskModel;

async function answers(model: MultiTaskModel) {
  return {
    users: await model.users!.scoreUsers(request),
    items: await model.items!.scoreItems({ ...request, users: users.subarray(0, 8) }),
    fraud: await model.fraud!.scoreTransactions(orders),
  };
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'user-encoders-'));
});
afterAll(() => rm(directory, { recursive: true }));

test('sequences hold the latest behaviours before the time, and nothing of what comes after', () => {
  const isKnown = knownItems(history, cut);
  const ids = history.items.filter((_, item) => isKnown[item] === 1).map(({ id }) => id);
  const vocabulary = new Vocabulary(ids);
  const asked = { length: LENGTH, vocabulary };
  const { items, types, days } = behaviourSequences(history, users, cut, asked);
  const { behaviours, userOffsets } = history;
  users.forEach((user) => {
    const rows = Array.from(
      { length: userOffsets[user + 1] - userOffsets[user] },
      (_, at) => userOffsets[user] + at,
    ).filter((row) => behaviours.occurredAt[row] < cut);
    const latest = rows.slice(-LENGTH);
    const places = [...types.subarray(user * LENGTH, (user + 1) * LENGTH)].map(
      (type) => SEQUENCE_PLACES[type],
    );
    expect(places.filter((type) => type !== 'NONE')).toHaveLength(latest.length);
    latest.forEach((row, at) => {
      const place = (user + 1) * LENGTH - latest.length + at;
      expect(types[place]).toBe(1 + behaviours.type[row]);
      expect(vocabulary.ids[items[place]]).toBe(history.items[behaviours.item[row]].id);
      expect(days[2 * place]).toBeCloseTo((cut - behaviours.occurredAt[row]) / DAY_MS, 3);
    });
  });
  const shown = history.items.slice(0, 3).map(({ id }) => id);
  const few = behaviourSequences(history, users, cut, { length: 4, vocabulary: new Vocabulary(shown) });
  expect(Math.max(...few.items)).toBe(3);
});

describe.each(['SASREC', 'BERT4REC'])('%s', (userEncoder) => {
  let model: MultiTaskModel;
  let before: number;
  beforeAll(async () => {
    before = tf.memory().numTensors;
    model = create(userEncoder);
    await model.fit({ history, cut }, contextOf());
  });

  test('learns who buys soon beside the other tasks', async () => {
    const quick = Float32Array.from(users, (user) => (isQuick(user) ? 1 : 0));
    const scores = await model.users!.scoreUsers(request);
    expect(auc(quick, scores.PURCHASE_INTENT!)).toBeGreaterThan(0.8);
    const weights = model.networks().find(({ name }) => name === 'users')!;
    expect(weights.inputs.map(({ name }) => name)).toEqual([
      'userFeatures',
      'userItems',
      'userTypes',
      'userDays',
    ]);
  });

  test('comes back from its files with equal answers', async () => {
    const folder = await mkdtemp(join(directory, 'model-'));
    await model.save(folder);
    const loaded = (await multiTaskType(ARCHITECTURES[0]).load(folder)) as MultiTaskModel;
    expect(await answers(loaded)).toEqual(await answers(model));
    loaded.dispose();
  });

  test('is exported with equal numbers, from raw behaviours on', async () => {
    const network = model.networks().find(({ name }) => name === 'users')!;
    const features = userFeatures(history, users, cut, userPopulation(history, cut).statistics);
    const vocabulary = new Vocabulary(network.inputs[1].vocabulary!);
    const sequences = behaviourSequences(history, users, cut, { length: LENGTH, vocabulary });
    const { items: userItems, types: userTypes, days: userDays } = sequences;
    const got = network.predict({ userFeatures: features, userItems, userTypes, userDays });
    const expected = await model.users!.scoreUsers(request);
    got.CHURN.forEach((value, at) => expect(value).toBeCloseTo(expected.CHURN![at], 4));
    await network.write('SAVED_MODEL', join(directory, userEncoder));
    await network.write('ONNX', join(directory, `${userEncoder}.onnx`));
  });

  test('explains by features and by behaviours, which add up', async () => {
    const network = model.networks().find(({ name }) => name === 'users')!;
    const lists = await model.users!.explainUsers(request, 'PURCHASE_INTENT', 1000);
    const features = userFeatures(history, users, cut, userPopulation(history, cut).statistics);
    const vocabulary = new Vocabulary(network.inputs[1].vocabulary!);
    const { items, types, days } = behaviourSequences(history, users, cut, { length: LENGTH, vocabulary });
    const rows = { userFeatures: features, userItems: items, userTypes: types, userDays: days };
    const logits = network.predict(rows)['SURVIVAL/logits'];
    const outputs = logits.length / users.length;
    // Purchase intent is decided by the first four of the intervals.
    const logitOf = (user: number) =>
      logits.subarray(user * outputs, user * outputs + 4).reduce((sum, logit) => sum + logit / 4, 0);
    const sums = lists.map((list) => list.reduce((sum, { contribution }) => sum + contribution, 0));
    const full = [...users].filter((user) => !types.subarray(user * LENGTH, (user + 1) * LENGTH).includes(0));
    const [first, second] = [full.find(isQuick)!, full.find((user) => !isQuick(user))!];
    expect(sums[first] - sums[second]).toBeCloseTo(logitOf(first) - logitOf(second), 1);
    const because = lists[first].filter(({ description }) => description.startsWith('because they'));
    expect(because.length).toBeGreaterThan(1);
    expect(because.every(({ value }) => value > 0 && value < 120)).toBe(true);
    expect(because.some(({ contribution }) => contribution !== 0)).toBe(true);
  });

  test('leaves no tensors behind', () => {
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('a training that was cut off goes on to the same model, and reads nothing from the cut on', async () => {
  const whole = create('SASREC', { epochs: 1, batchSize: 64 });
  await whole.fit({ history, cut }, contextOf());
  const kept = new Map<string, Uint8Array>();
  const checkpoints: CheckpointStore = {
    read: (name) => Promise.resolve(kept.get(name) ?? null),
    write: (name, bytes) => Promise.resolve(void kept.set(name, bytes)),
    everySeconds: 0,
  };
  const controller = new AbortController();
  const cutOff = create('SASREC', { epochs: 1, batchSize: 64 });
  const fitting = cutOff.fit(
    { history, cut },
    contextOf({
      checkpoints,
      signal: controller.signal,
      onProgress: (share) => share > 0.5 && controller.abort(new Error('killed')),
    }),
  );
  await expect(fitting).rejects.toThrow('killed');
  expect(kept.size).toBeGreaterThan(0);
  const extra = [...users].map((user) => ({
    user,
    item: 3,
    type: 'PURCHASE' as const,
    occurredAt: cut + 1000 * user,
    quantity: 9,
    value: 9,
    session: 1e6 + user,
  }));
  const resumed = create('SASREC', { epochs: 1, batchSize: 64 });
  await resumed.fit({ history: shopWithTruth({ ...WORLD, extra }), cut }, contextOf({ checkpoints }));
  expect(await answers(resumed)).toEqual(await answers(whole));
  for (const model of [whole, resumed]) model.dispose();
});

test('settings of the encoder are checked, and example rows can be drawn for it', async () => {
  expect(() => create('GRU4REC')).toThrow(/userEncoder/);
  expect(() => create('SASREC', { sequenceHeads: 3 })).toThrow(/divisor of sequenceWidth/);
  const model = create('BERT4REC', { epochs: 1, sequenceLoss: 0 });
  await model.fit({ history, cut }, contextOf());
  for (const network of model.networks()) {
    const outputs = network.predict(exampleRows(network.inputs, 5, 1));
    for (const values of Object.values(outputs)) expect(values.every(Number.isFinite)).toBe(true);
  }
  model.dispose();
});
