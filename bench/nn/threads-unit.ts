/** One size of a dense net, trained in a process of its own with one thread or with all: microseconds a step. */
import * as nn from '../../src/nn/index.js';

export interface ThreadsUnit {
  readonly batch: number;
  readonly features: number;
  readonly hidden: number;
  /** Classes of a softmax; 1 = a yes/no head. */
  readonly classes: number;
  /** Rows of an embedding table of 16 numbers that 8 fields look up; 0 = none. */
  readonly tableRows: number;
}

const WARM_UP = 5;
const LEAST_MS = 400;
const FIELDS = 8;
const DIM = 16;

export default async function measure(unit: ThreadsUnit): Promise<number> {
  const { batch, features, hidden, classes, tableRows } = unit;
  const { tf, column, idColumn, dense } = nn;
  const weights = new nn.WeightSet(new nn.Random(1));
  const table = tableRows > 0 ? weights.table('fields', tableRows, DIM) : null;
  const first = weights.dense('first', features + (table ? FIELDS * DIM : 0), hidden);
  const second = weights.dense('second', hidden, hidden);
  const head = weights.dense('head', hidden, classes);
  const step = nn.compileStep({
    weights,
    batch: { x: column(features), ids: idColumn(FIELDS), bought: column(), item: idColumn() },
    loss: ({ x, ids, bought, item }, context) => {
      const rows = table ? tf.reshape(context.lookup(table, ids), [context.rows, FIELDS * DIM]) : null;
      const joined = rows ? tf.concat([x, rows], 1) : x;
      const logits = dense(dense(dense(joined, first, 'relu'), second, 'relu'), head);
      return classes > 1
        ? nn.softmaxCrossEntropy(item, logits)
        : nn.sigmoidCrossEntropy(bought, tf.reshape(logits, [-1]));
    },
    optimizer: nn.adam(),
    tableOptimizer: nn.adagrad(0.05, { initialAccumulator: 1e-9 }),
    seed: 1,
  });
  const random = new nn.Random(2);
  const examples = 4 * batch;
  const integers = (length: number, bound: number) =>
    Int32Array.from({ length }, () => random.integer(bound));
  step.loadRows({
    x: random.fillNormal(new Float32Array(examples * features), 1),
    ids: integers(examples * FIELDS, Math.max(1, tableRows)),
    bought: Float32Array.from({ length: examples }, () => random.integer(2)),
    item: integers(examples, classes),
  });
  const order = random.permutation(examples);
  const times: number[] = [];
  const start = performance.now();
  for (let at = 0; at < WARM_UP || performance.now() - start < LEAST_MS; at++) {
    const before = performance.now();
    step.runRows(order, (at % 4) * batch, batch);
    if (at >= WARM_UP) times.push(1000 * (performance.now() - before));
  }
  step.dispose();
  times.sort((a, b) => a - b);
  return Promise.resolve(times[times.length >> 1]);
}
