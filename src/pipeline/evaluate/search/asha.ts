/** Asynchronous successive halving (Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020). */
import type { Budget } from './space.js';

/** Each rung's trials are thinned to one in so many. */
export const REDUCTION = 3;

/** Budgets from the least to the most, each about three times the one before; whole numbers, no two alike. */
export function rungBudgets(
  { least, most }: Pick<Budget, 'least' | 'most'>,
  reduction = REDUCTION,
): number[] {
  const budgets: number[] = [most];
  for (let budget = most / reduction; Math.round(budget) >= least; budget /= reduction) {
    const whole = Math.round(budget);
    if (whole < budgets[0]) budgets.unshift(whole);
  }
  return budgets;
}

/** A trial as the rule sees it: what it is worth on each rung that it has finished (more is better; null for what broke). */
export interface RungTrial {
  readonly number: number;
  readonly worths: readonly (number | null)[];
  /** The rung that it runs on; null when it does not run. */
  readonly running: number | null;
}

/**
 * The trial to be given the next rung's budget: looked for from the top rung down, the best of those among a rung's best third that have not
 * gone on yet.
 *
 * @returns null where none may go on
 */
export function trialToPromote(
  trials: readonly RungTrial[],
  rungs: number,
  reduction = REDUCTION,
): { readonly number: number; readonly rung: number } | null {
  for (let rung = rungs - 2; rung >= 0; rung--) {
    const finished = onRung(trials, rung);
    const allowed = finished.slice(0, Math.floor(finished.length / reduction));
    const next = allowed.find((trial) => !hasGoneOn(trial, rung));
    if (next) return { number: next.number, rung: rung + 1 };
  }
  return null;
}

/**
 * Where all is measured and none reached the top rung (fewer trials than the rungs thin out): the best of the highest rung goes to the top, so
 * that the search ends with a trial of the full budget.
 */
export function trialToFinish(
  trials: readonly RungTrial[],
  rungs: number,
): { readonly number: number; readonly rung: number } | null {
  for (let rung = rungs - 1; rung >= 0; rung--) {
    const [best] = onRung(trials, rung).filter(({ worths }) => worths[rung] !== null);
    if (best) return rung === rungs - 1 ? null : { number: best.number, rung: rungs - 1 };
  }
  return null;
}

/** Trials that have finished a rung, the best first; of equal worth the earlier. */
export function onRung(trials: readonly RungTrial[], rung: number): RungTrial[] {
  const worthOf = ({ worths }: RungTrial) => worths[rung] ?? -Infinity;
  return trials
    .filter(({ worths }) => worths[rung] !== undefined)
    .sort((a, b) => worthOf(b) - worthOf(a) || a.number - b.number);
}

const hasGoneOn = ({ worths, running }: RungTrial, rung: number): boolean =>
  worths.slice(rung + 1).some((worth) => worth !== undefined) ||
  (running ?? -1) > rung ||
  worths[rung] === null;
