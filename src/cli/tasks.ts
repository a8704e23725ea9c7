import { type Command, InvalidArgumentError } from 'commander';

import { BEHAVIOUR_TYPES, type BehaviourType, customTask } from '../pipeline/index.js';
import { COUNTED_UNITS, type CountedUnit, type CustomTask, type ThresholdRule } from '../tasks/index.js';
import { defineCommand, globalOptions, listOf, oneOf, wholeNumber, withShop } from './command.js';
import { printResult } from './output.js';

const MOST_DAYS = 365;

interface DefineFlags {
  readonly behaviours: BehaviourType[];
  readonly days: number;
  readonly atLeast?: number;
  readonly counts?: CountedUnit;
  readonly category?: string;
  readonly activeDays?: number;
  readonly title?: string;
  readonly description?: string;
  readonly threshold?: ThresholdRule;
}

/** `tasks list|define|delete`: tasks of the shop's own, a count of behaviours in a window. */
export function addTasksCommand(program: Command): void {
  const group = program
    .command('tasks')
    .description("list, define and delete tasks of the shop's own")
    .exitOverride();
  addList(group);
  addDefine(group);
  addDelete(group);
}

function addList(group: Command): void {
  const list = defineCommand(group, 'list', 'tasks that the shop has defined');
  list.action(async () => {
    const options = globalOptions(list);
    const tasks = await withShop(options, (shop) => shop.customTasks());
    printResult(options, tasks, tasks.map(inALine).join('\n') || 'The shop has defined no tasks of its own.');
  });
}

function addDefine(group: Command): void {
  const define = defineCommand(
    group,
    'define <name>',
    'define a task: a count of behaviours in the days to come',
  )
    .requiredOption(
      '--behaviours <list>',
      `what counts, out of ${BEHAVIOUR_TYPES.join(', ').toLowerCase()}`,
      listOf(BEHAVIOUR_TYPES),
    )
    .requiredOption('--days <number>', 'days in which is counted', wholeNumber(1, MOST_DAYS))
    .option(
      '--at-least <number>',
      'yes from so many on (default: the number itself is asked)',
      wholeNumber(1, 1_000_000),
    )
    .option('--counts <what>', 'behaviours, or the different items they name', oneOf(COUNTED_UNITS))
    .option('--category <name>', 'count items of this category only')
    .option(
      '--active-days <number>',
      'learn from users who did anything in so many days before',
      wholeNumber(1, 10 * MOST_DAYS),
    )
    .option('--title <text>', 'the name in words')
    .option('--description <text>', 'what it asks, in words')
    .option('--threshold <rule>', 'f1, precision:0.8 or cost:MISS,FALSE_ALARM', parseThreshold);
  define.action(async (name: string, flags: DefineFlags) => {
    const options = globalOptions(define);
    const { days: windowDays, ...said } = flags;
    const { behaviours, atLeast, counts, category, activeDays, title, description, threshold } = said;
    const whole = { behaviours, atLeast, counts, category, activeDays, title, description, threshold };
    const task = customTask({ name, windowDays, ...whole });
    const defined = await withShop(options, (shop) => shop.defineTask(task));
    const next = `Train it: npm run tandem -- train --custom-tasks ${defined.name.toLowerCase()} --deploy`;
    printResult(options, defined, `${inALine(defined)}\n${next}`);
  });
}

function addDelete(group: Command): void {
  const remove = defineCommand(group, 'delete <name>', 'delete a task; models answer it no more');
  remove.action(async (name: string) => {
    const options = globalOptions(remove);
    const deleted = await withShop(options, (shop) => shop.deleteTask(taskNameOf(name)));
    printResult(options, { deleted: deleted.name }, `The task ${deleted.name} is deleted.`);
  });
}

/** Names are written as other tasks' are: in any case, with hyphens or underscores. */
export const taskNameOf = (text: string): string => text.trim().toUpperCase().replaceAll('-', '_');

const inALine = ({ name, description }: CustomTask): string => `${name}  ${description}`;

/** Parser of a rule for commander. */
export function parseThreshold(text: string): ThresholdRule {
  const [by, list = ''] = text.toLowerCase().split(':', 2);
  const numbers = list.split(',').map(Number);
  if (by === 'f1' && list === '') return { by: 'F1' };
  if (by === 'precision' && numbers.length === 1) return { by: 'PRECISION', target: numbers[0] };
  if (by === 'cost' && numbers.length === 2)
    return { by: 'COST', costOfMiss: numbers[0], costOfFalseAlarm: numbers[1] };
  throw new InvalidArgumentError('Expected f1, precision:0.8 or cost:20,1.');
}
