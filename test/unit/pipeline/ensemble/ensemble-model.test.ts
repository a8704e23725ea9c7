import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { tf } from '../../../../src/nn/index.js';
import {
  type Combination,
  combineProbabilities,
  EnsembleModel,
  ensembleType,
} from '../../../../src/pipeline/ensemble/index.js';
import { DAY_MS, type FitContext, type Model, type ModelType } from '../../../../src/pipeline/index.js';
import { buyersBefore } from '../../../../src/pipeline/preprocess/index.js';
import { dense, logisticRegression, recency } from '../../../../src/pipeline/single-task/index.js';
import { RATE_START, shopWithRates } from '../../../support/shop-with-rates.js';

const { history } = shopWithRates({ users: 300, items: 21, days: 200, seed: 8 });
const cut = RATE_START + 120 * DAY_MS;
const users = buyersBefore(history, cut);
const request = { history, users, asOf: cut };
const TYPES: readonly ModelType[] = [recency, logisticRegression, dense];
const context = (onProgress: FitContext['onProgress'] = () => undefined): FitContext => ({
  seed: 5,
  signal: new AbortController().signal,
  onEpoch: () => undefined,
  onProgress,
});

async function fitted(type: ModelType): Promise<Model> {
  const model = type.create(['PURCHASE_INTENT'], type === recency ? {} : { epochs: 1 });
  await model.fit({ history, cut }, context());
  return model;
}

const thresholds = [0.4, 0.5, 0.6];
const COMBINATIONS: readonly Combination[] = [
  { method: 'WEIGHTED_AVERAGE', weights: [0.2, 0.5, 0.3], thresholds },
  { method: 'HARD_VOTING', weights: [1 / 3, 1 / 3, 1 / 3], thresholds },
  { method: 'SOFT_VOTING', weights: [1 / 3, 1 / 3, 1 / 3], thresholds },
  {
    method: 'STACKING',
    weights: [-0.3, 0.1, 0.7, 0.4],
    thresholds,
    calibration: { method: 'TEMPERATURE', temperature: 1.6 },
  },
];

let members: Model[];
let alone: Float32Array[];
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ensembles-'));
  members = [];
  for (const type of TYPES) members.push(await fitted(type));
  alone = await Promise.all(
    members.map(async (member) => (await member.users!.scoreUsers(request)).PURCHASE_INTENT!),
  );
});
afterAll(async () => {
  for (const member of members) member.dispose();
  await rm(directory, { recursive: true });
});

describe.each(COMBINATIONS.map((combination) => [combination.method, combination] as const))(
  '%s',
  (method, combination) => {
    const name = method.toLowerCase().replaceAll('_', '-');
    const ensemble = () => new EnsembleModel(name, 'PURCHASE_INTENT', members, combination);

    test('serves what is evaluated: the combination of its members’ probabilities', async () => {
      const served = await ensemble().users!.scoreUsers(request);
      expect(Object.keys(served)).toEqual(['PURCHASE_INTENT']);
      expect(served.PURCHASE_INTENT).toEqual(combineProbabilities(alone, combination));
    });

    test('comes back from its files with equal probabilities and explanations', async () => {
      const folder = await mkdtemp(join(directory, 'model-'));
      await ensemble().save(folder);
      const resolve = (architecture: string) => TYPES.find((type) => type.architecture === architecture)!;
      const loaded = await ensembleType(name, resolve).load(folder);
      expect(loaded.tasks).toEqual(['PURCHASE_INTENT']);
      expect(await loaded.users!.scoreUsers(request)).toEqual(await ensemble().users!.scoreUsers(request));
      const some = { ...request, users: users.subarray(0, 3) };
      expect(await loaded.users!.explainUsers(some, 'PURCHASE_INTENT', 4)).toEqual(
        await ensemble().users!.explainUsers(some, 'PURCHASE_INTENT', 4),
      );
      loaded.dispose();
    });

    test('explains by its members’ contributions, each by its weight', async () => {
      const some = { ...request, users: users.subarray(0, 20) };
      const parts = await ensemble().users!.explainUsers(some, 'PURCHASE_INTENT', Infinity);
      const own = await Promise.all(
        members.map((member) => member.users!.explainUsers(some, 'PURCHASE_INTENT', Infinity)),
      );
      const weights = method === 'STACKING' ? combination.weights.slice(1) : combination.weights;
      const { calibration } = combination;
      const temperature = calibration?.method === 'TEMPERATURE' ? calibration.temperature : 1;
      parts.forEach((found, user) => {
        const total = found.reduce((sum, part) => sum + part.contribution, 0);
        const expected = own.reduce(
          (sum, member, at) =>
            sum + (weights[at] / temperature) * member[user].reduce((of, part) => of + part.contribution, 0),
          0,
        );
        expect(total).toBeCloseTo(expected, 6);
        expect(new Set(found.map(({ feature }) => feature)).size).toBe(found.length);
      });
      if (method.endsWith('VOTING')) return;
      // The blend's logit is the sum of its parts, but for one number that all users share.
      const probabilities = (await ensemble().users!.scoreUsers(some)).PURCHASE_INTENT!;
      const rest = parts.map(
        (found, user) =>
          Math.log(probabilities[user] / (1 - probabilities[user])) -
          found.reduce((sum, part) => sum + part.contribution, 0),
      );
      for (const value of rest) expect(value).toBeCloseTo(rest[0], 1);
    });
  },
);

test('a member that cannot answer the task is refused', () => {
  expect(() => new EnsembleModel('voting', 'FRAUD', members, COMBINATIONS[1])).toThrow(
    /recency cannot answer FRAUD/,
  );
});

test('fits all its members anew, tells the progress of the whole, and leaves nothing behind', async () => {
  const before = tf.memory().numTensors;
  const own = TYPES.map((type) => type.create(['PURCHASE_INTENT'], type === recency ? {} : { epochs: 1 }));
  const ensemble = new EnsembleModel('weighted-average', 'PURCHASE_INTENT', own, COMBINATIONS[0]);
  const progress: number[] = [];
  await ensemble.fit(
    { history, cut },
    context((share) => progress.push(share)),
  );
  expect(await ensemble.users!.scoreUsers(request)).toEqual({
    PURCHASE_INTENT: combineProbabilities(alone, COMBINATIONS[0]),
  });
  expect(progress.at(-1)).toBeCloseTo(1, 5);
  expect(progress.every((share, at) => at === 0 || share >= progress[at - 1])).toBe(true);
  ensemble.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
