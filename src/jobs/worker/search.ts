/** Searches of hyper-parameters: the run's worker takes trials up itself, and so does every other worker that is free. */
import { setTimeout as sleep } from 'node:timers/promises';

import { AppError } from '../../errors.js';
import { nextTrial, type SearchPlan } from '../../pipeline/evaluate/index.js';
import type { TrialRow } from '../../store/index.js';
import type { SearchConfig } from '../evaluation-contract.js';
import { bestOf, lastResult, searchPlan, toState, trialSettings } from '../search-plan.js';
import { predictOnce } from './measure-once.js';
import { withSettings } from './plan.js';
import type { RunContext } from './run-context.js';
import { gatherSearch, releaseDead, runTrial, type SearchData } from './trials.js';

/** How often is looked whether trials of other workers have ended. */
const POLL_MS = 300;
const TRIALS_SHARE = 0.9;

/** Calls up to so many other workers to a run's side. */
export type AskForHelp = (runId: string, workers: number) => Promise<void>;

/** Carries out a SEARCH run: trials are chosen between on validation; the best is judged once on test. */
export async function search(context: RunContext, askForHelp: AskForHelp): Promise<null> {
  const { run, shop } = context;
  const config = run.config as unknown as SearchConfig;
  const data = await gatherSearch(context);
  if (config.parallel > 1) await askForHelp(run.id, Math.min(config.parallel, config.trials) - 1);
  const trials = await takeTrials(context, data);
  const best = bestOf(run, trials);
  if (!best) {
    const broken = trials.find(({ error }) => error !== null)?.error;
    throw new AppError(
      'BAD_USER_INPUT',
      `No trial came to a result: ${broken ?? 'their figures are not numbers'}`,
    );
  }
  const [judged] = await shop.evaluationsByRuns([run.id]);
  if (judged.length === 0) await judge(context, data, best, trials.length);
  return null;
}

/**
 * Takes up trials one after another until none is left to start.
 *
 * @param isOwner waits for trials of other workers, and takes over those of dead ones; a helper leaves when there is nothing to do
 * @returns all trials of the run
 */
export async function takeTrials(
  context: RunContext,
  data: SearchData,
  isOwner = true,
): Promise<readonly TrialRow[]> {
  const { run, shop, signal } = context;
  const plan = searchPlan(run);
  for (;;) {
    signal.throwIfAborted();
    await releaseDead(context);
    const claim = await shop.claimTrial(run.id, (rows) => {
      const next = nextTrial(
        plan,
        rows.map((row) => toState(run, row)),
      );
      return next && { ...next, hyperparameters: next.hyperparameters as TrialRow['hyperparameters'] };
    });
    const [trials] = await shop.trialsByRuns([run.id]);
    const done = shareDone(plan, trials);
    if (isOwner) context.report(TRIALS_SHARE * done, `${trials.length} of ${plan.trials} trials drawn`);
    if (claim) {
      await runTrial(context, data, claim, TRIALS_SHARE * done);
      continue;
    }
    const isRunning = trials.some(({ status }) => status === 'RUNNING' || status === 'WAITING');
    if (!isRunning || !isOwner) return trials;
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Trials that have been measured at least once count by the rungs that they could climb. */
function shareDone({ trials: count, budgets }: SearchPlan, trials: readonly TrialRow[]): number {
  const ended = trials.reduce(
    (sum, { results, status }) => sum + (status === 'FAILED' ? 1 : results.length > 0 ? 1 : 0),
    0,
  );
  const atTop = trials.some(({ results }) => results.some(({ rung }) => rung === budgets.length - 1));
  return Math.min(1, ended / count) * (atTop || budgets.length === 1 ? 1 : 0.95);
}

/** The best trial's settings fitted before the test cut and measured after it, with the threshold that was chosen on validation. */
async function judge(
  context: RunContext,
  { history, cuts, planned, held, test }: SearchData,
  best: TrialRow,
  count: number,
): Promise<void> {
  const { run, shop } = context;
  const result = lastResult(best);
  const settings = trialSettings(run, best, result?.budget ?? null);
  const fit = { planned: withSettings(planned, settings), history, seed: run.seed };
  const [predictions] = await predictOnce(
    context,
    { ...fit, name: `trial-${best.number}/test`, cut: cuts.test, from: TRIALS_SHARE, to: 0.98 },
    [test()],
  );
  const report = test().evaluate(predictions, result?.threshold ?? 0.5, run.seed);
  await shop.addEvaluations([
    {
      runId: run.id,
      modelVersionId: null,
      family: planned.type.family,
      architecture: planned.type.architecture,
      isServed: false,
      task: run.tasks[0],
      split: 'TEST',
      protocol: `trial ${best.number}, the best of ${count} on validation (${held.protocol}), judged once; ${test().protocol}`,
      seed: run.seed,
      cut: new Date(cuts.test),
      ...report,
    },
  ]);
}
