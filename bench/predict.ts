/** Latency of one call of the seed net: 32 numbers a row in, probabilities of 1,000 items out. */
import { parseArgs } from 'node:util';

import { chooseThreads } from '../src/nn/threads.js';
import { measureMatrixProduct } from './nn/peer-data.js';

const FEATURES = 32;
const HIDDEN = 64;
const ITEMS = 1000;
const WARM_UP = 50;
const FLOP_A_ROW = 2 * (FEATURES * HIDDEN + HIDDEN * HIDDEN + HIDDEN * ITEMS);

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      batch: { type: 'string', default: '1' },
      data: { type: 'string' },
      json: { type: 'boolean' },
      threads: { type: 'string' },
      limit: { type: 'boolean' },
    },
  });
  const rows = Number(flags.batch);
  const threads = flags.threads ?? (rows < 256 ? 'small' : 'large');
  chooseThreads(threads === 'small' ? 'small' : 'large');
  const nn = await import('../src/nn/index.js');
  const { tf, dense } = nn;
  const random = new nn.Random(5);
  const weights = new nn.WeightSet(random.fork('weights'));
  const first = weights.dense('first', FEATURES, HIDDEN);
  const second = weights.dense('second', HIDDEN, HIDDEN);
  const choice = weights.dense('choice', HIDDEN, ITEMS);
  const predictor = nn.compilePredict({
    weights,
    batch: { x: nn.column(FEATURES) },
    predict: ({ x }) => ({ item: tf.softmax(dense(dense(dense(x, first, 'relu'), second, 'relu'), choice)) }),
    batchSizes: [rows],
  });
  const x = random.fillNormal(new Float32Array(rows * FEATURES), 1);
  for (let call = 0; call < WARM_UP; call++) predictor.predict({ x });
  const calls = rows < 1000 ? 5000 : 500;
  const times: number[] = [];
  for (let call = 0; call < calls; call++) {
    const start = process.hrtime.bigint();
    predictor.predict({ x });
    times.push(Number(process.hrtime.bigint() - start) / 1000);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => Number(times[Math.floor(calls * share)].toFixed(1));
  const report = {
    p50_us: at(0.5),
    p99_us: at(0.99),
    batch: rows,
    calls,
    threads,
    mode: predictor.mode,
    gflop_s: Number(((FLOP_A_ROW * rows) / at(0.5) / 1e3).toFixed(1)),
    ...(flags.limit ? { matrix_gflop_s: Math.round(measureMatrixProduct(tf)) } : {}),
  };
  console.log(JSON.stringify(report));
}
