import { tooFewData } from '../../errors.js';
import { DAY_MS, shopClock, type ShopHistory } from '../../pipeline/index.js';
import type { RunRow } from '../../store/index.js';
import { customTasksOf, TASK_DEFINITIONS, taskDefinition } from '../../tasks/index.js';

/** History that the first fit of a run must have behind it. */
export const LEAST_HISTORY_DAYS = 42;

/** The times of a run: models are fitted before each and measured on what came after. */
export interface RunCuts {
  /** Thresholds, weights and the served model are chosen on what came after this one. */
  readonly validation: number;
  /** The figures shown are of what came after this one. */
  readonly test: number;
  /** What serves has learnt from everything before this one. */
  readonly final: number;
  readonly windowDays: number;
}

/**
 * Cuts so that the labels of the longest window end by the next cut: validation + window = test, test + window = final. One set for all tasks
 * of a shop, so that versions of different runs can be compared and combined.
 *
 * @throws AppError TOO_FEW_DATA with days of history
 */
export function runCuts(history: ShopHistory, run: RunRow): RunCuts {
  const clock = shopClock(history);
  const given = run.config.cut as string | null | undefined;
  const final = given ? Math.min(clock, Date.parse(given)) : clock;
  const first = firstBehaviour(history);
  const days = (final - first) / DAY_MS;
  const asked = longestWindow(run);
  const windowDays = longestUsableWindow(days, asked);
  const need = 2 * asked + LEAST_HISTORY_DAYS;
  if (windowDays < asked) {
    throw tooFewData(`Days of history to learn and measure ${run.tasks.join(', ')}`, Math.floor(days), need);
  }
  // At midnight, so that days are whole and runs started within a day agree.
  const test = Math.floor(final / DAY_MS) * DAY_MS - windowDays * DAY_MS;
  return { validation: test - windowDays * DAY_MS, test, final, windowDays };
}

function longestWindow({ tasks, config }: RunRow): number {
  const customTasks = customTasksOf(config);
  return Math.max(...tasks.map((task) => taskDefinition(task, customTasks).labelWindowDays));
}

/** The longest window among all tasks of the product, and the one asked for, for which the history is long enough. */
function longestUsableWindow(days: number, asked: number): number {
  const windows = Object.values(TASK_DEFINITIONS).map((task) => task.labelWindowDays);
  return Math.max(0, ...[...windows, asked].filter((window) => 2 * window + LEAST_HISTORY_DAYS <= days));
}

/** Time of the earliest behaviour. */
export function firstBehaviour({ behaviours }: ShopHistory): number {
  let first = Infinity;
  for (let row = 0; row < behaviours.count; row++) first = Math.min(first, behaviours.occurredAt[row]);
  return first;
}
