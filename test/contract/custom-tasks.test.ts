import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { tf } from '../../src/nn/index.js';
import {
  customTask,
  DAY_MS,
  type FitContext,
  type Model,
  type ModelType,
  type ShopHistory,
  type UserScorer,
} from '../../src/pipeline/index.js';
import { MULTI_TASK_TYPES, sharedBottom } from '../../src/pipeline/multi-task/index.js';
import { activeUsers, BehaviourCounter, buyersBefore } from '../../src/pipeline/preprocess/index.js';
import { SINGLE_TASK_TYPES } from '../../src/pipeline/single-task/index.js';
import { type CustomTask, customTaskName, type TaskName } from '../../src/tasks/index.js';
import { areaUnderCurve } from '../support/area-under-curve.js';
import { futureRows, withFuture } from '../support/future-of-history.js';
import { RATE_START, rowsOf, withRows } from '../support/shop-with-rates.js';
import { shopWithViews } from '../support/shop-with-views.js';

const { history, shoes } = shopWithViews({ users: 330, days: 150, seed: 5 });
const cut = RATE_START + 120 * DAY_MS;
const soon = customTask({
  name: 'shoes-soon',
  behaviours: ['VIEW'],
  category: 'Shoes',
  windowDays: 7,
  atLeast: 3,
});
const many = customTask({ name: 'shoe-views', behaviours: ['VIEW'], category: 'Shoes', windowDays: 14 });
const SOON = customTaskName(soon.name);
const MANY = customTaskName(many.name);
const users = activeUsers(history, cut, soon.activeDays);
const request = { history, users, asOf: cut };
const definitions = { customTasks: [soon, many] };

const typeOf = (name: string): ModelType =>
  [...SINGLE_TASK_TYPES, ...MULTI_TASK_TYPES].find(({ architecture }) => architecture === name)!;
const context = (change: Partial<FitContext> = {}): FitContext => ({
  seed: 1,
  signal: new AbortController().signal,
  onEpoch: () => undefined,
  onProgress: () => undefined,
  ...change,
});

type Fitted = Model & { users: UserScorer };

async function fit(type: ModelType, tasks: readonly TaskName[], of = history, seed = 1): Promise<Fitted> {
  const model = type.create(tasks, { ...definitions, batchSize: 128 });
  await model.fit({ history: of, cut }, context({ seed }));
  return model as Fitted;
}

/** P(N >= 3), N Poisson. */
const atLeastThree = (mean: number) => 1 - Math.exp(-mean) * (1 + mean + mean ** 2 / 2);
const best: Record<string, Float64Array> = {
  [SOON]: Float64Array.from(users, (user) => atLeastThree(7 * shoes[user])),
  [MANY]: Float64Array.from(users, (user) => 14 * shoes[user]),
};
const labelsOf = (task: CustomTask) => new BehaviourCounter(history, task).labels(users, cut);
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
function correlation(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [a, b].map((values) => values.map((value) => value - mean(values)));
  const product = (p: number[], q: number[]) => p.reduce((sum, value, at) => sum + value * q[at], 0);
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}
/** Mean Poisson deviance less what no prediction changes: lower is better. */
const deviance = (actual: ArrayLike<number>, predicted: ArrayLike<number>) =>
  mean(Array.from(predicted, (value, at) => value - actual[at] * Math.log(value)));

