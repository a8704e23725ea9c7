/**
 * Trains a multi-gate mixture of experts (Ma et al., KDD 2018) on a million rows of 20 categorical fields with 100,000 values each:
 * one table for all fields, 4 experts of 64, 2 yes/no tasks with towers of 32, one epoch in batches of 4,096.
 */
import { parseArgs } from 'node:util';

import type * as Tensorflow from '@tensorflow/tfjs';

import { chooseThreads, workOf } from '../src/nn/threads.js';
import { defaultDataDirectory, measureMatrixProduct, readField } from './nn/peer-data.js';

const FIELDS = 20;
const DIM = 16;
const EXPERTS = 4;
const EXPERT_UNITS = 64;
const TOWER_UNITS = 32;
const TASKS = 2;
/** Products alone; multiply-adds count twice, and the two gradients of a product cost as much as the product each. */
const FLOP_A_ROW =
  3 *
  2 *
  (FIELDS * DIM * (EXPERTS * EXPERT_UNITS + TASKS * EXPERTS) +
    TASKS * (EXPERTS * EXPERT_UNITS + EXPERT_UNITS * TOWER_UNITS + TOWER_UNITS));

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      rows: { type: 'string', default: '1000000' },
      batch: { type: 'string', default: '4096' },
      vocabulary: { type: 'string', default: '100000' },
      data: { type: 'string', default: defaultDataDirectory() },
      json: { type: 'boolean' },
      threads: { type: 'string' },
      limit: { type: 'boolean' },
    },
  });
  const threads = flags.threads ?? workOf((FLOP_A_ROW / 2) * Number(flags.batch));
  chooseThreads(threads === 'small' ? 'small' : 'large');
  const nn = await import('../src/nn/index.js');
  const { tf, dense } = nn;
  const rows = Number(flags.rows);
  const vocabulary = Number(flags.vocabulary);
  const ids = (readField(nn.emptyColumn, flags.data, 'mmoe_1m', 'x') as Int32Array).subarray(
    0,
    rows * FIELDS,
  );
  const labels = (readField(nn.emptyColumn, flags.data, 'mmoe_1m', 'y') as Float32Array).subarray(
    0,
    rows * TASKS,
  );

  const weights = new nn.WeightSet(new nn.Random(1));
  const fields = weights.table('fields', FIELDS * vocabulary, DIM);
  const experts = weights.dense('experts', FIELDS * DIM, EXPERTS * EXPERT_UNITS);
  const gates = weights.dense('gates', FIELDS * DIM, TASKS * EXPERTS, nn.glorotUniform);
  const towers = Array.from({ length: TASKS }, (_, task) => ({
    hidden: weights.dense(`tower ${task}`, EXPERT_UNITS, TOWER_UNITS),
    head: weights.dense(`head ${task}`, TOWER_UNITS, 1, nn.glorotUniform),
  }));
  const offsets = tf.tensor1d(
    Int32Array.from({ length: FIELDS }, (_, field) => field * vocabulary),
    'int32',
  );

  const start = performance.now();
  const step = nn.compileStep({
    weights,
    batch: { ids: nn.idColumn(FIELDS), labels: nn.column(TASKS) },
    loss: (batch, context) => {
      const embedded = context.lookup(fields, tf.add(batch.ids, offsets));
      const joined = tf.reshape(embedded, [context.rows, FIELDS * DIM]);
      const outputs = tf.reshape(dense(joined, experts, 'relu'), [context.rows, EXPERTS, EXPERT_UNITS]);
      const shares = tf.softmax(tf.reshape(dense(joined, gates), [context.rows, TASKS, EXPERTS]));
      const mixed = tf.unstack(tf.matMul(shares, outputs), 1) as Tensorflow.Tensor2D[];
      const logits = towers.map(({ hidden, head }, task) => dense(dense(mixed[task], hidden, 'relu'), head));
      return tf.mul(nn.sigmoidCrossEntropy(batch.labels, tf.concat(logits, 1)), tf.scalar(TASKS));
    },
    optimizer: nn.adam(),
    tableOptimizer: nn.adagrad(0.05, { initialAccumulator: 1e-9 }),
    seed: 1,
  });
  const { epochs } = await nn.train({
    step,
    columns: { ids, labels },
    batchSize: Number(flags.batch),
    epochs: 1,
    seed: 1,
  });
  const fitSeconds = (performance.now() - start) / 1000;
  const report = {
    samples_s: Math.round(rows / fitSeconds),
    fit_s: Number(fitSeconds.toFixed(3)),
    loss: Number(epochs[0].train.total.toFixed(4)),
    rows,
    batch: Number(flags.batch),
    vocabulary: FIELDS * vocabulary,
    rss_mb: Math.round(process.memoryUsage.rss() / 1e6),
    mode: step.mode,
    gflop_s: Number(((FLOP_A_ROW * rows) / fitSeconds / 1e9).toFixed(1)),
    ...(flags.limit ? { matrix_gflop_s: Math.round(measureMatrixProduct(tf)) } : {}),
  };
  console.log(JSON.stringify(report));
}
