import { describe, expect, test } from '@jest/globals';

import { column, compileStep, Random, sgd, tf, WeightSet } from '../../../../src/nn/index.js';
import { LossBalance, slowFirst } from '../../../../src/pipeline/multi-task/loss-balance.js';
import type { BalancingMethod } from '../../../../src/pipeline/multi-task/settings.js';
import type { TaskName } from '../../../../src/tasks/index.js';

const TASKS: readonly TaskName[] = ['RECOMMENDATION', 'FRAUD'];

/**
 * Two tasks that pull one shared weight w [2] apart: a × |w - (1, 1)|² and b × |w - (-1, 1)|², so that they agree on the second number and
 * conflict on the first. `floor` is what no w takes off either.
 */
function conflict(
  method: BalancingMethod,
  scales: readonly [number, number],
  given: { weights?: Partial<Record<TaskName, number>>; rate?: number; floor?: number } = {},
) {
  const weights = new WeightSet(new Random(1));
  const shared = weights.weight('shared', [2], (values) => values.fill(0));
  const balance = new LossBalance(TASKS, { method, weights: given.weights });
  balance.build(weights);
  const step = compileStep({
    weights,
    batch: { x: column() },
    loss: ({ x }) => {
      const lossOf = (first: number, scale: number) => {
        const distance = tf.sum(tf.squaredDifference(shared, tf.tensor1d([first, 1])));
        const loss = tf.mul(tf.add(distance, tf.scalar(given.floor ?? 0)), tf.scalar(scale));
        return tf.mul<ReturnType<typeof tf.scalar>>(tf.mean(x), loss);
      };
      return balance.losses({ [TASKS[0]]: lossOf(1, scales[0]), [TASKS[1]]: lossOf(-1, scales[1]) });
    },
    tasks: balance.taskOptions(['shared'], false),
    optimizer: sgd(given.rate ?? 0.01),
    seed: 1,
  });
  const run = (times: number) => {
    for (let at = 0; at < times; at++) step.run({ x: Float32Array.of(1) });
    step.pullWeights();
    return weights.export();
  };
  const end = () => {
    step.dispose();
    weights.dispose();
  };
  return { step, balance, run, end };
}

describe('on two tasks that pull one weight apart', () => {
  test('EQUAL ends where the larger loss wants it', () => {
    const { run, end } = conflict('EQUAL', [9, 1]);
    // The minimum of 9 (w - 1)² + (w + 1)² is at 0.8.
    expect(run(500).shared.values[0]).toBeCloseTo(0.8, 2);
    end();
  });

  test('FIXED weights move the balance to where they say', () => {
    const { run, end } = conflict('FIXED', [9, 1], { weights: { FRAUD: 9 } });
    expect(run(500).shared.values[0]).toBeCloseTo(0, 2);
    end();
  });

  test('UNCERTAINTY learns variances that bring losses of any scale to the same weight in the end', () => {
    const { run, end, balance } = conflict('UNCERTAINTY', [9, 1], { rate: 0.02, floor: 4 });
    const values = run(4000);
    // With 1 / (2 × loss) for a weight, the scale of a loss drops out: both sides pull alike.
    expect(Math.abs(values.shared.values[0])).toBeLessThan(0.05);
    const [large, small] = balance.weights().map(({ weight }) => weight);
    expect(small / large).toBeCloseTo(9, 0);
    end();
  });

  test('GRADNORM brings the norms of the weighted gradients together', () => {
    const { run, end, step } = conflict('GRADNORM', [9, 1], { rate: 1e-4 });
    run(400);
    const { weights, gradients } = step.taskReport!;
    const [large, small] = gradients!.norms.map((norm, at) => norm * weights[at]);
    expect(large / small).toBeGreaterThan(0.8);
    expect(large / small).toBeLessThan(1.25);
    expect(weights[0] + weights[1]).toBeCloseTo(2, 4);
    end();
  });

  test('PCGRAD takes off what one task does against the other, and keeps what they agree on', () => {
    const step = (method: BalancingMethod) => {
      const { run, end } = conflict(method, [1, 1], { rate: 0.1 });
      const [against, agreed] = run(1).shared.values;
      end();
      return { against, agreed };
    };
    // Gradients at 0 are (-2, -2) and (2, -2): orthogonal, no conflict, nothing changes.
    expect(step('PCGRAD').agreed).toBeCloseTo(step('EQUAL').agreed, 5);
    const unequal = (method: BalancingMethod) => {
      const { run, end } = conflict(method, [4, 1], { rate: 0.02 });
      run(30);
      const [against, agreed] = run(1).shared.values;
      end();
      return { against, agreed };
    };
    // Once the second number is near 1, what is left is conflict: by sums the larger loss draws the first number its way, by surgery it does not.
    expect(unequal('EQUAL').against).toBeGreaterThan(0.5);
    expect(Math.abs(unequal('PCGRAD').against)).toBeLessThan(unequal('EQUAL').against);
    expect(unequal('PCGRAD').agreed).toBeGreaterThan(0.9);
  });

  test('DWA weighs the task whose loss falls more slowly up, from the third epoch on', () => {
    const { balance, step, end } = conflict('DWA', [1, 1]);
    const epoch = (number: number, first: number, second: number) =>
      balance.onEpoch(
        {
          epoch: number,
          train: { total: first + second, tasks: { RECOMMENDATION: first, FRAUD: second } },
          validation: null,
          tasks: null,
        },
        step,
      );
    step.run({ x: Float32Array.of(1) });
    epoch(1, 1, 1);
    step.run({ x: Float32Array.of(1) });
    expect([...step.taskReport!.weights]).toEqual([1, 1]);
    epoch(2, 0.9, 0.3);
    step.run({ x: Float32Array.of(1) });
    const [slow, fast] = step.taskReport!.weights;
    // 2 softmax(0.9 / 2, 0.3 / 2)
    expect(slow).toBeCloseTo((2 * Math.exp(0.45)) / (Math.exp(0.45) + Math.exp(0.15)), 5);
    expect(slow + fast).toBeCloseTo(2, 5);
    end();
  });
});

test('intent and churn weigh half each, whatever the method', () => {
  const both: readonly TaskName[] = ['PURCHASE_INTENT', 'CHURN', 'FRAUD'];
  const { weights } = new LossBalance(both, { method: 'EQUAL' }).taskOptions([], false);
  expect(weights).toEqual([0.5, 0.5, 1]);
  expect(new LossBalance(['CHURN', 'FRAUD'], { method: 'EQUAL' }).taskOptions([], false).weights).toEqual([
    1, 1,
  ]);
});

test('the dynamic weights of equally fast tasks are 1', () => {
  expect(slowFirst([0.7, 0.7, 0.7])).toEqual([1, 1, 1]);
});
