import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { tf } from '../../src/nn/index.js';
import { DAY_MS, type FitContext, NEXT_BEHAVIOURS } from '../../src/pipeline/index.js';
import { ARCHITECTURES, type MultiTaskModel, multiTaskType } from '../../src/pipeline/multi-task/index.js';
import {
  nextBehaviourExamples,
  sessionColumns,
  sessionOutcomeExamples,
} from '../../src/pipeline/preprocess/index.js';
import type { TaskName } from '../../src/tasks/index.js';
import { areaUnderCurve } from '../support/area-under-curve.js';
import { withFuture } from '../support/future-of-history.js';
import { SESSION_START, shopWithSessions } from '../support/shop-with-sessions.js';
import { shopWithTruth, TRUTH_START } from '../support/shop-with-truth.js';

const history = shopWithSessions({ users: 110, items: 19, days: 50, seed: 3 });
const cut = SESSION_START + 35 * DAY_MS;
const TASKS: readonly TaskName[] = ['PURCHASE_INTENT', 'NEXT_BEHAVIOUR', 'SESSION_OUTCOME'];
const SETTINGS = { hiddenUnits: [24, 16], epochs: 2, batchSize: 128, dropout: 0.1, learningRate: 0.01 };
const after = { from: cut, until: SESSION_START + 50 * DAY_MS };
const outcomes = sessionOutcomeExamples(history, after);
const nexts = nextBehaviourExamples(history, after);

const context = (): FitContext => ({
  seed: 1,
  signal: new AbortController().signal,
  onEpoch: () => undefined,
  onProgress: () => undefined,
});

async function fit(architecture: string, of = history, tasks = TASKS): Promise<MultiTaskModel> {
  const kind = ARCHITECTURES.find(({ name }) => name === architecture)!;
  const model = multiTaskType(kind).create(tasks, SETTINGS) as MultiTaskModel;
  await model.fit({ history: of, cut }, context());
  return model;
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'multi-task-sessions-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe.each(['shared-bottom', 'mmoe'])('%s', (architecture) => {
  let model: MultiTaskModel;
  let before: number;
  beforeAll(async () => {
    before = tf.memory().numTensors;
    model = await fit(architecture);
  });

  test('learns what comes next in a session and how it ends, beside users', async () => {
    const { SESSION_OUTCOME } = await model.sessions!.scoreSessions({
      history,
      sessions: outcomes.sessions,
    });
    expect(areaUnderCurve(outcomes.labels, SESSION_OUTCOME!)).toBeGreaterThan(0.7);
    const { NEXT_BEHAVIOUR } = await model.sessions!.scoreSessions({ history, sessions: nexts.sessions });
    const width = NEXT_BEHAVIOURS.length;
    const rates = new Float64Array(width);
    nexts.labels.forEach((label) => (rates[label] += 1 / nexts.labels.length));
    const logLoss = (share: (row: number, label: number) => number) =>
      nexts.labels.reduce((sum, label, row) => sum - Math.log(share(row, label)), 0) / nexts.labels.length;
    // Better than the rates of the very sessions that are asked about.
    expect(logLoss((row, label) => NEXT_BEHAVIOUR![row * width + label])).toBeLessThan(
      0.95 * logLoss((_, label) => rates[label]),
    );
    const users = Int32Array.of(0, 1, 2);
    const { PURCHASE_INTENT } = await model.users!.scoreUsers({ history, users, asOf: cut });
    expect(PURCHASE_INTENT!.every((score) => score > 0 && score < 1)).toBe(true);
  });

  test('comes back from its files, and is exported, with equal answers', async () => {
    const request = { history, sessions: outcomes.sessions.slice(0, 30) };
    const answers = await model.sessions!.scoreSessions(request);
    const folder = await mkdtemp(join(directory, 'model-'));
    await model.save(folder);
    const kind = ARCHITECTURES.find(({ name }) => name === architecture)!;
    const loaded = (await multiTaskType(kind).load(folder)) as MultiTaskModel;
    expect(await loaded.sessions!.scoreSessions(request)).toEqual(answers);
    expect(loaded.sharing()).toEqual(model.sharing());
    const network = loaded.networks().find(({ name }) => name === 'session-outcome')!;
    const columns = sessionColumns(history, request.sessions);
    const numbers = columns.filter(({ kind: is }) => is === 'NUMBER');
    const rows: Record<string, Float32Array | Int32Array> = {
      numbers: Float32Array.from(
        request.sessions.flatMap((_, at) => numbers.map(({ values }) => Number(values[at]))),
      ),
    };
    for (const { name, vocabulary } of network.inputs.filter((input) => input.vocabulary)) {
      const { values } = columns.find((one) => one.name === name)!;
      rows[name] = Int32Array.from(values as string[], (value) => {
        const at = vocabulary!.indexOf(value);
        return at < 0 ? vocabulary!.length : at;
      });
    }
    const exported = network.predict(rows);
    exported.SESSION_OUTCOME.forEach((value, at) =>
      expect(value).toBeCloseTo(answers.SESSION_OUTCOME![at], 4),
    );
    loaded.dispose();
  });

  test('leaves no tensors behind', () => {
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('reads nothing from the cut on', async () => {
  const future = Array.from({ length: 60 }, (_, at) => ({
    user: at,
    item: 3,
    type: 'PURCHASE' as const,
    occurredAt: cut + 1000 * at,
    quantity: 5,
    value: 50,
    session: 1e6 + at,
  }));
  const leaky = withFuture(history, cut, future);
  const [clean, other] = [await fit('shared-bottom'), await fit('shared-bottom', leaky)];
  const request = { history, sessions: outcomes.sessions.slice(0, 30) };
  expect(await other.sessions!.scoreSessions(request)).toEqual(await clean.sessions!.scoreSessions(request));
  clean.dispose();
  other.dispose();
});

test('a shop without visits is told so', async () => {
  const plain = shopWithTruth({ users: 60, items: 12, groups: 3, days: 90, seed: 2 });
  const kind = ARCHITECTURES[0];
  const model = multiTaskType(kind).create(['CHURN', 'SESSION_OUTCOME'], SETTINGS);
  await expect(
    model.fit({ history: plain, cut: TRUTH_START + 80 * DAY_MS }, context()),
  ).rejects.toMatchObject({ code: 'TOO_FEW_DATA', message: expect.stringMatching(/[Ss]essions/) });
});
