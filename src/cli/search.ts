import { type Command, InvalidArgumentError } from 'commander';

import { bestOf, lastResult, type SearchRequest, trialSettings } from '../jobs/index.js';
import {
  type Parameter,
  parseParameters,
  SEARCH_METHODS,
  searchSpaceOf,
} from '../pipeline/evaluate/index.js';
import type { RunRow, ShopStore, TrialRow } from '../store/index.js';
import type { ThresholdRule } from '../tasks/index.js';
import { defineCommand, globalOptions, namesOf, oneOf, wholeNumber } from './command.js';
import { followRun, type RunReport } from './follow-run.js';
import { addMeasuredTask, measuredTask, type MeasuredTaskFlags } from './measured-task.js';
import { printResult } from './output.js';
import { collectSetting, type Settings } from './settings.js';

interface SearchFlags extends MeasuredTaskFlags {
  readonly architecture?: string;
  readonly method?: SearchRequest['method'];
  readonly trials?: number;
  readonly try?: Record<string, object>;
  readonly budget?: { least: number; most: number };
  readonly set?: Settings;
  readonly threshold?: ThresholdRule;
  readonly parallel?: number;
  readonly seed?: number;
  readonly showSpace?: string;
}

/** `search`: looks for good hyper-parameters of one task's model, and shows what it tried. */
export function addSearchCommand(program: Command): void {
  const command = defineCommand(
    program,
    'search',
    'search hyper-parameters, chosen on the validation window',
  );
  addMeasuredTask(command)
    .option('--architecture <name>', 'kind of model (default: that of the task)')
    .option('--method <method>', `${namesOf(SEARCH_METHODS)} (default tpe)`, oneOf(SEARCH_METHODS))
    .option('--trials <number>', 'settings to try (default 20)', wholeNumber(1, 200))
    .option(
      '--try <name=values>',
      'what to search, may be repeated: dropout=0..0.5, learningRate=log:0.0001..0.01, members=int:1..5, batchSize=64,256 (default: the space of the architecture)',
      collectParameter,
    )
    .option('--budget <least..most>', 'epochs (trees) of a trial; asha goes from least to most', parseBudget)
    .option(
      '--parallel <number>',
      'workers that take trials side by side at most (default 4)',
      wholeNumber(1, 64),
    )
    .option('--show-space <architecture>', 'print what would be searched of an architecture, and end');
  command.action(async () => {
    const flags = command.opts<SearchFlags>();
    const options = globalOptions(command);
    if (flags.showSpace !== undefined) return showSpace(options, flags.showSpace);
    const task = measuredTask(flags);
    const { architecture, method, trials, budget, parallel, seed } = flags;
    const parameters = flags.try && parseParameters(Object.values(flags.try));
    await followRun(
      options,
      (jobs, shop) =>
        jobs.startSearch(shop, {
          ...{ task, architecture, method, trials, budget, parallel, seed, parameters },
          hyperparameters: flags.set,
          ...(flags.threshold && { thresholds: { [task]: flags.threshold } }),
        }),
      reportTrials,
    );
  });
}

function showSpace(options: ReturnType<typeof globalOptions>, architecture: string): void {
  const space = searchSpaceOf(architecture);
  const { parameters, budget } = space;
  const lines = parameters.map((parameter) => `  ${parameter.name}  ${rangeOf(parameter)}`);
  if (budget) lines.push(`  ${budget.parameter}  ${budget.least}..${budget.most} (the length of a trial)`);
  printResult(options, { architecture, ...space }, `${architecture}:\n${lines.join('\n')}`);
}

const rangeOf = (parameter: Parameter): string =>
  parameter.type === 'CHOICE'
    ? parameter.values.map((value) => JSON.stringify(value)).join(', ')
    : `${parameter.type === 'FLOAT' ? '' : `${parameter.type.toLowerCase()}:`}${parameter.low}..${parameter.high}`;

async function reportTrials(shop: ShopStore, run: RunRow): Promise<RunReport> {
  const [trials] = await shop.trialsByRuns([run.id]);
  const best = bestOf(run, trials);
  const value = trials.map((trial) => ({
    ...trial,
    isBest: trial === best,
    settings: trialSettings(run, trial, lastResult(trial)?.budget ?? trial.budget),
  }));
  const next = best ? `\nTrain it: npm run tandem -- train --trial ${run.id} --deploy` : '';
  return { value: { trials: value }, text: trialTable(trials, best) + next };
}

function trialTable(trials: readonly TrialRow[], best: TrialRow | null): string {
  const lines = trials.map((trial) => {
    const last = lastResult(trial);
    const seconds = trial.results.reduce((sum, result) => sum + result.seconds, 0);
    return [
      trial === best ? '*' : ' ',
      String(trial.number).padStart(3),
      (last?.value?.toFixed(4) ?? '–').padStart(8),
      String(last?.budget ?? '').padStart(6),
      `${seconds.toFixed(1)} s`.padStart(8),
      trial.status.toLowerCase().padEnd(9),
      trial.error ?? JSON.stringify(trial.hyperparameters),
    ].join('  ');
  });
  const head = '   trial  on validation  budget  time  status  what was tried (* = the best)';
  return [head, ...lines].join('\n');
}

/** `name=0..1`, `name=log:1e-4..1e-2`, `name=int:1..5` or `name=a,b,c`, for commander. */
export function collectParameter(text: string, found: Record<string, object> = {}): Record<string, object> {
  const match = /^([A-Za-z]\w*)=(?:(int|log|float):)?(.+)$/.exec(text);
  if (!match) throw new InvalidArgumentError('Expected name=low..high or name=value,value.');
  const [, name, type, values] = match;
  const range = /^(\S+?)\.\.(\S+)$/.exec(values);
  if (range) {
    const [low, high] = range.slice(1).map(Number);
    return { ...found, [name]: { name, type: type?.toUpperCase() ?? 'FLOAT', low, high } };
  }
  if (type) throw new InvalidArgumentError(`Expected ${name}=${type}:low..high.`);
  const choices = values.split(',').map((value) => collectSetting(`v=${value.trim()}`).v);
  return { ...found, [name]: { name, type: 'CHOICE', values: choices } };
}

function parseBudget(text: string): { least: number; most: number } {
  const [, least, most] = /^(\d+)\.\.(\d+)$/.exec(text) ?? [];
  if (least === undefined) throw new InvalidArgumentError('Expected least..most, such as 2..18.');
  return { least: Number(least), most: Number(most) };
}
