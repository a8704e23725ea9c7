/** What a search does next, out of what its trials have reached: a rule without state, so that any worker can ask it. */
import { Random } from '../../../nn/random.js';
import { type RungTrial, trialToFinish, trialToPromote } from './asha.js';
import { defaultPoint, drawPoint, type Parameter, type Point } from './space.js';
import { proposeByTpe } from './tpe.js';

/**
 * RANDOM: points drawn evenly, each with the whole budget. ASHA: the same with the least budget, of which the best go on with more. TPE: points
 * where good ones were, each with the whole budget.
 */
export const SEARCH_METHODS = ['RANDOM', 'ASHA', 'TPE'] as const;
export type SearchMethod = (typeof SEARCH_METHODS)[number];

export interface SearchPlan {
  readonly method: SearchMethod;
  readonly parameters: readonly Parameter[];
  /** Budgets from the least to the most; one (null where nothing is to be set) for methods that give each trial the whole. */
  readonly budgets: readonly (number | null)[];
  /** Points tried at most. */
  readonly trials: number;
  readonly seed: number;
}

/** A trial as the rule sees it. */
export interface TrialState {
  readonly number: number;
  readonly status: string;
  readonly hyperparameters: Point;
  readonly rung: number;
  /** More is better; null for what broke. */
  readonly results: readonly { readonly rung: number; readonly worth: number | null }[];
}

export interface NextTrial {
  readonly number: number;
  readonly hyperparameters: Point;
  readonly rung: number;
  readonly budget: number | null;
}

/** Draws of a point that was not tried before; a space of few values runs out. */
const MOST_DRAWS = 100;

/** @returns null where there is nothing to do now: wait while trials run, otherwise the search is over */
export function nextTrial(plan: SearchPlan, trials: readonly TrialState[]): NextTrial | null {
  const onRung = ({ number, hyperparameters }: TrialState, rung: number): NextTrial => ({
    number,
    hyperparameters,
    rung,
    budget: plan.budgets[rung],
  });
  const waiting = trials.find(({ status }) => status === 'WAITING');
  if (waiting) return onRung(waiting, waiting.rung);
  const rungTrials = trials.map(toRungTrial);
  const promote = (choice: ReturnType<typeof trialToPromote>): NextTrial | null => {
    const trial = choice && trials.find(({ number }) => number === choice.number);
    return trial ? onRung(trial, choice.rung) : null;
  };
  const promoted = promote(trialToPromote(rungTrials, plan.budgets.length));
  if (promoted) return promoted;
  const point = trials.length < plan.trials ? newPoint(plan, trials) : null;
  if (point) return { number: trials.length + 1, hyperparameters: point, rung: 0, budget: plan.budgets[0] };
  if (trials.some(({ status }) => status === 'RUNNING')) return null;
  return promote(trialToFinish(rungTrials, plan.budgets.length));
}

/** The trial with the best result on the highest rung that any has finished; null before one has. */
export function bestTrial<Trial extends TrialState>(trials: readonly Trial[]): Trial | null {
  let best: { trial: Trial; rung: number; worth: number } | null = null;
  for (const trial of trials) {
    for (const { rung, worth } of trial.results) {
      if (worth === null) continue;
      if (!best || rung > best.rung || (rung === best.rung && worth > best.worth))
        best = { trial, rung, worth };
    }
  }
  return best?.trial ?? null;
}

function newPoint(plan: SearchPlan, trials: readonly TrialState[]): Point | null {
  const own = trials.length === 0 ? defaultPoint(plan.parameters) : null;
  if (own) return own;
  const tried = new Set(trials.map(({ hyperparameters }) => nameOf(hyperparameters)));
  const random = new Random(plan.seed).fork('search').fork(trials.length + 1);
  const observations = trials.map(({ hyperparameters, results }) => ({
    point: hyperparameters,
    worth: results.at(-1)?.worth ?? null,
  }));
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    const point =
      plan.method === 'TPE' && draw < MOST_DRAWS / 2
        ? proposeByTpe(plan.parameters, observations, random)
        : drawPoint(plan.parameters, random);
    if (!tried.has(nameOf(point))) return point;
  }
  return null;
}

/** The same for equal points, whatever order their names stand in. */
const nameOf = (point: Point): string =>
  JSON.stringify(Object.entries(point).sort(([a], [b]) => (a < b ? -1 : 1)));

function toRungTrial({ number, status, rung, results }: TrialState): RungTrial {
  const worths: (number | null)[] = [];
  for (const result of results) worths[result.rung] = result.worth;
  // One that broke for good goes no further.
  if (status === 'FAILED') worths[rung] = null;
  return { number, worths, running: status === 'RUNNING' ? rung : null };
}
