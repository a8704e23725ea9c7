import { expect, test } from '@jest/globals';

import { isNative, nativeBackend, tf } from '../../../src/nn/backend.js';
import { column, compilePredict, compileStep, Random, WeightSet } from '../../../src/nn/index.js';

const whenNative = isNative ? test : test.skip;

whenNative('10,000 steps and predictions leave tensors, handles and resident memory as they were', () => {
  const weights = new WeightSet(new Random(1));
  const kernel = weights.weight('kernel', [4, 1]);
  const items = weights.table('items', 50, 4);
  const batch = { x: column(4) };
  const step = compileStep({
    weights,
    batch,
    loss: ({ x }, context) => {
      const rows = context.lookup(items, context.random.integers([8], 50));
      return tf.mean(tf.square(tf.matMul(tf.add(x, rows), kernel)));
    },
    seed: 1,
    batchSizes: [8],
  });
  const predictor = compilePredict({
    weights,
    batch,
    predict: ({ x }) => ({ y: tf.sum(x, 1) }),
    batchSizes: [8],
  });
  const arrays = { x: new Random(2).fillNormal(new Float32Array(32), 1) };
  const order = Int32Array.from({ length: 8 }, (_, at) => 7 - at);
  const run = (times: number) => {
    for (let at = 0; at < times; at++) {
      step.run(arrays);
      if (at % 10 === 0) {
        step.loadRows(arrays);
        step.runRows(order, 0, 8);
      }
      predictor.predict(arrays);
    }
  };
  run(2000);
  const before = {
    tensors: tf.memory().numTensors,
    handles: nativeBackend!.binding.getNumOfTensors(),
    rss: process.memoryUsage().rss,
  };
  run(10_000);
  expect(tf.memory().numTensors).toBe(before.tensors);
  expect(nativeBackend!.binding.getNumOfTensors()).toBe(before.handles);
  expect(process.memoryUsage().rss - before.rss).toBeLessThan(40e6);
  step.dispose();
  predictor.dispose();
  weights.dispose();
});
