import type * as Tensorflow from '@tensorflow/tfjs';

import {
  adagrad,
  adam,
  column,
  compileStep,
  dense,
  idColumn,
  Random,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  type StepOptions,
  tf,
  WeightSet,
} from '../../src/nn/index.js';

export const MODEL_BATCH = {
  x: column(6),
  item: idColumn(),
  history: idColumn(3),
  label: column(),
  next: idColumn(),
};
export const ITEMS = 12;
const DIM = 4;

/** Examples of a two-task model over 6 numbers, an item and a history of 3 items. */
export function modelExamples(rows: number, seed: number) {
  const random = new Random(seed);
  const x = random.fillNormal(new Float32Array(rows * 6), 1);
  const item = Int32Array.from({ length: rows }, () => random.integer(ITEMS));
  const history = Int32Array.from({ length: rows * 3 }, () => random.integer(ITEMS));
  const label = Float32Array.from({ length: rows }, (_, row) =>
    x[row * 6] + item[row] / ITEMS > 0.5 ? 1 : 0,
  );
  const next = item.map((value) => (value + 1) % ITEMS);
  return { x, item, history, label, next };
}

/** A small model with all that graph mode has: dense weights, a table that is looked up twice, dropout, two tasks. */
export function makeModel(options: Partial<StepOptions<typeof MODEL_BATCH>> & { dropout?: number } = {}) {
  const weights = new WeightSet(new Random(11));
  const hidden = weights.dense('hidden', 6 + DIM + DIM, 8);
  const yesNo = weights.dense('yes-no', 8, 1);
  const choice = weights.dense('choice', 8, ITEMS);
  const items = weights.table('items', ITEMS, DIM);
  const step = compileStep({
    weights,
    batch: MODEL_BATCH,
    loss: ({ x, item, history, label, next }, context) => {
      const past = tf.mean(context.lookup(items, history), 1);
      const joined = tf.concat([x, context.lookup(items, item), past] as Tensorflow.Tensor2D[], 1);
      const shared = context.random.dropout(dense(joined, hidden, 'relu'), options.dropout ?? 0.2);
      const answer = sigmoidCrossEntropy(label, tf.reshape(dense(shared, yesNo), [-1]));
      const chosen = softmaxCrossEntropy(next, dense(shared, choice));
      return { total: tf.add(answer, chosen), tasks: { answer, chosen } };
    },
    optimizer: adam(0.01),
    tableOptimizer: adagrad(0.05, { initialAccumulator: 1e-9 }),
    seed: 4,
    ...options,
  });
  return { weights, step };
}

/** Largest difference between two sets of named arrays, relative to 1 + the value. */
export function largestDifference(
  a: Readonly<Record<string, Float32Array>>,
  b: Readonly<Record<string, Float32Array>>,
): number {
  let largest = 0;
  for (const [name, values] of Object.entries(a)) {
    values.forEach((value, at) => {
      largest = Math.max(largest, Math.abs(value - b[name][at]) / (1 + Math.abs(value)));
    });
  }
  return largest;
}
