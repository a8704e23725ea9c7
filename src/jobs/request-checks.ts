/** What is checked of every request before it is queued. */
import { AppError, tooFewData } from '../errors.js';
import { thresholdRule } from '../pipeline/evaluate/index.js';
import { DAY_MS } from '../pipeline/index.js';
import type { JsonObject, RunKind, ShopStore } from '../store/index.js';
import type { CustomTask, TaskName } from '../tasks/index.js';
import type { Thresholds } from './evaluation-contract.js';

const MAX_SEED = 2 ** 31 - 1;
export const DEFAULT_SEED = 1;
const LEAST_BEHAVIOURS = 200;

export interface NewRun {
  readonly kind: RunKind;
  readonly tasks: TaskName[];
  readonly config: JsonObject;
  readonly seed: number;
}

/**
 * Parts the rules by which thresholds are chosen from the models' settings, where they may stand too (`hyperparameters.threshold`): they are
 * no model's.
 *
 * @throws AppError BAD_USER_INPUT for a wrong rule, one of a task that is not learnt or decides nothing, or rules given twice
 */
export function takeThresholds(
  {
    hyperparameters = {},
    thresholds,
  }: { readonly hyperparameters?: JsonObject; readonly thresholds?: Thresholds },
  tasks: readonly TaskName[],
  customTasks: readonly CustomTask[] = [],
): { threshold: JsonObject | null; hyperparameters: JsonObject } {
  const { threshold, ...rest } = hyperparameters;
  if (thresholds && threshold !== undefined && threshold !== null)
    throw new AppError('BAD_USER_INPUT', 'thresholds: given twice, also among the hyperparameters.');
  const rules = (thresholds ?? threshold ?? null) as JsonObject | null;
  for (const task of tasks) thresholdRule(task, rules, customTasks);
  if (rules !== null) requireTasks(thresholds ? 'thresholds' : 'threshold', Object.keys(rules), tasks);
  return { threshold: rules, hyperparameters: rest };
}

/** Definitions of the shop's own tasks as a run's row keeps them; nothing where there are none. */
export const carried = (customTasks: readonly CustomTask[]): JsonObject =>
  customTasks.length > 0 ? { customTasks: customTasks as unknown as JsonObject[] } : {};

/** @throws AppError BAD_USER_INPUT for a task that the run does not learn */
export function requireTasks(where: string, named: readonly string[], tasks: readonly TaskName[]): void {
  const foreign = named.filter((task) => !tasks.some((known) => known === task));
  if (foreign.length === 0) return;
  throw new AppError(
    'BAD_USER_INPUT',
    `${where}: the run learns ${tasks.join(', ')}; got ${foreign.join(', ')}.`,
  );
}

/** @throws AppError TOO_FEW_DATA; BAD_USER_INPUT for a cut after the latest behaviour */
export async function checkData(
  shop: ShopStore,
  tasks: readonly TaskName[],
  cut: Date | null,
): Promise<void> {
  const [{ behaviours }, latest] = await Promise.all([shop.counts(), shop.latestBehaviourAt()]);
  if (behaviours < LEAST_BEHAVIOURS || !latest) {
    throw tooFewData(`Behaviours to learn ${tasks.join(', ')} from`, behaviours, LEAST_BEHAVIOURS);
  }
  if (cut && cut.getTime() > latest.getTime() + DAY_MS) {
    throw new AppError(
      'BAD_USER_INPUT',
      `cut: the latest behaviour is of ${latest.toISOString()}; got ${cut.toISOString()}.`,
    );
  }
}

export function checkSeed(seed: number): void {
  checkRange('seed', seed, 0, MAX_SEED);
}

/** @throws AppError BAD_USER_INPUT unless it is a whole number from low to high */
export function checkRange(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new AppError(
      'BAD_USER_INPUT',
      `${name}: expected a whole number from ${low} to ${high}, got ${value}.`,
    );
  }
}
