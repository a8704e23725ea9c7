/** The probabilities of the yes/no labels for a user of whom everything is known. */
import { TASK_DEFINITIONS } from '../../../tasks/index.js';
import type { Calendar } from './calendar.js';
import { PROCESS } from './process.js';
import type { TruthColumns } from './truth-columns.js';

const { exp } = Math;

export type LabelTask = 'PURCHASE_INTENT' | 'CHURN';

export interface Rates {
  readonly visit: number;
  readonly leaving: number;
}

/**
 * Probability of no order in `days` days from a day on, for a user who is still there: each morning the user may leave for good; else comes
 * or not; and orders or not.
 */
export function noOrder(
  { visits, leaving, conversion }: Pick<Calendar, 'visits' | 'leaving' | 'conversion'>,
  from: number,
  days: number,
  rates: Rates,
): number {
  let there = 1;
  let gone = 0;
  for (let day = from; day < from + days; day++) {
    const stays = exp(-rates.leaving * leaving[day]);
    gone += there * (1 - stays);
    there *= stays * (1 - conversion[day] * (1 - exp(-rates.visit * visits[day])));
  }
  return there + gone;
}

/** @param day the cut, counted from the start */
export function trueLabel(truth: TruthColumns, task: LabelTask, user: number, day: number): number {
  const isGone = truth.leavingDays[user] < day;
  const rates = { visit: truth.visitRates[user], leaving: truth.leavingRates[user] };
  const none = isGone ? 1 : noOrder(truth.world.calendar, day, TASK_DEFINITIONS[task].labelWindowDays, rates);
  return task === 'CHURN' ? none : 1 - none;
}

const LONGEST = 366;
const ALIKE = {
  visits: new Float64Array(LONGEST).fill(1),
  leaving: new Float64Array(LONGEST).fill(1),
  conversion: new Float64Array(LONGEST).fill(PROCESS.conversion),
};

/** Logit of the label of a user who is there, where every day is alike. */
export function restingLogit(task: LabelTask, rates: Rates): number {
  const none = noOrder(ALIKE, 0, TASK_DEFINITIONS[task].labelWindowDays, rates);
  const logit = Math.log(none) - Math.log1p(-none);
  return task === 'CHURN' ? logit : -logit;
}
