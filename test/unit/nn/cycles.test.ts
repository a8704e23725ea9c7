import { describe, expect, test } from '@jest/globals';

import { type CyclePlan, cyclePlan } from '../../../src/nn/index.js';
import { column, compileStep, sgd, squaredError, tf, train, WeightSet } from '../../../src/nn/index.js';
import { Random } from '../../../src/nn/random.js';

const options = { learningRate: 0.1, epochs: 7, steps: 10 };

describe('a plan of cycles', () => {
  test('without cycles is one fall of the rate', () => {
    const { epochs, schedule, averageAfter } = cyclePlan(options);
    expect([epochs, averageAfter]).toEqual([7, undefined]);
    const rates = Array.from({ length: 70 }, (_, step) => schedule(step));
    rates.slice(1).forEach((rate, at) => expect(rate).toBeLessThanOrEqual(rates[at]));
  });

  test('rounds up to whole cycles; in each the rate falls from the start', () => {
    const { epochs, schedule, averageAfter } = cyclePlan({ ...options, swaCycles: 3 });
    expect([epochs, averageAfter]).toEqual([9, [3, 6, 9]]);
    for (const cycle of [0, 1, 2]) {
      expect(schedule(30 * cycle)).toBeCloseTo(0.1, 9);
      expect(schedule(30 * cycle + 29)).toBeLessThan(0.001);
    }
  });

  test('a snapshot stops at the end of its cycle', () => {
    const plan = (cycle: number) => cyclePlan({ ...options, snapshot: { cycles: 3, cycle } });
    expect([1, 2, 3].map((cycle) => plan(cycle).epochs)).toEqual([3, 6, 9]);
    expect(plan(1).averageAfter).toBeUndefined();
    expect(plan(1).schedule(31)).toBe(plan(3).schedule(31));
  });
});

const features = new Random(1).fillNormal(new Float32Array(64 * 3), 1);
const target = Float32Array.from({ length: 64 }, (_, row) => features[3 * row] - 2 * features[3 * row + 1]);

async function fitted(plan: CyclePlan, kept?: { bytes: Uint8Array | null }): Promise<Float32Array> {
  const weights = new WeightSet(new Random(2));
  const line = weights.dense('line', 3, 1);
  const step = compileStep({
    weights,
    batch: { features: column(3), target: column(1) },
    loss: (batch) =>
      squaredError(batch.target, tf.add(tf.matMul(batch.features as never, line.kernel as never), line.bias)),
    optimizer: sgd(plan.schedule),
    seed: 3,
  });
  try {
    await train({
      step,
      columns: { features, target },
      batchSize: 16,
      epochs: plan.epochs,
      averageAfter: plan.averageAfter,
      seed: 4,
      ...(kept && {
        checkpoint: {
          read: () => Promise.resolve(kept.bytes),
          write: (bytes: Uint8Array) => {
            kept.bytes = bytes;
            return Promise.resolve();
          },
          everySeconds: 1e6,
        },
      }),
    });
    return weights.export()['line/kernel'].values.slice();
  } finally {
    step.dispose();
    weights.dispose();
  }
}

const snapshot = (cycle: number) =>
  cyclePlan({ learningRate: 0.05, epochs: 6, steps: 4, snapshot: { cycles: 3, cycle } });

test('a snapshot that goes on from the one before has the weights of a training that never stopped', async () => {
  const kept = { bytes: null };
  const [first, second, third] = [
    await fitted(snapshot(1), kept),
    await fitted(snapshot(2), kept),
    await fitted(snapshot(3), kept),
  ];
  expect(third).toEqual(await fitted(snapshot(3)));
  expect(first).not.toEqual(second);
});

test('weight averaging ends with the mean of the weights at the cycles’ ends, also after a break', async () => {
  const snapshots = [await fitted(snapshot(1)), await fitted(snapshot(2)), await fitted(snapshot(3))];
  const plan = cyclePlan({ learningRate: 0.05, epochs: 6, steps: 4, swaCycles: 3 });
  const averaged = await fitted(plan);
  averaged.forEach((value, at) =>
    expect(value).toBeCloseTo((snapshots[0][at] + snapshots[1][at] + snapshots[2][at]) / 3, 5),
  );
  const kept = { bytes: null };
  await fitted({ ...plan, epochs: 4 }, kept);
  expect(await fitted(plan, kept)).toEqual(averaged);
});
