import { AppError } from '../errors.js';
import { requireTrial, type RunRow, type TrialRow } from '../store/index.js';
import { givenName, isBuiltInTask, isCustomTask } from '../tasks/index.js';
import type { TrainingRequest } from './contract.js';
import { bestOf, lastResult, trialSettings } from './search-plan.js';

/**
 * A training with the settings of a search's trial: its best one unless a number says another.
 *
 * @throws AppError NOT_FOUND for a run that is no search, or without that trial; NOT_READY before the trial has a result
 */
export function trialTraining(
  runId: string,
  run: RunRow | null | undefined,
  trials: readonly TrialRow[],
  number: number | null,
): TrainingRequest {
  if (run?.kind !== 'SEARCH') throw new AppError('NOT_FOUND', `There is no search ${runId}.`);
  const trial = number === null ? bestOf(run, trials) : requireTrial(trials, runId, number);
  const last = trial && lastResult(trial);
  if (!trial || !last)
    throw new AppError(
      'NOT_READY',
      `The search ${runId} has no ${trial ? 'result of that trial' : 'measured trial'} yet.`,
    );
  const { architecture, threshold } = run.config as { architecture: string; threshold: null | object };
  return {
    kind: 'SINGLE_TASK',
    tasks: run.tasks.filter(isBuiltInTask),
    customTasks: run.tasks.filter(isCustomTask).map(givenName),
    architecture,
    hyperparameters: trialSettings(run, trial, last.budget),
    ...(threshold && { thresholds: threshold }),
    seed: run.seed,
  };
}
