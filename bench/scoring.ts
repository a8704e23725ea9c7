/** The rankers' layer of candidates for one user: plain JavaScript, as it serves, beside the same layer by compilePredict. */
import { parseArgs } from 'node:util';

import { chooseThreads } from '../src/nn/threads.js';

/** Of the usual ranker: three members of 16. */
const UNITS = 48;
const ROUNDS = 200;

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      items: { type: 'string', default: '4000' },
      varying: { type: 'string', default: '0.5' },
      json: { type: 'boolean' },
    },
  });
  chooseThreads('small');
  const nn = await import('../src/nn/index.js');
  const { CANDIDATE_FEATURE_COUNT: width } = await import('../src/pipeline/preprocess/index.js');
  const { scoreRows } = await import('../src/pipeline/single-task/recommendation/ranker-network.js');
  const { tf, dense } = nn;
  const items = Number(flags.items);
  const weights = new nn.WeightSet(new nn.Random(1));
  const wide = weights.dense('wide', width, 1);
  const hidden = weights.dense('hidden', width, UNITS);
  const output = weights.dense('output', UNITS, 1);
  const predictor = nn.compilePredict({
    weights,
    batch: { x: nn.column(width) },
    predict: ({ x }) => ({ score: tf.add(dense(x, wide), dense(dense(x, hidden, 'relu'), output)) }),
    batchSizes: [items],
  });
  // The share of columns that tell rows apart; the others say what the user did, which for most items is nothing.
  const random = new nn.Random(2);
  const rows = new Float32Array(items * width);
  const varying = Math.round(width * Number(flags.varying));
  for (let at = 0; at < rows.length; at++) rows[at] = at % width < varying ? random.normal() : 0.5;
  const values = weights.export();
  const graph = time(() => predictor.predict({ x: rows }));
  const plain = time(() => scoreRows(values, rows));
  const { score } = predictor.predict({ x: rows });
  const apart = scoreRows(values, rows).reduce(
    (most, own, at) => Math.max(most, Math.abs(own - score[at])),
    0,
  );
  const report = { items, width, varying, graph_us: graph, plain_us: plain, largest_difference: apart };
  if (!flags.json) console.table(report);
  console.log(JSON.stringify(report));
}

/** Median microseconds of a call. */
function time(call: () => unknown): number {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    call();
    times.push(1000 * (performance.now() - start));
  }
  return Math.round(times.sort((a, b) => a - b)[ROUNDS >> 1]);
}
