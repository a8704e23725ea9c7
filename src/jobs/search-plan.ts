/** What a search's row says of its trials: the rule that they are drawn by, and their settings. */
import { bestTrial, rungBudgets, type SearchPlan, type TrialState } from '../pipeline/evaluate/index.js';
import type { RunRow, TrialResultValue, TrialRow } from '../store/index.js';
import { customTasksOf, taskDefinition } from '../tasks/index.js';
import type { SearchConfig } from './evaluation-contract.js';

/** The rule by which the run's trials are drawn and given budget. */
export function searchPlan(run: Pick<RunRow, 'config' | 'seed'>): SearchPlan {
  const { method, parameters, budget, trials } = run.config as unknown as SearchConfig;
  const budgets = method === 'ASHA' && budget ? rungBudgets(budget) : [budget?.most ?? null];
  return { method, parameters, budgets, trials, seed: run.seed };
}

/** A trial as the rule sees it: its figure turned so that more is better. */
export function toState(
  { tasks: [task], config }: Pick<RunRow, 'tasks' | 'config'>,
  trial: TrialRow,
): TrialState {
  const sign = taskDefinition(task, customTasksOf(config)).higherIsBetter ? 1 : -1;
  const results = trial.results.map(({ rung, value }) => ({
    rung,
    worth: value === null ? null : sign * value,
  }));
  return { ...trial, results };
}

/** A trial's settings with all that stays as it is, with the budget given; null = the budget of its last result. */
export function trialSettings(
  run: Pick<RunRow, 'config'>,
  trial: TrialRow,
  budget: number | null,
): TrialRow['hyperparameters'] {
  const config = run.config as unknown as SearchConfig;
  return {
    ...config.hyperparameters,
    ...trial.hyperparameters,
    ...(config.budget && budget !== null && { [config.budget.parameter]: budget }),
  };
}

/** The result with the largest budget; null before there is one. */
export function lastResult({ results }: TrialRow): TrialResultValue | null {
  return results.reduce<TrialResultValue | null>(
    (best, one) => (best && best.rung > one.rung ? best : one),
    null,
  );
}

/** The best on validation, on the highest rung that any has reached; null before one has a result. */
export function bestOf(run: Pick<RunRow, 'tasks' | 'config'>, trials: readonly TrialRow[]): TrialRow | null {
  const best = bestTrial(trials.map((trial) => toState(run, trial)));
  return trials.find(({ number }) => number === best?.number) ?? null;
}
