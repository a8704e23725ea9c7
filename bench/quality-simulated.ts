/** The product's models on simulated shops, beside the best that any model could reach there. */
import { parseArgs } from 'node:util';

import { chooseThreads } from '../src/nn/threads.js';
import { simulateShop } from '../src/pipeline/collect/index.js';
import { ceiling, CEILING_TASKS, type CeilingTask } from '../src/pipeline/evaluate/index.js';
import { FIGURE_OF } from './simulated-scores.js';

/** Days of the shop, and of the cut: 90 days of labels behind it. */
const DAYS = 450;
const CUT_DAY = 360;

interface Figure {
  readonly task: CeilingTask;
  readonly model: string;
  readonly family: string;
  readonly value: number;
}

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      behaviours: { type: 'string', default: '1000000' },
      relatedness: { type: 'string', default: '0.5' },
      seeds: { type: 'string', default: '3' },
      tasks: { type: 'string', default: CEILING_TASKS.join(',') },
      users: { type: 'string', default: '1000' },
    },
  });
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  chooseThreads('small');
  const { fitAndScore } = await import('./simulated-models.js');
  const tasks = tasksOf(flags.tasks);
  const mostUsers = Number(flags.users);
  const figures: Figure[] = [];
  for (let seed = 1; seed <= Number(flags.seeds); seed++) {
    const options = {
      behaviours: Number(flags.behaviours),
      relatedness: Number(flags.relatedness),
      seed,
      days: DAYS,
    };
    const shop = simulateShop(options);
    const cut = shop.truth.timeOf(CUT_DAY);
    for (const task of tasks) {
      for (const knowledge of ['HISTORY', 'LATENTS'] as const) {
        const best = ceiling(shop, task, cut, { knowledge, seed, mostUsers });
        const metric = best.metrics.find(({ name }) => name === FIGURE_OF[task]);
        figures.push({ task, model: best.knowledge, family: 'CEILING', value: metric?.value ?? NaN });
      }
    }
    const say = (figure: Figure) => {
      figures.push(figure);
      process.stderr.write(`seed ${seed} ${figure.task} ${figure.model} ${figure.value.toFixed(4)}\n`);
    };
    figures.forEach(({ task, model, value }) =>
      process.stderr.write(`${task} ${model} ${value.toFixed(4)}\n`),
    );
    await fitAndScore(shop.history, cut, { tasks, seed, mostUsers }, say);
  }
  console.log(
    JSON.stringify({
      protocol: `simulated shop of ${DAYS} days, cut at day ${CUT_DAY}; gap to what can be known from the history (DEMAND: from the latents); mean over seeds`,
      behaviours: Number(flags.behaviours),
      relatedness: Number(flags.relatedness),
      seeds: Number(flags.seeds),
      tasks: Object.fromEntries(tasks.map((task) => [task, summary(task, figures)])),
    }),
  );
}

function tasksOf(list: string): CeilingTask[] {
  return list.split(',').map((name) => {
    const task = CEILING_TASKS.find((known) => known === name);
    if (task) return task;
    throw new Error(`--tasks: expected some of ${CEILING_TASKS.join(', ')}; got ${name}.`);
  });
}

/** By model: mean over the seeds, how far below (DEMAND: above) the ceiling of the same seed on average, and the spread of that. */
function summary(task: CeilingTask, all: readonly Figure[]): object {
  const own = all.filter((figure) => figure.task === task);
  const values = (model: string) => own.filter((figure) => figure.model === model).map(({ value }) => value);
  const tops = values(own.some(({ model }) => model === 'HISTORY') ? 'HISTORY' : 'LATENTS');
  const sign = task === 'DEMAND' ? -1 : 1;
  const models = [...new Map(own.map(({ model, family }) => [model, family]))];
  return {
    figure: FIGURE_OF[task],
    models: Object.fromEntries(
      models.map(([model, family]) => {
        const gaps = values(model).map((value, at) => sign * (tops[at] - value));
        return [
          model,
          {
            family,
            mean: round(mean(values(model))),
            gap: round(mean(gaps)),
            spread: round(deviation(gaps)),
          },
        ];
      }),
    ),
  };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]) =>
  values.length < 2
    ? 0
    : Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1));
const round = (value: number) => Math.round(1e4 * value) / 1e4;
