/** Which tasks a training run learns. */
import { AppError } from '../errors.js';
import type { ShopStore } from '../store/index.js';
import { type CustomTask, customTaskName, TASK_DEFINITIONS, type TaskName, TASKS } from '../tasks/index.js';
import type { TrainingRequest } from './contract.js';

/** Tasks that learn together unless the caller names others. */
const SHARED_TASKS: readonly TaskName[] = ['PURCHASE_INTENT', 'CHURN', 'RECOMMENDATION'];
/** Tasks that a net can learn together. */
const SHAREABLE_TASKS: readonly TaskName[] = [...SHARED_TASKS, 'FRAUD', 'DEMAND'];
/** Ways to group tasks grow faster than any power of their number: 21,147 of nine. */
const MOST_GROUPED = 9;
/** Tasks whose labels come late or never: what views label for each other unless the caller names others. */
const CO_TRAINED_TASKS: readonly TaskName[] = ['FRAUD'];
/** Tasks of a run that names none: not all shops record the sessions that the others are about. */
const USUAL_TASKS = TASKS.filter((task) => TASK_DEFINITIONS[task].entity !== 'SESSION');

/**
 * The tasks asked for: where none are named, those of the product that go with the kind; with a SINGLE_TASK run that names tasks of the shop's own,
 * those alone.
 *
 * @throws AppError BAD_USER_INPUT for tasks that do not go with the kind, NOT_FOUND for one that the shop has not defined
 */
export async function runTasks(
  shop: ShopStore,
  request: TrainingRequest,
): Promise<{ tasks: TaskName[]; customTasks: CustomTask[] }> {
  const { kind, tasks: named = [], customTasks: wanted = [] } = request;
  const allowed = kind === 'SINGLE_TASK' ? TASKS : SHAREABLE_TASKS;
  const foreign = named.filter((task) => !allowed.includes(task));
  if (foreign.length > 0)
    throw new AppError(
      'BAD_USER_INPUT',
      `tasks: ${kind} learns ${allowed.join(', ')}; got ${foreign.join(', ')}.`,
    );
  if (wanted.length > 0 && kind === 'COLLABORATIVE' && request.collaboration === 'CO_TRAINING')
    throw new AppError(
      'BAD_USER_INPUT',
      `customTasks: CO_TRAINING labels what has no label, and counts of behaviours have theirs; got ${wanted.join(', ')}.`,
    );
  const customTasks = wanted.length > 0 ? await definedTasks(shop, wanted) : [];
  const usual = usualTasks(request, allowed);
  const isOwnOnly = customTasks.length > 0 && kind === 'SINGLE_TASK';
  const builtIn = named.length > 0 ? named : isOwnOnly ? [] : usual;
  const tasks = [...new Set([...builtIn, ...customTasks.map(({ name }) => customTaskName(name))])];
  if ((kind === 'MULTI_TASK' || kind === 'AUTO') && tasks.length < 2)
    throw new AppError('BAD_USER_INPUT', `tasks: ${kind} needs at least two tasks to learn together.`);
  if (kind === 'AUTO' && tasks.length > MOST_GROUPED)
    throw new AppError(
      'BAD_USER_INPUT',
      `tasks: AUTO measures every pair and weighs every grouping of at most ${MOST_GROUPED} tasks; got ${tasks.length}.`,
    );
  return { tasks, customTasks };
}

function usualTasks(
  { kind, collaboration }: TrainingRequest,
  allowed: readonly TaskName[],
): readonly TaskName[] {
  if (kind === 'COLLABORATIVE' && collaboration === 'CO_TRAINING') return CO_TRAINED_TASKS;
  if (kind === 'MULTI_TASK' || kind === 'COLLABORATIVE') return SHARED_TASKS;
  return USUAL_TASKS.filter((task) => allowed.includes(task));
}

/** Definitions of tasks by the names that the shop gave them. @throws AppError NOT_FOUND */
export async function definedTasks(shop: ShopStore, names: readonly string[]): Promise<CustomTask[]> {
  const defined = await shop.customTasks();
  return [...new Set(names)].map((name) => {
    const found = defined.find((task) => task.name === name);
    if (found) return found;
    const known = defined.map((task) => task.name).join(', ') || 'none';
    throw new AppError('NOT_FOUND', `customTasks: the shop has defined ${known}; got ${name}.`);
  });
}
