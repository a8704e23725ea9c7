import { expect, test } from '@jest/globals';

import {
  adam,
  column,
  compilePredict,
  compileStep,
  dense,
  Random,
  sigmoidCrossEntropy,
  tf,
  train,
  WeightSet,
} from '../../../src/nn/index.js';

function world(rows: number, seed: number) {
  const random = new Random(seed);
  const x = random.fillNormal(new Float32Array(rows * 4), 1);
  const y = Float32Array.from({ length: rows }, (_, row) => (x[row * 4] - x[row * 4 + 1] > 0 ? 1 : 0));
  return { x, y };
}

function makeStep(mode: 'graph' | 'eager') {
  const weights = new WeightSet(new Random(1));
  const hidden = weights.dense('hidden', 4, 8);
  const head = weights.dense('head', 8, 1);
  const forward = (x: ReturnType<typeof tf.tensor>) =>
    tf.reshape(dense(dense(x, hidden, 'relu'), head), [-1]);
  const step = compileStep({
    weights,
    batch: { x: column(4), y: column() },
    loss: ({ x, y }, { random }) => {
      const loss = sigmoidCrossEntropy(y, forward(random.dropout(x, 0.1)));
      return { total: loss, tasks: { sign: loss } };
    },
    optimizer: adam(0.02),
    seed: 1,
    mode,
  });
  return { weights, step, forward };
}

test.each(['graph', 'eager'] as const)('learns, stops early and predicts (%s)', async (mode) => {
  const { weights, step, forward } = makeStep(mode);
  const before = tf.memory().numTensors;
  const result = await train({
    step,
    columns: world(500, 1),
    validation: world(100, 2),
    batchSize: 64,
    epochs: 20,
    seed: 1,
    earlyStopping: { patience: 3, task: 'sign' },
  });
  expect(result.epochs.at(-1)!.validation!.total).toBeLessThan(0.25);
  expect(result.epochs[0].train.tasks.sign).toBeGreaterThan(0.4);
  const predictor = compilePredict({
    weights,
    batch: { x: column(4) },
    predict: ({ x }) => ({ probability: tf.sigmoid(forward(x)) }),
    mode,
  });
  const { x, y } = world(300, 3);
  const { probability } = predictor.predict({ x });
  expect(probability.length).toBe(300);
  const right = probability.filter((p, row) => p > 0.5 === y[row] > 0.5).length;
  expect(right).toBeGreaterThan(280);
  const one = predictor.predict({ x: x.slice(40, 44) }).probability[0];
  expect(one).toBeCloseTo(probability[10], 5);
  predictor.dispose();
  step.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
