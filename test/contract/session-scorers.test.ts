import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { tf } from '../../src/nn/index.js';
import { EnsembleModel } from '../../src/pipeline/ensemble/index.js';
import {
  BEHAVIOUR_CODE,
  DAY_MS,
  type FitContext,
  type Model,
  type ModelType,
  NEXT_BEHAVIOURS,
  type OpenSession,
  type SessionScorer,
  type ShopHistory,
} from '../../src/pipeline/index.js';
import { nextBehaviourExamples, sessionOutcomeExamples } from '../../src/pipeline/preprocess/index.js';
import {
  explainSessions,
  markovChain,
  sessionDense,
  sessionRegression,
} from '../../src/pipeline/single-task/index.js';
import type { TaskName } from '../../src/tasks/index.js';
import { areaUnderCurve } from '../support/area-under-curve.js';
import { withFuture } from '../support/future-of-history.js';
import { rowsOf, withRows } from '../support/shop-with-rates.js';
import { chanceFromCart, SESSION_START, shopWithSessions } from '../support/shop-with-sessions.js';

type SessionTask = 'NEXT_BEHAVIOUR' | 'SESSION_OUTCOME';
type Fitted = Model & { sessions: SessionScorer };

const history = shopWithSessions({ users: 90, items: 19, days: 50, seed: 3 });
const cut = SESSION_START + 30 * DAY_MS;
const after = { from: cut, until: SESSION_START + 50 * DAY_MS };
const QUICK = { epochs: 4, batchSize: 64, members: 1 };
const END = NEXT_BEHAVIOURS.indexOf('END');

const SCORERS: readonly [string, ModelType, SessionTask, Record<string, unknown>][] = (
  ['NEXT_BEHAVIOUR', 'SESSION_OUTCOME'] as const
).flatMap((task) =>
  [markovChain, sessionRegression, sessionDense].map(
    (type): [string, ModelType, SessionTask, Record<string, unknown>] => [
      `${type.architecture} for ${task}`,
      type,
      task,
      type === markovChain ? {} : { ...QUICK, members: type === sessionDense ? 2 : 1 },
    ],
  ),
);

const context = (change: Partial<FitContext> = {}): FitContext => ({
  seed: 1,
  signal: new AbortController().signal,
  onEpoch: () => undefined,
  onProgress: () => undefined,
  ...change,
});

async function fit(
  type: ModelType,
  task: SessionTask,
  settings: Record<string, unknown>,
  { of = history, ...change }: Partial<FitContext> & { of?: ShopHistory } = {},
): Promise<Fitted> {
  const model = type.create([task], settings);
  await model.fit({ history: of, cut }, context(change));
  return model as Fitted;
}

const examplesOf = (task: SessionTask) =>
  (task === 'NEXT_BEHAVIOUR' ? nextBehaviourExamples : sessionOutcomeExamples)(history, after);

/** What the shop’s rules make of a session: the best possible prediction. */
function truth({ user, rows }: OpenSession): { next: number[]; outcome: number } {
  const isInCart = history.behaviours.type[rows[rows.length - 1]] === BEHAVIOUR_CODE.ADD_TO_CART;
  const chance = chanceFromCart(user);
  const next = new Array<number>(NEXT_BEHAVIOURS.length).fill(0);
  if (isInCart) {
    next[BEHAVIOUR_CODE.PURCHASE] = chance;
    next[END] = 1 - chance;
  } else if (history.behaviours.type[rows[rows.length - 1]] === BEHAVIOUR_CODE.VIEW) {
    next[BEHAVIOUR_CODE.VIEW] = 0.6;
    next[BEHAVIOUR_CODE.ADD_TO_CART] = 0.2;
    next[END] = 0.2;
  } else {
    next[END] = 1;
  }
  return { next, outcome: isInCart ? chance : 0.5 * chance };
}

