import type { Command } from 'commander';

import { AppError } from '../errors.js';
import { type TrainingRequest, trialTraining } from '../jobs/index.js';
import type { ShopStore } from '../store/index.js';
import { isCustomTask, type TaskName, TASKS } from '../tasks/index.js';
import { defineCommand, globalOptions, listOf, oneOf, wholeNumber } from './command.js';
import { followRun } from './follow-run.js';
import { collectSetting, type Settings } from './settings.js';
import { taskNameOf } from './tasks.js';

interface TrainFlags {
  readonly kind: TrainingRequest['kind'];
  readonly tasks?: TaskName[];
  readonly customTasks?: string[];
  readonly architecture?: string;
  readonly seed?: number;
  readonly cut?: Date;
  readonly balance?: TrainingRequest['lossBalancing'];
  readonly resample?: TrainingRequest['resampling'];
  readonly collaboration?: string;
  readonly set?: Settings;
  readonly trial?: string;
  readonly deploy?: boolean;
}

/** `train`: starts a training run, shows its progress and what came out. */
export function addTrainCommand(program: Command): void {
  const command = defineCommand(program, 'train', 'train models and show how good they are')
    .option(
      '--kind <kind>',
      'single-task, multi-task, collaborative or auto',
      oneOf(['SINGLE_TASK', 'MULTI_TASK', 'COLLABORATIVE', 'AUTO']),
      'SINGLE_TASK' as const,
    )
    .option('--tasks <list>', `comma-separated, out of ${TASKS.join(', ').toLowerCase()}`, listOf(TASKS))
    .option('--custom-tasks <list>', "comma-separated, out of the shop's own", (list) =>
      list.split(',').map(taskNameOf),
    )
    .option('--architecture <name>', 'architecture, as docs/models lists them')
    .option('--seed <number>', 'seed of every random draw', wholeNumber(0, 2 ** 31 - 1))
    .option('--cut <date>', 'train on what was before this time (ISO 8601)', parseDate)
    .option('--balance <method>', 'how losses are weighed: METHOD, or FIXED:churn=2,fraud=0.5', parseBalance)
    .option(
      '--resample <list>',
      'how rare classes are drawn: churn=SMOTE,fraud=CLASS_WEIGHTS',
      parseResampling,
    )
    .option(
      '--collaboration <method>',
      'for collaborative: mutual-learning, distillation, adversarial, domain-adversarial or co-training',
      (text: string) => text.toUpperCase().replaceAll('-', '_'),
    )
    .option('--set <name=value…>', 'hyper-parameter, may be repeated', collectSetting)
    .option(
      '--trial <run[:number]>',
      'with the settings of a search: its best trial, or the one of the number; nothing else but --deploy is taken then',
    )
    .option('--deploy', 'serve what comes out');
  command.action(async () => {
    const flags = command.opts<TrainFlags>();
    const { trial } = flags;
    await followRun(globalOptions(command), async (jobs, shopKey, shop) => {
      if (trial !== undefined)
        return jobs.startTraining(shopKey, { ...(await trialOf(shop, trial)), deploy: flags.deploy });
      return jobs.startTraining(shopKey, {
        kind: flags.kind,
        tasks: flags.tasks,
        customTasks: flags.customTasks,
        architecture: flags.architecture,
        seed: flags.seed,
        cut: flags.cut,
        lossBalancing: flags.balance,
        resampling: flags.resample,
        collaboration: flags.collaboration,
        hyperparameters: flags.set,
        deploy: flags.deploy,
      });
    });
  });
}

/** @throws AppError BAD_USER_INPUT, NOT_FOUND, NOT_READY */
async function trialOf(shop: ShopStore, text: string): Promise<TrainingRequest> {
  const [, runId, number] = /^([^:]+)(?::(\d+))?$/.exec(text) ?? [];
  if (runId === undefined)
    throw new AppError('BAD_USER_INPUT', `--trial: expected a run, or run:number; got "${text}".`);
  const [[run], [trials]] = await Promise.all([shop.runsByIds([runId]), shop.trialsByRuns([runId])]);
  return trialTraining(runId, run, trials, number === undefined ? null : Number(number));
}

/** @throws AppError BAD_USER_INPUT */
export function parseDate(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) {
    throw new AppError(
      'BAD_USER_INPUT',
      `Expected a date such as 2011-09-10 or 2011-09-10T00:00:00Z, got "${text}".`,
    );
  }
  return date;
}

/** `FIXED:churn=2,fraud=0.5` → the method and its weights. @throws AppError BAD_USER_INPUT */
function parseBalance(text: string): NonNullable<TrainingRequest['lossBalancing']> {
  const [method, list] = text.split(':', 2);
  if (list === undefined) return { method: method.toUpperCase() };
  const weights = byTask(list, (value) => {
    const weight = Number(value);
    if (!(weight > 0)) throw new AppError('BAD_USER_INPUT', `Expected a weight above 0, got "${value}".`);
    return weight;
  });
  return { method: method.toUpperCase(), weights };
}

/** @throws AppError BAD_USER_INPUT */
const parseResampling = (text: string): NonNullable<TrainingRequest['resampling']> =>
  byTask(text, (method) => method.toUpperCase());

function byTask<Value>(list: string, parse: (value: string) => Value): Partial<Record<TaskName, Value>> {
  return Object.fromEntries(
    list.split(',').map((part) => {
      const [name, value] = part.split('=', 2);
      if (!value) throw new AppError('BAD_USER_INPUT', `Expected task=value, got "${part}".`);
      const task = taskNameOf(name);
      return [isCustomTask(task) ? task : oneOf(TASKS)(name), parse(value)];
    }),
  );
}
