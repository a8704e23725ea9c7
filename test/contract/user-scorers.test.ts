import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { tf } from '../../src/nn/index.js';
import {
  DAY_MS,
  type FitContext,
  type Model,
  type ModelType,
  type ShopHistory,
  type UserScorer,
} from '../../src/pipeline/index.js';
import { boostedHazards, linearHazards, sharedBottom } from '../../src/pipeline/multi-task/index.js';
import { buyersBefore, purchaseLabels } from '../../src/pipeline/preprocess/index.js';
import { boostedTrees, dense, logisticRegression, recency } from '../../src/pipeline/single-task/index.js';
import { taskDefinition, type TaskName } from '../../src/tasks/index.js';
import { areaUnderCurve } from '../support/area-under-curve.js';
import { RATE_START, rowsOf, shopWithRates, withRows } from '../support/shop-with-rates.js';

/** Neither as many users as items nor as any layer has units, so that a mixed-up axis fails. */
const WORLD = { users: 310, items: 37, days: 340, seed: 11 };
const { history, rates } = shopWithRates(WORLD);
const cut = RATE_START + 240 * DAY_MS;
const users = buyersBefore(history, cut);
const request = { history, users, asOf: cut };

interface Scorer {
  readonly name: string;
  readonly type: ModelType;
  readonly tasks: readonly TaskName[];
  readonly settings: Readonly<Record<string, unknown>>;
  /**
   * How an explanation adds up to the probability: exactly in its logit, or in a score that orders users alike (a survival curve's logit is no
   * sum of its hazards').
   */
  readonly explains: 'LOGIT' | 'ORDER';
  /** Whether it must beat recency; the baseline itself need not. */
  readonly isLearnt: boolean;
}

const INTENT: readonly TaskName[] = ['PURCHASE_INTENT'];
const CHURN: readonly TaskName[] = ['CHURN'];
const BOTH: readonly TaskName[] = ['PURCHASE_INTENT', 'CHURN'];
const RANKING_TOO: readonly TaskName[] = [...BOTH, 'RECOMMENDATION'];
const QUICK = { cuts: 3, candidates: 16, batchSize: 32 };

type Entry = Pick<Scorer, 'type' | 'tasks' | 'explains'> & Partial<Scorer>;
const ENTRIES: readonly Entry[] = [
  { type: recency, tasks: INTENT, explains: 'LOGIT', isLearnt: false },
  { type: recency, tasks: BOTH, explains: 'LOGIT', isLearnt: false },
  { type: logisticRegression, tasks: INTENT, explains: 'LOGIT' },
  { type: logisticRegression, tasks: CHURN, explains: 'LOGIT' },
  { type: dense, tasks: INTENT, explains: 'LOGIT' },
  { type: dense, tasks: CHURN, explains: 'LOGIT' },
  { type: boostedTrees, tasks: INTENT, explains: 'LOGIT' },
  { type: boostedTrees, tasks: CHURN, explains: 'LOGIT' },
  { type: boostedHazards, tasks: BOTH, explains: 'ORDER' },
  { type: linearHazards, tasks: BOTH, explains: 'ORDER' },
  { type: sharedBottom, tasks: BOTH, explains: 'ORDER' },
  { type: sharedBottom, tasks: RANKING_TOO, explains: 'ORDER', settings: QUICK },
];
const SCORERS: readonly Scorer[] = ENTRIES.map((entry) => ({
  settings: {},
  isLearnt: true,
  name: `${entry.type.architecture} for ${entry.tasks.join(', ')}`,
  ...entry,
}));

type Fitted = Model & { users: UserScorer };

function context(change: Partial<FitContext> = {}): FitContext {
  const signal = new AbortController().signal;
  return { seed: 1, signal, onEpoch: () => undefined, onProgress: () => undefined, ...change };
}

async function fit(scorer: Scorer, change: Partial<FitContext> = {}, of = history): Promise<Fitted> {
  const model = scorer.type.create(scorer.tasks, scorer.settings);
  await model.fit({ history: of, cut }, context(change));
  return model as Fitted;
}

const userTasks = ({ tasks }: Scorer) => tasks.filter((task) => taskDefinition(task).entity === 'USER');
const logit = (p: number) => Math.log(p / (1 - p));