const logLossOf = (probabilities: ArrayLike<number>, width: number, labels: Float32Array) =>
  labels.reduce((sum, label, at) => sum - Math.log(Math.max(1e-9, probabilities[at * width + label])), 0) /
  labels.length;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sessions-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe.each(SCORERS)('%s', (_name, type, task, settings) => {
  const { sessions, labels } = examplesOf(task);
  let model: Fitted;
  let scores: Float32Array;
  const progress: number[] = [];
  beforeAll(async () => {
    model = await fit(type, task, settings, { onProgress: (share) => progress.push(share) });
    const answered = await model.sessions.scoreSessions({ history, sessions });
    expect(Object.keys(answered)).toEqual([task]);
    scores = answered[task]!;
  });
  afterAll(() => model.dispose());

  test('comes near the truth of the shop', () => {
    const best = sessions.map(truth);
    if (task === 'NEXT_BEHAVIOUR') {
      const width = NEXT_BEHAVIOURS.length;
      expect(scores).toHaveLength(sessions.length * width);
      for (let row = 0; row < sessions.length; row++) {
        const sum = scores.subarray(row * width, (row + 1) * width).reduce((total, p) => total + p, 0);
        expect(sum).toBeCloseTo(1, 4);
      }
      const ceiling = logLossOf(
        best.flatMap(({ next }) => next),
        width,
        labels,
      );
      expect(logLossOf(scores, width, labels)).toBeLessThan(ceiling + 0.07);
    } else {
      const outcomes = best.map(({ outcome }) => outcome);
      const [reached, ceiling] = [scores, outcomes].map((values) => areaUnderCurve(labels, values));
      // A Markov chain cannot tell buyers from others.
      expect(reached).toBeGreaterThan(type === markovChain ? 0.55 : ceiling - 0.04);
      const mean = (values: ArrayLike<number>) =>
        Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
      expect(Math.abs(mean(scores) - mean(outcomes))).toBeLessThan(0.08);
    }
    expect(progress.at(-1)).toBeCloseTo(1, 5);
  });

  test('the same seed gives the same, and a session alone the same as among others', async () => {
    const again = await fit(type, task, settings);
    expect((await again.sessions.scoreSessions({ history, sessions }))[task]).toEqual(scores);
    again.dispose();
    const width = scores.length / sessions.length;
    const alone = (await model.sessions.scoreSessions({ history, sessions: sessions.slice(7, 8) }))[task]!;
    alone.forEach((value, at) => expect(value).toBeCloseTo(scores[7 * width + at], 5));
    expect((await model.sessions.scoreSessions({ history, sessions: [] }))[task]).toHaveLength(0);
  });

  test('answers from the user’s own behaviours alone, also for items it never saw', async () => {
    const rows = rowsOf(history).filter(({ user }) => user === 5);
    const items = [...history.items, { ...history.items[0], id: 'new' }];
    const served = withRows(
      { ...history, users: [history.users[5]], items },
      rows.map((row) => ({ ...row, user: 0, item: 19 })),
    );
    const answered = await model.sessions.scoreSessions({
      history: served,
      sessions: [{ user: 0, rows: Int32Array.of(0) }],
    });
    expect(answered[task]!.every((p) => p >= 0 && p <= 1)).toBe(true);
  });

  test('comes back from its files with equal probabilities', async () => {
    const folder = await mkdtemp(join(directory, 'model-'));
    await model.save(folder);
    const loaded = (await type.load(folder)) as Fitted;
    expect(loaded.tasks).toEqual([task]);
    expect((await loaded.sessions.scoreSessions({ history, sessions }))[task]).toEqual(scores);
    loaded.dispose();
  });

  test('reads nothing from the cut on', async () => {
    const planted = withFuture(
      history,
      cut,
      Array.from({ length: 200 }, (_, at) => ({
        user: at % 90,
        item: 3,
        type: 'PURCHASE' as const,
        occurredAt: cut + at * 1000,
        quantity: 9,
        value: 999,
        session: at,
      })),
    );
    const past = nextBehaviourExamples(history, { until: cut - DAY_MS }).sessions.slice(0, 50);
    const other = await fit(type, task, settings, { of: planted });
    const asked = past.map(({ user, rows }) => ({ user, rows }));
    // Rows of the past keep their places within each user's own, so that each history is asked by its own.
    const moved = asked.map(({ user, rows }) => ({
      user,
      rows: rows.map((row) => row - history.userOffsets[user] + planted.userOffsets[user]),
    }));
    expect(await other.sessions.scoreSessions({ history: planted, sessions: moved })).toEqual(
      await model.sessions.scoreSessions({ history, sessions: asked }),
    );
    other.dispose();
  });

  test('leaves no tensors behind, and stops when cancelled', async () => {
    const before = tf.memory().numTensors;
    const other = await fit(type, task, settings);
    await other.sessions.scoreSessions({ history, sessions: sessions.slice(0, 4) });
    other.dispose();
    const reason = new Error('cancelled');
    await expect(fit(type, task, settings, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a shop that only records orders is told what there is and what it takes', async () => {
    const orders = withRows(
      history,
      rowsOf(history).filter((row) => row.type === 'PURCHASE'),
    );
    await expect(fit(type, task, settings, { of: orders })).rejects.toMatchObject({
      code: 'TOO_FEW_DATA',
      details: { have: 0, need: 1000 },
    });
  });
});

test('the net beats the chain, which knows no user', async () => {
  const { sessions, labels } = examplesOf('SESSION_OUTCOME');
  const reached = [];
  for (const [type, settings] of [
    [markovChain, {}],
    [sessionDense, QUICK],
  ] as const) {
    const model = await fit(type, 'SESSION_OUTCOME', settings);
    reached.push(
      areaUnderCurve(labels, (await model.sessions.scoreSessions({ history, sessions })).SESSION_OUTCOME!),
    );
    model.dispose();
  }
  expect(reached[1]).toBeGreaterThan(reached[0] + 0.05);
});

test('sessions with no purchase at all have no outcome to learn', async () => {
  const without = withRows(
    history,
    rowsOf(history).filter((row) => row.type !== 'PURCHASE'),
  );
  await expect(fit(sessionDense, 'SESSION_OUTCOME', QUICK, { of: without })).rejects.toMatchObject({
    code: 'TOO_FEW_DATA',
    details: { have: 0, need: 20 },
  });
});

test.each([
  [markovChain, ['CHURN'], {}, /learns NEXT_BEHAVIOUR and SESSION_OUTCOME; got CHURN/],
  [sessionDense, ['NEXT_BEHAVIOUR', 'SESSION_OUTCOME'], {}, /learns one task/],
  [sessionDense, ['SESSION_OUTCOME'], { members: 0 }, /members/],
  [sessionDense, ['NEXT_BEHAVIOUR'], { resampling: { NEXT_BEHAVIOUR: 'SMOTE' } }, /more than two classes/],
] satisfies [ModelType, TaskName[], Record<string, unknown>, RegExp][])(
  '%#: what cannot be made is refused',
  (type, tasks, settings, message) => {
    expect(() => type.create(tasks, settings)).toThrow(message);
  },
);

test('an ensemble of both lies between them, and each of its rows adds up to one', async () => {
  const { sessions } = examplesOf('NEXT_BEHAVIOUR');
  const members = [
    await fit(markovChain, 'NEXT_BEHAVIOUR', {}),
    await fit(sessionRegression, 'NEXT_BEHAVIOUR', QUICK),
  ];
  const combination = { method: 'WEIGHTED_AVERAGE', weights: [0.5, 0.5], thresholds: [] } as const;
  const ensemble = new EnsembleModel('weighted-average', 'NEXT_BEHAVIOUR', members, combination);
  const request = { history, sessions: sessions.slice(0, 20) };
  const blended = (await ensemble.sessions!.scoreSessions(request)).NEXT_BEHAVIOUR!;
  const width = NEXT_BEHAVIOURS.length;
  const [a, b] = await Promise.all(
    members.map(async ({ sessions: own }) => (await own.scoreSessions(request)).NEXT_BEHAVIOUR!),
  );
  for (let row = 0; row < 20; row++) {
    const own = Array.from({ length: width }, (_, at) =>
      Math.sqrt(a[row * width + at] * b[row * width + at]),
    );
    const sum = own.reduce((total, value) => total + value, 0);
    own.forEach((value, at) => expect(blended[row * width + at]).toBeCloseTo(value / sum, 3));
  }
  ensemble.dispose();
});

test('an explanation tells what the answer would lose: of a chain, the last two behaviours alone', async () => {
  const model = await fit(markovChain, 'SESSION_OUTCOME', {});
  const session = examplesOf('SESSION_OUTCOME').sessions.find(({ rows }) => rows.length === 5)!;
  const ask = async (rows: Int32Array) =>
    (await model.sessions.scoreSessions({ history, sessions: [{ ...session, rows }] })).SESSION_OUTCOME![0];
  const logit = (p: number) => Math.log(p / (1 - p));
  const [why] = await explainSessions(model.sessions, { history, sessions: [session] }, 'SESSION_OUTCOME', 9);
  const part = (step: number) => why.find(({ feature }) => feature === `behaviour ${step}`)?.contribution;
  const lost = logit(await ask(session.rows)) - logit(await ask(session.rows.subarray(0, 4)));
  expect(part(5)).toBeCloseTo(lost, 5);
  for (const step of [1, 2]) expect(part(step)).toBeCloseTo(0, 6);
  const [single] = await explainSessions(
    model.sessions,
    { history, sessions: [{ ...session, rows: session.rows.subarray(0, 1) }] },
    'SESSION_OUTCOME',
    1,
  );
  expect(single).toHaveLength(1);
  model.dispose();
});
