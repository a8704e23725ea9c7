/** Tasks that a shop defines for itself: how much of some behaviour a user shows in the days after a cut. */
import {
  type BuiltInTask,
  type CustomTaskName,
  type TaskDefinition,
  type TaskName,
  TASKS,
  type ThresholdRule,
} from './task.js';

/** What is counted: behaviours, or the different items that they name. */
export const COUNTED_UNITS = ['BEHAVIOURS', 'ITEMS'] as const;
export type CountedUnit = (typeof COUNTED_UNITS)[number];

/** A task by configuration, as a shop stores it: a count in a window, asked as yes/no or as a number. */
export interface CustomTask {
  /** In capitals, such as VIEWS_SOON: it names the task in every place, with `CUSTOM_` before it where others stand beside it. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Types of behaviour that count, at least one. */
  readonly behaviours: readonly string[];
  readonly counts: CountedUnit;
  /** Only items of this category (at any level of theirs) count; null = all, and behaviours without an item too. */
  readonly category: string | null;
  /** Days after the cut in which is counted. */
  readonly windowDays: number;
  /** Yes from so many on; null where the number itself is asked. */
  readonly atLeast: number | null;
  /** How yes and no are told apart; of no meaning where a number is asked. */
  readonly threshold: ThresholdRule;
  /** Users are asked about who did anything in so many days before the cut. */
  readonly activeDays: number;
}

const PREFIX = 'CUSTOM_';
const LEAST_EXAMPLES = 200;

export const isBuiltInTask = (task: string): task is BuiltInTask =>
  (TASKS as readonly string[]).includes(task);
export const isCustomTask = (task: string): task is CustomTaskName => task.startsWith(PREFIX);

/** The task's name among all others: VIEWS_SOON → CUSTOM_VIEWS_SOON. */
export const customTaskName = (name: string): CustomTaskName => `${PREFIX}${name}`;
/** The name that the shop gave. */
export const givenName = (task: CustomTaskName): string => task.slice(PREFIX.length);

/** A custom task as every other task is defined. */
export function definitionOf(task: CustomTask): TaskDefinition {
  const isNumber = task.atLeast === null;
  return {
    name: customTaskName(task.name),
    title: task.title,
    description: task.description,
    entity: 'USER',
    labelWindowDays: task.windowDays,
    head: isNumber ? 'REGRESSION' : 'SIGMOID',
    loss: isNumber ? 'POISSON' : 'SIGMOID_CROSS_ENTROPY',
    metrics: isNumber ? ['POISSON_DEVIANCE', 'MAE', 'WAPE'] : ['AUC', 'PR_AUC', 'LOG_LOSS', 'ECE'],
    higherIsBetter: !isNumber,
    ...(isNumber ? {} : { threshold: task.threshold }),
    minExamples: LEAST_EXAMPLES,
  };
}

/** The custom tasks that a run's configuration, a model's settings or a manifest carries. */
export function customTasksOf(carrier: Readonly<Record<string, unknown>>): readonly CustomTask[] {
  return (carrier.customTasks ?? []) as readonly CustomTask[];
}

/** What a model learns of a custom task: two with the same answer are the same task, whatever their titles say. */
export function labelOf({ behaviours, counts, category, windowDays, atLeast }: CustomTask): string {
  return JSON.stringify([[...behaviours].sort(), counts, category, windowDays, atLeast]);
}

/** Out of `tasks`, the one of the name. */
export function customTaskOf(name: TaskName, tasks: readonly CustomTask[]): CustomTask {
  const found = tasks.find((task) => customTaskName(task.name) === name);
  if (!found) throw new Error(`The definition of ${name} is missing.`);
  return found;
}
