import type { Command } from 'commander';

import { toCrossValidation } from '../api/cross-validation.js';
import { CROSS_VALIDATION_METHODS, type CrossValidationRequest } from '../jobs/index.js';
import { type Ranking } from '../pipeline/evaluate/index.js';
import type { RunRow, ShopStore } from '../store/index.js';
import { defineCommand, globalOptions, namesOf, oneOf, wholeNumber } from './command.js';
import { followRun, type RunReport } from './follow-run.js';
import { addMeasuredTask, measuredTask, type MeasuredTaskFlags } from './measured-task.js';

interface CrossValidateFlags extends MeasuredTaskFlags {
  readonly architectures?: string[];
  readonly method?: CrossValidationRequest['method'];
  readonly folds?: number;
  readonly stepDays?: number;
  readonly seeds?: number;
}

/** `cross-validate`: measures kinds of model on several folds and seeds, and says which can be told apart. */
export function addCrossValidateCommand(program: Command): void {
  const command = defineCommand(
    program,
    'cross-validate',
    'measure models on several folds and seeds, with mean and spread',
  );
  addMeasuredTask(command)
    .option(
      '--architectures <list>',
      'comma-separated kinds of model (default: that of the task)',
      (list: string) => list.split(',').map((name) => name.trim()),
    )
    .option(
      '--method <method>',
      `${namesOf(CROSS_VALIDATION_METHODS)} (default rolling-origin)`,
      oneOf(CROSS_VALIDATION_METHODS),
    )
    .option('--folds <number>', 'folds (default 4)', wholeNumber(2, 20))
    .option('--step-days <number>', 'days between two cuts (default: the label window)', wholeNumber(1, 365))
    .option('--seeds <number>', 'seeds of each fold (default 3)', wholeNumber(1, 20));
  command.action(async () => {
    const flags = command.opts<CrossValidateFlags>();
    const task = measuredTask(flags);
    const { architectures, method, folds, stepDays, seeds, seed } = flags;
    await followRun(
      globalOptions(command),
      (jobs, shop) =>
        jobs.startCrossValidation(shop, {
          ...{ task, architectures, method, folds, stepDays, seeds, seed },
          hyperparameters: flags.set,
          ...(flags.threshold && { thresholds: { [task]: flags.threshold } }),
        }),
      reportFolds,
    );
  });
}

const VERDICTS: Readonly<Record<Ranking, string>> = {
  RANKED: 'the first is clearly ahead of all others',
  UNDECIDED: 'the first is not clearly ahead: an interval of a difference holds zero',
  ONE_SEED: 'no ranking: two models have fewer than two seeds in common',
  ALONE: 'one model only',
};

async function reportFolds(shop: ShopStore, run: RunRow): Promise<RunReport> {
  const [rows] = await shop.evaluationsByRuns([run.id]);
  if (rows.length === 0) return { value: { crossValidation: null }, text: 'No fold was measured.' };
  const result = await toCrossValidation(shop, run.config, rows);
  const number = (value: number | null | undefined) =>
    value === null || value === undefined ? '–' : value.toFixed(4);
  const models = result.models.map(({ model, folds, seeds, metrics }) => {
    const own = metrics.find(({ name }) => name === result.metric);
    const spread = `deviation over folds ${number(own?.overFolds)}, over seeds ${number(own?.overSeeds)}`;
    return `  ${model.padEnd(32)} ${number(own?.mean)}  ${spread}, ${number(own?.lowest)} to ${number(own?.highest)} (${folds} folds, ${seeds} seeds)`;
  });
  const folds = result.folds.map(({ fold, cut, examples, models: own }) => {
    const figures = own.map(({ model, metrics }) => {
      const measured = metrics.find(({ name }) => name === result.metric);
      return `${model} ${number(measured?.mean)}`;
    });
    return `  ${fold}  from ${cut.toISOString().slice(0, 10)}, ${examples} examples: ${figures.join('; ')}`;
  });
  const differences = result.differences.map(
    ({ better, worse, difference, low, high }) =>
      `  ${better} is ahead of ${worse} by ${number(difference)} [${number(low)}, ${number(high)}]`,
  );
  const head = `${run.tasks[0]}: ${result.metric}, ${VERDICTS[result.ranking]}`;
  return {
    value: { crossValidation: result },
    text: [head, ...models, 'Fold by fold:', ...folds, ...differences].join('\n'),
  };
}
