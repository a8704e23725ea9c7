/**
 * How the cost of training grows with the rows, the vocabulary, the width and the number of tasks, each alone; draws a picture of each
 * with --write.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import type * as Tensorflow from '@tensorflow/tfjs';

import type * as NnModule from '../src/nn/index.js';
import { chooseThreads } from '../src/nn/threads.js';
import { lineChart } from './nn/line-chart.js';
import { measureMatrixProduct } from './nn/peer-data.js';

const FIELDS = 8;
const DIM = 16;
const BATCH = 1024;

interface Shape {
  readonly rows: number;
  readonly vocabulary: number;
  readonly width: number;
  readonly tasks: number;
}

const USUAL: Shape = { rows: 100_000, vocabulary: 100_000, width: 64, tasks: 2 };
const SWEEPS: { readonly key: keyof Shape; readonly values: readonly number[]; readonly title: string }[] = [
  { key: 'rows', values: [10_000, 30_000, 100_000, 300_000], title: 'Seconds an epoch by rows' },
  {
    key: 'vocabulary',
    values: [10_000, 100_000, 1_000_000, 10_000_000],
    title: 'Milliseconds a step by rows of the table',
  },
  { key: 'width', values: [32, 64, 128, 256, 512], title: 'Milliseconds a step by width of the layers' },
  { key: 'tasks', values: [1, 2, 4, 8], title: 'Milliseconds a step by tasks' },
];

type Nn = typeof NnModule;

/** Milliseconds a step, and seconds an epoch, of a net with embedded fields and a head for each task. */
function measure(nn: Nn, shape: Shape): { stepMs: number; epochSeconds: number } {
  const { tf, dense } = nn;
  const random = new nn.Random(1);
  const ids = Int32Array.from({ length: shape.rows * FIELDS }, () =>
    Math.floor(shape.vocabulary * random.uniform() ** 3),
  );
  const labels = Float32Array.from({ length: shape.rows * shape.tasks }, () => random.integer(2));
  const weights = new nn.WeightSet(random.fork('weights'));
  const table = weights.table('fields', shape.vocabulary, DIM);
  const first = weights.dense('first', FIELDS * DIM, shape.width);
  const second = weights.dense('second', shape.width, shape.width);
  const heads = Array.from({ length: shape.tasks }, (_, task) => ({
    hidden: weights.dense(`hidden ${task}`, shape.width, 32),
    logit: weights.dense(`logit ${task}`, 32, 1),
  }));
  const step = nn.compileStep({
    weights,
    batch: { ids: nn.idColumn(FIELDS), labels: nn.column(shape.tasks) },
    loss: (batch, context) => {
      const embedded = tf.reshape(context.lookup(table, batch.ids), [context.rows, FIELDS * DIM]);
      const shared = dense(dense(embedded, first, 'relu'), second, 'relu');
      const logits: Tensorflow.Tensor2D[] = heads.map(({ hidden, logit }) =>
        dense(dense(shared, hidden, 'relu'), logit),
      );
      return nn.sigmoidCrossEntropy(batch.labels, logits.length > 1 ? tf.concat(logits, 1) : logits[0]);
    },
    tableOptimizer: nn.adagrad(0.05, { initialAccumulator: 1e-9 }),
    seed: 1,
    batchSizes: [BATCH],
  });
  const steps = Math.floor(shape.rows / BATCH);
  const runOnce = (at: number) => {
    const from = (at % steps) * BATCH;
    return step.run({
      ids: ids.subarray(from * FIELDS, (from + BATCH) * FIELDS),
      labels: labels.subarray(from * shape.tasks, (from + BATCH) * shape.tasks),
    });
  };
  for (let at = 0; at < 5; at++) runOnce(at);
  const times: number[] = [];
  const start = performance.now();
  for (let at = 0; at < Math.max(steps, 40); at++) {
    const before = performance.now();
    runOnce(at);
    times.push(performance.now() - before);
  }
  const epochSeconds = ((performance.now() - start) / times.length / 1000) * steps;
  step.dispose();
  weights.dispose();
  times.sort((a, b) => a - b);
  return { stepMs: times[times.length >> 1], epochSeconds };
}

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: { write: { type: 'string' }, json: { type: 'boolean' }, data: { type: 'string' } },
  });
  chooseThreads('large');
  const nn = await import('../src/nn/index.js');
  const report: Record<string, unknown> = { batch: BATCH, usual: USUAL };
  for (const { key, values, title } of SWEEPS) {
    const points = values.map((value) => {
      const { stepMs, epochSeconds } = measure(nn, { ...USUAL, [key]: value });
      return { x: value, y: Number((key === 'rows' ? epochSeconds : stepMs).toPrecision(3)) };
    });
    report[key] = points;
    if (flags.write) {
      mkdirSync(flags.write, { recursive: true });
      const yLabel = key === 'rows' ? 'seconds' : 'milliseconds';
      writeFileSync(
        join(flags.write, `train-by-${key}.svg`),
        lineChart({ title, xLabel: key, yLabel, points }),
      );
    }
  }
  report.matrix_gflop_s = Math.round(measureMatrixProduct(nn.tf));
  console.log(JSON.stringify(report));
}
