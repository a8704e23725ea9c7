/** What commands that measure one task's models have in common. */
import type { Command } from 'commander';

import { AppError } from '../errors.js';
import { customTaskName, type TaskName, TASKS, type ThresholdRule } from '../tasks/index.js';
import { namesOf, oneOf, wholeNumber } from './command.js';
import { collectSetting, type Settings } from './settings.js';
import { parseThreshold, taskNameOf } from './tasks.js';

export interface MeasuredTaskFlags {
  readonly task?: TaskName;
  readonly customTask?: string;
  readonly set?: Settings;
  readonly threshold?: ThresholdRule;
  readonly seed?: number;
}

/** Adds the task, settings that stay as they are, the threshold's rule and the seed. */
export function addMeasuredTask(command: Command): Command {
  return command
    .option('--task <name>', namesOf(TASKS), oneOf(TASKS))
    .option('--custom-task <name>', "a task of the shop's own", taskNameOf)
    .option('--set <name=value…>', 'hyper-parameter that stays as it is, may be repeated', collectSetting)
    .option('--threshold <rule>', 'f1, precision:0.8 or cost:MISS,FALSE_ALARM', parseThreshold)
    .option('--seed <number>', 'the first seed of every random draw', wholeNumber(0, 2 ** 31 - 1));
}

/** @throws AppError BAD_USER_INPUT unless exactly one of the two is named */
export function measuredTask({ task, customTask }: MeasuredTaskFlags): TaskName {
  if (task !== undefined && customTask === undefined) return task;
  if (task === undefined && customTask !== undefined) return customTaskName(customTask);
  throw new AppError(
    'BAD_USER_INPUT',
    `Expected one of --task (${namesOf(TASKS)}) and --custom-task; got ${task === undefined ? 'neither' : 'both'}.`,
  );
}