const ENTRIES: readonly (readonly [string, readonly TaskName[]])[] = [
  ['own-rate', [SOON]],
  ['own-rate', [MANY]],
  ['custom-regression', [SOON]],
  ['custom-dense', [MANY]],
  ['shared-bottom', ['PURCHASE_INTENT', 'CHURN', SOON, MANY]],
];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'custom-tasks-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe.each(ENTRIES)('%s for %s', (architecture, tasks) => {
  const type = typeOf(architecture);
  const own = tasks.filter((task) => task === SOON || task === MANY);
  let model: Fitted;
  let scores: Partial<Record<TaskName, Float32Array>>;
  beforeAll(async () => {
    model = await fit(type, tasks);
    scores = await model.users.scoreUsers(request);
  });
  afterAll(() => model.dispose());

  test('answers near the truth of the shop, also about users who have never bought', () => {
    expect(buyersBefore(history, cut).length).toBeLessThan(0.6 * users.length);
    for (const task of own) {
      const answers = scores[task]!;
      expect(answers).toHaveLength(users.length);
      expect(Math.abs(mean(answers) / mean(best[task]) - 1)).toBeLessThan(0.15);
      if (task === SOON) {
        const labels = labelsOf(soon);
        const lost = architecture === 'own-rate' ? 0.12 : 0.04;
        expect(areaUnderCurve(labels, answers)).toBeGreaterThan(areaUnderCurve(labels, best[task]) - lost);
      } else {
        const actual = labelsOf(many);
        const plain = deviance(actual, new Float32Array(users.length).fill(mean(actual)));
        const share = (plain - deviance(actual, answers)) / (plain - deviance(actual, best[task]));
        expect(share).toBeGreaterThan(architecture === 'own-rate' ? 0.7 : 0.85);
      }
    }
  });

  test('comes back from its files with equal answers and explanations; the same seed gives the same', async () => {
    const folder = await mkdtemp(join(directory, 'model-'));
    await model.save(folder);
    const loaded = (await type.load(folder)) as Fitted;
    expect(await loaded.users.scoreUsers(request)).toEqual(scores);
    const some = { ...request, users: users.subarray(0, 3) };
    for (const task of own)
      expect(await loaded.users.explainUsers(some, task, 3)).toEqual(
        await model.users.explainUsers(some, task, 3),
      );
    loaded.dispose();
    const again = await fit(type, tasks);
    expect(await again.users.scoreUsers(request)).toEqual(scores);
    again.dispose();
  });

  test('its explanations add up to the difference between users, led by what the task counts', async () => {
    const some = { ...request, users: users.subarray(0, 40) };
    for (const task of own) {
      const explained = await model.users.explainUsers(some, task, 1000);
      const sums = explained.map((parts) => parts.reduce((sum, part) => sum + part.contribution, 0));
      const scale = (p: number) => (task === SOON ? Math.log(p / (1 - p)) : Math.log(p));
      const outputs = Array.from(scores[task]!.subarray(0, 40), scale);
      for (const [at, sum] of sums.entries())
        expect(Math.abs(outputs[at] - sum - (outputs[0] - sums[0]))).toBeLessThan(0.1);
      // Views of shoes are the cause; hats, orders and the rest are not.
      const causes = explained.map((parts) =>
        parts
          .filter(({ feature }) => feature.startsWith('counted'))
          .reduce((sum, part) => sum + part.contribution, 0),
      );
      const rates = Array.from(some.users, (user) => Math.log(shoes[user]));
      expect(correlation(causes, rates)).toBeGreaterThan(0.6);
    }
  });

  test('scores a user alone as in a batch, and one who never did anything', async () => {
    const user = users[77];
    const [from, to] = [history.userOffsets[user], history.userOffsets[user + 1]];
    const rows = rowsOf(history)
      .slice(from, to)
      .map((row) => ({ ...row, user: 0 }));
    const alone: ShopHistory = withRows({ ...history, users: [history.users[user]] }, rows);
    const served = await model.users.scoreUsers({ history: alone, users: Int32Array.of(0), asOf: cut });
    const empty = withRows({ ...history, users: [{ id: 'new', attributes: {} }] }, []);
    const unknown = { history: empty, users: Int32Array.of(0), asOf: cut };
    const cold = await model.users.scoreUsers(unknown);
    for (const task of own) {
      expect(served[task]![0]).toBeCloseTo(scores[task]![77], 5);
      expect(cold[task]![0]).toBeGreaterThan(0);
      expect(Number.isFinite(cold[task]![0])).toBe(true);
      if (architecture !== 'own-rate') expect(await model.users.explainUsers(unknown, task, 5)).toEqual([[]]);
    }
  });
});

test.each(['custom-dense', 'shared-bottom'])('%s learns nothing from after the cut', async (name) => {
  const tasks = name === 'shared-bottom' ? [SOON, MANY] : [SOON];
  const model = await fit(typeOf(name), tasks);
  const before = await model.users.scoreUsers(request);
  model.dispose();
  const [future] = fc.sample(futureRows(history, cut), { numRuns: 1, seed: 3 });
  const other = withFuture(history, cut, future);
  const again = await fit(typeOf(name), tasks, other);
  expect(await again.users.scoreUsers({ ...request, history: other })).toEqual(before);
  again.dispose();
});

test('counts exactly what it says, in the window from the cut on', () => {
  const counter = new BehaviourCounter(history, many);
  const rows = rowsOf(history);
  for (const user of [3, 50, 201]) {
    const own = rows.filter(
      (row) =>
        row.user === user &&
        row.type === 'VIEW' &&
        row.item % 2 === 0 &&
        row.occurredAt >= cut &&
        row.occurredAt < cut + 14 * DAY_MS,
    );
    expect(counter.labels(Int32Array.of(user), cut)[0]).toBe(own.length);
    const items = new BehaviourCounter(history, { ...many, counts: 'ITEMS' });
    expect(items.labels(Int32Array.of(user), cut)[0]).toBe(new Set(own.map(({ item }) => item)).size);
  }
});

test('says how much data it needs, and leaves no tensors behind', async () => {
  const before = tf.memory().numTensors;
  const tiny = withRows(
    history,
    rowsOf(history).filter(({ user }) => user < 3),
  );
  for (const name of ['own-rate', 'custom-dense', 'shared-bottom'])
    await expect(fit(typeOf(name), [SOON], tiny)).rejects.toMatchObject({ code: 'TOO_FEW_DATA' });
  const model = await fit(sharedBottom, [SOON]);
  await model.users.explainUsers({ ...request, users: users.subarray(0, 2) }, SOON, 2);
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
