/** Shops made so that each way of learning must help, or do what it is for. */
import { describe, expect, test } from '@jest/globals';

import { Random } from '../../../../src/nn/random.js';
import { COLLABORATIVE_TYPES, type CollaborativeModel } from '../../../../src/pipeline/collaborate/index.js';
import { DAY_MS, type FitContext, type Model, type TrainingData } from '../../../../src/pipeline/index.js';
import {
  ARCHITECTURES,
  logitOf,
  type MultiTaskModel,
  multiTaskType,
} from '../../../../src/pipeline/multi-task/index.js';
import { buyersBefore, USER_FEATURE_COUNT, userExamples } from '../../../../src/pipeline/preprocess/index.js';
import { RATE_START, shopWithRates } from '../../../support/shop-with-rates.js';

const DAYS = 300;
const { history } = shopWithRates({ users: 300, items: 15, days: DAYS, seed: 5 });
const data: TrainingData = { history, cut: RATE_START + 220 * DAY_MS };
const users = buyersBefore(history, data.cut);
const request = { history, users, asOf: data.cut };
const typeOf = (method: string) => COLLABORATIVE_TYPES.find(({ collaboration }) => collaboration === method)!;
const [sharedBottom] = ARCHITECTURES;

function context(seed: number, more: Partial<FitContext> = {}): FitContext {
  return {
    seed,
    signal: new AbortController().signal,
    onEpoch: () => undefined,
    onProgress: () => undefined,
    ...more,
  };
}

const churnLogits = async (model: Model): Promise<Float32Array> =>
  (await model.users!.scoreUsers(request)).CHURN!.map(logitOf);

function meanDistance(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, at) => sum + Math.abs(value - b[at]), 0) / a.length;
}

describe('distillation', () => {
  test('a small student comes nearer to a large teacher than the labels alone bring it', async () => {
    const teacher = multiTaskType(sharedBottom).create(['CHURN'], {
      hiddenUnits: [64, 64],
      epochs: 6,
    }) as MultiTaskModel;
    await teacher.fit(data, context(1));
    const wanted = await churnLogits(teacher);
    const SMALL = { hiddenUnits: [4], epochs: 4, learningRate: 0.01 };
    const alone = multiTaskType(sharedBottom).create(['CHURN'], SMALL) as MultiTaskModel;
    await alone.fit(data, context(2));
    const student = typeOf('DISTILLATION').create(['CHURN'], {
      ...SMALL,
      teacherVersion: 'v',
      alpha: 0.9,
    }) as CollaborativeModel;
    // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
    const openVersion = async () => ({
      cut: data.cut,
      models: { CHURN: teacher },
      dispose: () => undefined,
    });
    await student.fit(data, context(2, { openVersion }));
    expect(student.parameters).toBeLessThan(teacher.parameters / 10);
    const [near, far] = [
      meanDistance(await churnLogits(student), wanted),
      meanDistance(await churnLogits(alone), wanted),
    ];
    expect(near).toBeLessThan(far);
    for (const model of [teacher, alone, student]) model.dispose();
  });

  test.each([
    ['before the cut is taken as it is', -1, 0],
    ['after the cut is fitted again before it', 1, 1],
  ])('a version that has seen what was %s', async (_, days, fits) => {
    const inner = multiTaskType(sharedBottom).create(['CHURN'], { hiddenUnits: [4], epochs: 1 });
    await inner.fit(data, context(1));
    const cuts: number[] = [];
    const teacher = new Proxy(inner, {
      get: (model, name) =>
        name === 'fit'
          ? (given: TrainingData, own: FitContext) => {
              cuts.push(given.cut);
              return model.fit(given, own);
            }
          : (Reflect.get(model, name, model) as unknown),
    });
    const student = typeOf('DISTILLATION').create(['CHURN'], {
      hiddenUnits: [4],
      epochs: 1,
      teacherVersion: 'v',
    });
    let isDisposed = false;
    // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
    const openVersion = async () => ({
      cut: data.cut + days * DAY_MS,
      models: { CHURN: teacher },
      dispose: () => void (isDisposed = true),
    });
    await student.fit(data, context(2, { openVersion }));
    expect(cuts).toEqual(new Array(fits).fill(data.cut));
    expect(isDisposed).toBe(true);
    student.dispose();
    inner.dispose();
  });
});

test('adversarial training makes predictions change less when features change a little', async () => {
  const { features, count } = await userExamples(history, data.cut);
  const some = features.subarray(0, Math.min(count, 400) * USER_FEATURE_COUNT);
  const noise = new Random(3);
  const moved = some.map((value) => value + 0.1 * noise.normal());
  const shift = async (model: Model) => {
    const own = new Int32Array(some.length / USER_FEATURE_COUNT);
    const times = new Float64Array(own.length).fill(data.cut);
    const scores = await Promise.all(
      [some, moved].map((rows) =>
        model.users!.scoreExamples!({ history, users: own, times, features: rows }),
      ),
    );
    const [before, after] = scores.map((score) => score.CHURN!.map(logitOf));
    return meanDistance(before, after);
  };
  const settings = { hiddenUnits: [32, 16], epochs: 6, learningRate: 0.01, dropout: 0 };
  const plain = multiTaskType(sharedBottom).create(['CHURN'], settings);
  const hardened = typeOf('ADVERSARIAL').create(['CHURN'], { ...settings, epsilon: 1 });
  await plain.fit(data, context(1));
  await hardened.fit(data, context(1));
  expect(await shift(hardened)).toBeLessThan(0.8 * (await shift(plain)));
  plain.dispose();
  hardened.dispose();
});

test('nets that learn from each other come to agree', async () => {
  const settings = { hiddenUnits: [32, 16], epochs: 4, learningRate: 0.01, members: 2 };
  const disagreement = async (strength: number) => {
    const model = typeOf('MUTUAL_LEARNING').create(['CHURN'], {
      ...settings,
      strength,
    }) as CollaborativeModel;
    await model.fit(data, context(1));
    const [first, second] = await Promise.all(model.nets.map(churnLogits));
    const distance = meanDistance(first, second);
    // What answers is their mean.
    const mean = first.map((logit, at) => (logit + second[at]) / 2);
    expect(meanDistance(await churnLogits(model), mean)).toBeLessThan(1e-3);
    model.dispose();
    return distance;
  };
  expect(await disagreement(2)).toBeLessThan(0.8 * (await disagreement(0)));
});