/** What really happens after the cut, and the best possible probability of it. */
function truth(task: TaskName): { labels: Float32Array; best: Float64Array } {
  const days = taskDefinition(task).labelWindowDays;
  const bought = purchaseLabels(history, users, cut, days);
  const best = Float64Array.from(users, (user) => 1 - Math.exp(-rates[user] * days));
  if (task === 'PURCHASE_INTENT') return { labels: bought, best };
  return { labels: bought.map((label) => 1 - label), best: best.map((p) => 1 - p) };
}

/** Share of pairs that both put in the same order. */
function sharedOrder(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let same = 0;
  let pairs = 0;
  for (let x = 0; x < a.length; x++) {
    for (let y = 0; y < x; y++) {
      if (a[x] === a[y]) continue;
      pairs++;
      if (a[x] > a[y] === b[x] > b[y]) same++;
    }
  }
  return same / pairs;
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'user-scorers-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe.each(SCORERS.map((scorer) => [scorer.name, scorer] as const))('%s', (_name, scorer) => {
  let model: Fitted;
  let scores: Partial<Record<TaskName, Float32Array>>;
  const progress: number[] = [];
  beforeAll(async () => {
    model = await fit(scorer, { onProgress: (share) => progress.push(share) });
    scores = await model.users.scoreUsers(request);
  });
  afterAll(() => model.dispose());

  test('answers the tasks it was made for with a probability each, and told its progress', () => {
    expect(Object.keys(scores).sort()).toEqual([...userTasks(scorer)].sort());
    for (const task of userTasks(scorer)) {
      expect(scores[task]).toHaveLength(users.length);
      expect(scores[task]!.every((p) => p > 0 && p < 1)).toBe(true);
    }
    expect(progress.every((share, at) => share >= (progress[at - 1] ?? 0) && share <= 1)).toBe(true);
    expect(progress.at(-1)).toBeCloseTo(1);
  });

  test('comes near the truth of the shop, and its probabilities add up to what happens', async () => {
    const plain = await fit({ ...SCORERS[0], tasks: userTasks(scorer) });
    const recencies = await plain.users.scoreUsers(request);
    plain.dispose();
    for (const task of userTasks(scorer)) {
      const { labels, best } = truth(task);
      const reached = areaUnderCurve(labels, scores[task]!);
      const mean = (values: ArrayLike<number>) =>
        Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
      expect(Math.abs(mean(scores[task]!) - mean(best))).toBeLessThan(0.08);
      if (!scorer.isLearnt) continue;
      expect(reached).toBeGreaterThan(areaUnderCurve(labels, recencies[task]!) + 0.05);
      expect(reached).toBeGreaterThan(areaUnderCurve(labels, best) - 0.04);
    }
  });

  test('the same seed gives the same probabilities', async () => {
    const again = await fit(scorer);
    expect(await again.users.scoreUsers(request)).toEqual(scores);
    again.dispose();
    if (scorer.type === recency) return;
    const other = await fit(scorer, { seed: 2 });
    expect(await other.users.scoreUsers(request)).not.toEqual(scores);
    other.dispose();
  });

  test('comes back from its files with equal probabilities and explanations', async () => {
    const folder = await mkdtemp(join(directory, 'model-'));
    await model.save(folder);
    const loaded = (await scorer.type.load(folder)) as Fitted;
    expect(loaded.architecture).toBe(model.architecture);
    expect(loaded.tasks).toEqual(model.tasks);
    expect(await loaded.users.scoreUsers(request)).toEqual(scores);
    const [task] = userTasks(scorer);
    const some = { ...request, users: users.subarray(0, 5) };
    expect(await loaded.users.explainUsers(some, task, 3)).toEqual(
      await model.users.explainUsers(some, task, 3),
    );
    loaded.dispose();
  });

  test('scores a user alone, out of their own behaviours only, as in a batch', async () => {
    const user = users[77];
    const [from, to] = [history.userOffsets[user], history.userOffsets[user + 1]];
    const own = rowsOf(history)
      .slice(from, to)
      .map((row) => ({ ...row, user: 0 }));
    const served: ShopHistory = withRows({ ...history, users: [history.users[user]] }, own);
    const alone = await model.users.scoreUsers({ history: served, users: Int32Array.of(0), asOf: cut });
    for (const task of userTasks(scorer)) expect(alone[task]![0]).toBeCloseTo(scores[task]![77], 6);
  });

  test('answers for a user who never did anything, with nothing to explain it by', async () => {
    const empty = withRows({ ...history, users: [{ id: 'new', attributes: {} }] }, []);
    const unknown = { history: empty, users: Int32Array.of(0), asOf: cut };
    const answered = await model.users.scoreUsers(unknown);
    for (const task of userTasks(scorer)) {
      expect(answered[task]![0]).toBeGreaterThan(0);
      expect(answered[task]![0]).toBeLessThan(1);
      const [parts] = await model.users.explainUsers(unknown, task, 5);
      if (scorer.type !== recency) expect(parts).toEqual([]);
    }
    const none = await model.users.scoreUsers({ ...request, users: new Int32Array(0) });
    for (const task of userTasks(scorer)) expect(none[task]).toHaveLength(0);
  });

  test('its explanations add up', async () => {
    const some = { ...request, users: users.subarray(0, 60) };
    for (const task of userTasks(scorer)) {
      const explained = await model.users.explainUsers(some, task, 1000);
      const sums = explained.map((parts) => parts.reduce((sum, part) => sum + part.contribution, 0));
      const logits = Array.from(scores[task]!.subarray(0, 60), logit);
      expect(new Set(sums.map((sum) => sum.toFixed(6))).size).toBeGreaterThan(30);
      if (scorer.explains === 'LOGIT') {
        // What is left is the logit of the average user: the same for all.
        for (const [at, sum] of sums.entries())
          expect(Math.abs(logits[at] - sum - (logits[0] - sums[0]))).toBeLessThan(0.1);
      } else {
        expect(sharedOrder(logits, sums)).toBeGreaterThan(0.93);
      }
      const top = await model.users.explainUsers(some, task, 3);
      expect(top).toEqual(explained.map((parts) => parts.slice(0, 3)));
      const sizes = explained[0].map((part) => Math.abs(part.contribution));
      expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    }
  });

  test('leaves no tensors behind, however often it is fitted and asked', async () => {
    const before = tf.memory().numTensors;
    const other = await fit(scorer);
    await other.users.scoreUsers(request);
    const held = tf.memory().numTensors;
    await other.fit({ history, cut }, context());
    for (let time = 0; time < 5; time++) {
      await other.users.scoreUsers(request);
      await other.users.explainUsers({ ...request, users: users.subarray(0, 2) }, userTasks(scorer)[0], 2);
    }
    expect(tf.memory().numTensors).toBe(held);
    other.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('says how much data it has and needs', async () => {
    const few = rowsOf(history).filter(({ user }) => user < 3);
    const tiny = withRows({ ...history, users: history.users.slice(0, 3) }, few);
    const error = await fit(scorer, {}, tiny).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'TOO_FEW_DATA',
      details: { have: expect.any(Number), need: expect.any(Number) },
    });
    const { have, need } = (error as { details: { have: number; need: number } }).details;
    expect(have).toBeLessThan(need);
    const nothing = withRows(history, []);
    await expect(fit(scorer, {}, nothing)).rejects.toMatchObject({
      code: 'TOO_FEW_DATA',
      details: { have: 0 },
    });
  });

  test('stops when it is cancelled, before and amid training, and leaves nothing behind', async () => {
    const before = tf.memory().numTensors;
    const reason = new Error('cancelled');
    await expect(fit(scorer, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    if (scorer.type !== recency) {
      const controller = new AbortController();
      const stop = { signal: controller.signal, onEpoch: () => controller.abort(reason) };
      await expect(fit(scorer, stop)).rejects.toBe(reason);
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('what cannot be made', () => {
  test.each([
    [logisticRegression, BOTH, {}, /learns one of PURCHASE_INTENT and CHURN/],
    [dense, ['FRAUD'], {}, /learns one of PURCHASE_INTENT and CHURN; got FRAUD/],
    [dense, INTENT, { epochs: 0 }, /epochs/],
    [dense, INTENT, { hiddenUnits: [0.5] }, /hiddenUnits/],
    [dense, INTENT, { learningrate: 1 }, /learningrate/],
    [dense, INTENT, { preset: 'BEST' }, /preset: expected "TEXTBOOK", got "BEST"/],
    [
      sharedBottom,
      RANKING_TOO,
      { lossBalancing: { method: 'FIXED', weights: { CHURN: -1 } } },
      /weights.CHURN/,
    ],
  ] satisfies [ModelType, readonly TaskName[], Record<string, unknown>, RegExp][])(
    '%#: says which setting',
    (type, tasks, settings, message) => {
      expect(() => type.create(tasks, settings)).toThrow(message);
    },
  );

  test('a model that is not fitted says so', async () => {
    await expect((dense.create(INTENT, {}) as Fitted).users.scoreUsers(request)).rejects.toThrow(
      /neither fitted nor loaded/,
    );
  });
});
