/** Trains the seed net (32 numbers → 64 → 64 → two yes/no heads and one of 1,000 items) on 8,000 rows, with validation on 2,000. */
import { parseArgs } from 'node:util';

import { chooseThreads, workOf } from '../src/nn/threads.js';
import { defaultDataDirectory, measureMatrixProduct, readField } from './nn/peer-data.js';

const FEATURES = 32;
const HIDDEN = 64;
const ITEMS = 1000;
const ROWS = 10_000;
const TRAIN_ROWS = 8000;
const EPOCHS = 10;
/** Multiply-adds count twice; the two gradients of a product cost as much as the product each. */
const FLOP_A_ROW = 3 * 2 * (FEATURES * HIDDEN + HIDDEN * HIDDEN + HIDDEN * 2 + HIDDEN * ITEMS);

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      batch: { type: 'string', default: '32' },
      data: { type: 'string', default: defaultDataDirectory() },
      json: { type: 'boolean' },
      threads: { type: 'string' },
      limit: { type: 'boolean' },
    },
  });
  const batchSize = Number(flags.batch);
  const threads = flags.threads ?? workOf((FLOP_A_ROW / 2) * batchSize);
  chooseThreads(threads === 'small' ? 'small' : 'large');
  const nn = await import('../src/nn/index.js');
  const { tf, column, idColumn, dense } = nn;

  const x = readField(nn.emptyColumn, flags.data, 'seed_10k', 'x');
  const y1 = readField(nn.emptyColumn, flags.data, 'seed_10k', 'y1');
  const y2 = readField(nn.emptyColumn, flags.data, 'seed_10k', 'y2');
  const item = readField(nn.emptyColumn, flags.data, 'seed_10k', 'item') as Int32Array;
  const answers = new Float32Array(ROWS * 2);
  for (let row = 0; row < ROWS; row++) answers.set([y1[row], y2[row]], row * 2);
  const part = (from: number, to: number) => ({
    x: x.subarray(from * FEATURES, to * FEATURES),
    answers: answers.subarray(from * 2, to * 2),
    item: item.subarray(from, to),
  });

  const weights = new nn.WeightSet(new nn.Random(1));
  const first = weights.dense('first', FEATURES, HIDDEN, nn.glorotUniform);
  const second = weights.dense('second', HIDDEN, HIDDEN, nn.glorotUniform);
  const yesNo = weights.dense('yes-no', HIDDEN, 2, nn.glorotUniform);
  const choice = weights.dense('choice', HIDDEN, ITEMS, nn.glorotUniform);

  const start = performance.now();
  const step = nn.compileStep({
    weights,
    batch: { x: column(FEATURES), answers: column(2), item: idColumn() },
    loss: (batch) => {
      const hidden = dense(dense(batch.x, first, 'relu'), second, 'relu');
      const binary = tf.mul(nn.sigmoidCrossEntropy(batch.answers, dense(hidden, yesNo)), tf.scalar(2));
      const items = nn.softmaxCrossEntropy(batch.item, dense(hidden, choice));
      return { total: tf.add(binary, items), tasks: { binary, items } };
    },
    optimizer: nn.adam(),
    seed: 1,
  });
  const result = await nn.train({
    step,
    columns: part(0, TRAIN_ROWS),
    validation: part(TRAIN_ROWS, ROWS),
    batchSize,
    epochs: EPOCHS,
    seed: 1,
  });
  const fitSeconds = (performance.now() - start) / 1000;
  const last = result.epochs[EPOCHS - 1];
  const report = {
    samples_s: Math.round((TRAIN_ROWS * EPOCHS) / fitSeconds),
    fit_s: Number(fitSeconds.toFixed(4)),
    loss: Number(last.train.total.toFixed(4)),
    validation_loss: Number(last.validation!.total.toFixed(4)),
    batch: batchSize,
    threads,
    mode: step.mode,
    gflop_s: Number(((FLOP_A_ROW * TRAIN_ROWS * EPOCHS) / fitSeconds / 1e9).toFixed(1)),
    ...(flags.limit ? { matrix_gflop_s: Math.round(measureMatrixProduct(tf)) } : {}),
  };
  console.log(JSON.stringify(report));
}
