/** What each way of resampling is worth for churn and fraud, against none: the same cuts, seeds and models, paired. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { chooseThreads } from '../src/nn/threads.js';

const METHODS = ['CLASS_WEIGHTS', 'FOCAL_LOSS', 'OVERSAMPLE', 'UNDERSAMPLE', 'SMOTE'] as const;
const FIGURES = ['auc', 'pr_auc', 'log_loss', 'ece'] as const;
type Figures = Record<(typeof FIGURES)[number], number>;
/** Labels after a cut must have ended for churn; frauds are looked for as long. */
const WINDOW_DAYS = 90;

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      data: { type: 'string', default: 'data/online-retail' },
      cuts: { type: 'string', default: '2011-06-10,2011-07-10,2011-08-10,2011-09-10' },
      seeds: { type: 'string', default: '3' },
      json: { type: 'boolean' },
    },
  });
  const file = join(flags.data, 'online-retail.csv.gz');
  if (!existsSync(file)) {
    console.log(JSON.stringify({ skipped: `There is no ${file}.` }));
    return;
  }
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  chooseThreads('small');
  const { readOnlineRetail } = await import('../src/pipeline/collect/index.js');
  const { history } = await readOnlineRetail(file);
  const { dense, fraudDense, fraudExamples } = await import('../src/pipeline/single-task/index.js');
  const { buyersBefore, purchaseLabels } = await import('../src/pipeline/preprocess/index.js');
  const { auc, averagePrecision, expectedCalibrationError, logLoss } =
    await import('../src/pipeline/evaluate/index.js');
  const figuresOf = (labels: Float32Array, probabilities: Float32Array): Figures => ({
    auc: auc(labels, probabilities),
    pr_auc: averagePrecision(labels, probabilities),
    log_loss: logLoss(labels, probabilities),
    ece: expectedCalibrationError(labels, probabilities),
  });
  const seeds = Array.from({ length: Number(flags.seeds) }, (_, at) => at + 1);
  const cuts = flags.cuts.split(',').map((cut) => Date.parse(cut));

  const measure = async (task: 'CHURN' | 'FRAUD', method: string, cut: number, seed: number) => {
    const model = (task === 'CHURN' ? dense : fraudDense).create([task], { resampling: { [task]: method } });
    const signal = new AbortController().signal;
    await model.fit(
      { history, cut },
      { seed, signal, onEpoch: () => undefined, onProgress: () => undefined },
    );
    try {
      if (task === 'CHURN') {
        const users = buyersBefore(history, cut);
        const labels = purchaseLabels(history, users, cut, WINDOW_DAYS).map((bought) => 1 - bought);
        const scores = await model.users!.scoreUsers({ history, users, asOf: cut });
        return figuresOf(labels, scores.CHURN!);
      }
      const to = cut + WINDOW_DAYS * 86_400_000;
      const examples = fraudExamples(history, { from: cut, to, labelledUntil: cut });
      const scores = await model.fraud!.scoreTransactions(examples.contexts);
      return figuresOf(Float32Array.from(examples.labels), scores);
    } finally {
      model.dispose();
    }
  };

  const found: Record<string, unknown> = {};
  for (const task of ['CHURN', 'FRAUD'] as const) {
    const rows: Record<string, Figures[]> = {};
    for (const method of ['NONE', ...METHODS]) {
      rows[method] = [];
      for (const cut of cuts)
        for (const seed of seeds) rows[method].push(await measure(task, method, cut, seed));
      process.stderr.write(`${task} ${method} ${JSON.stringify(means(rows[method]))}\n`);
    }
    found[task.toLowerCase()] = {
      none: means(rows.NONE),
      ...Object.fromEntries(
        METHODS.map((method) => [method.toLowerCase(), differences(rows[method], rows.NONE)]),
      ),
    };
  }
  console.log(
    JSON.stringify({
      protocol: `dense and fraud-dense fitted before each cut, measured on the ${WINDOW_DAYS} days from it; difference from NONE at the same cut and seed: mean and 95 % interval (t over cuts and seeds)`,
      cuts: flags.cuts.split(','),
      seeds,
      ...found,
    }),
  );
}

const round = (value: number) => Math.round(1e4 * value) / 1e4;
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function means(rows: readonly Figures[]): Figures {
  return Object.fromEntries(
    FIGURES.map((name) => [name, round(mean(rows.map((row) => row[name])))]),
  ) as Figures;
}

/** Student's t at 97.5 %, by degrees of freedom from 1 on. */
const T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201];

function differences(rows: readonly Figures[], plain: readonly Figures[]) {
  return Object.fromEntries(
    FIGURES.map((name) => {
      const values = rows.map((row, at) => row[name] - plain[at][name]);
      const centre = mean(values);
      const spread = Math.sqrt(values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (values.length - 1));
      const half = ((T[values.length - 2] ?? 1.96) * spread) / Math.sqrt(values.length);
      return [name, { mean: round(centre), low: round(centre - half), high: round(centre + half) }];
    }),
  );
}
