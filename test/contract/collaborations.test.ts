import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { tf } from '../../src/nn/index.js';
import { COLLABORATIVE_TYPES, type CollaborativeModel } from '../../src/pipeline/collaborate/index.js';
import { auc } from '../../src/pipeline/evaluate/index.js';
import { DAY_MS, type FitContext, type ShopHistory } from '../../src/pipeline/index.js';
import { MULTI_TASKS } from '../../src/pipeline/multi-task/index.js';
import { dailyUnits, transactionContexts } from '../../src/pipeline/preprocess/index.js';
import type { TaskName } from '../../src/tasks/index.js';
import { isQuick, shopWithTruth, TRUTH_START } from '../support/shop-with-truth.js';

const WORLD = { users: 160, items: 24, groups: 4, days: 180, seed: 9 };
const DAYS = 150;
const cut = TRUTH_START + DAYS * DAY_MS;
const whole = shopWithTruth(WORLD);
/** Of three orders one has a label. */
const partlyLabelled: ShopHistory = {
  ...whole,
  transactions: whole.transactions.map((order, at) => (at % 3 === 0 ? order : { ...order, isFraud: null })),
};
const users = Int32Array.from({ length: WORLD.users }, (_, user) => user);
const orders = transactionContexts(whole.transactions).filter(
  ({ transaction }) => transaction.occurredAt >= cut,
);
const past = dailyUnits(
  whole,
  Int32Array.from({ length: WORLD.items }, (_, item) => item),
  TRUTH_START,
  DAYS,
);
const SETTINGS = {
  hiddenUnits: [16, 8],
  epochs: 2,
  cuts: 2,
  candidates: 40,
  learningRate: 0.01,
  dropout: 0.1,
};

/** How each way of learning is tried: tasks, settings, and what it learns from. */
const CASES: Readonly<Record<string, { tasks: readonly TaskName[]; given: object; history: ShopHistory }>> = {
  MUTUAL_LEARNING: { tasks: MULTI_TASKS, given: { members: ['shared-bottom', 'mmoe'] }, history: whole },
  DISTILLATION: { tasks: ['CHURN', 'FRAUD', 'RECOMMENDATION', 'DEMAND'], given: {}, history: whole },
  ADVERSARIAL: { tasks: MULTI_TASKS, given: { embeddingSize: 4 }, history: whole },
  DOMAIN_ADVERSARIAL: {
    tasks: ['CHURN', 'FRAUD', 'DEMAND'],
    given: { domain: 'NEW_USERS' },
    history: whole,
  },
  CO_TRAINING: { tasks: ['FRAUD', 'CHURN'], given: { rounds: 1 }, history: partlyLabelled },
};

function keeping(store = new Map<string, Uint8Array>(), signal = new AbortController().signal): FitContext {
  return {
    seed: 3,
    signal,
    onEpoch: () => undefined,
    onProgress: () => undefined,
    checkpoints: {
      // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
      read: async (name) => store.get(name) ?? null,
      // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
      write: async (name, bytes) => void store.set(name, bytes.slice()),
      everySeconds: 0,
    },
  };
}

async function answers(model: CollaborativeModel) {
  const request = { history: whole, users, asOf: cut };
  return {
    users: await model.users?.scoreUsers(request),
    items: await model.items?.scoreItems({ ...request, users: users.subarray(0, 10) }),
    fraud: await model.fraud?.scoreTransactions(orders),
    demand: await model.demand?.forecast(past, 14),
  };
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'collaborations-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe.each(COLLABORATIVE_TYPES.map((type) => [type.collaboration!, type] as const))(
  '%s',
  (method, type) => {
    const { tasks, given, history } = CASES[method];
    const create = () => type.create(tasks, { ...SETTINGS, ...given }) as CollaborativeModel;
    let model: CollaborativeModel;
    let before: number;
    beforeAll(async () => {
      before = tf.memory().numTensors;
      model = create();
      await model.fit({ history, cut }, keeping());
    });

    test('learns its tasks', async () => {
      const scores = await model.users!.scoreUsers({ history, users, asOf: cut });
      const slow = Float32Array.from(users, (user) => (isQuick(user) ? 0 : 1));
      expect(auc(slow, scores.CHURN!)).toBeGreaterThan(0.85);
      const labels = Float32Array.from(orders, ({ transaction }) => (transaction.isFraud ? 1 : 0));
      expect(auc(labels, await model.fraud!.scoreTransactions(orders))).toBeGreaterThan(0.85);
    });

    test('comes back from its files with equal answers, and can be fitted again', async () => {
      const folder = await mkdtemp(join(directory, 'model-'));
      await model.save(folder);
      const loaded = (await type.load(folder)) as CollaborativeModel;
      expect(await answers(loaded)).toEqual(await answers(model));
      expect(loaded.tasks).toEqual(tasks);
      await loaded.fit({ history, cut }, keeping());
      expect(await answers(loaded)).toEqual(await answers(model));
      loaded.dispose();
    });

    test('goes on where it was cut short, and ends with the same answers', async () => {
      const store = new Map<string, Uint8Array>();
      const stop = new AbortController();
      const context = keeping(store, stop.signal);
      let steps = 0;
      const broken = create();
      const stopAt = method === 'CO_TRAINING' || method === 'DISTILLATION' ? 0.75 : 0.6;
      const onProgress = (share: number) => {
        steps++;
        if (share >= stopAt) stop.abort(new Error('stopped'));
      };
      await expect(broken.fit({ history, cut }, { ...context, onProgress })).rejects.toThrow('stopped');
      expect(steps).toBeGreaterThan(0);
      expect(store.size).toBeGreaterThan(0);
      const resumed = create();
      await resumed.fit({ history, cut }, keeping(store));
      expect(await answers(resumed)).toEqual(await answers(model));
      resumed.dispose();
    });

    test('leaves no tensors behind', () => {
      model.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });
  },
);
