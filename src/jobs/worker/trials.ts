/** One trial of a search: what it is fitted and measured on, carrying it out, and finding those whose workers are dead. */
import { AppError, coerceError } from '../../errors.js';
import { DAY_MS, type ShopHistory } from '../../pipeline/index.js';
import type { TrialRow } from '../../store/index.js';
import { customTasksOf } from '../../tasks/index.js';
import { searchPlan, trialSettings } from '../search-plan.js';
import { type TaskExamples, taskExamples } from './examples.js';
import { decidingMetric, predictOnce, runRule, thresholdOf, worthOfMetric } from './measure-once.js';
import { type PlannedModel, planRun, withSettings } from './plan.js';
import type { RunContext } from './run-context.js';
import { type RunCuts, runCuts } from './run-cuts.js';

const MAX_ATTEMPTS = 3;
/** A trial's worker may be this long between taking it up and holding its name. */
const GRACE_MS = 4000;

/** What all trials of a search are fitted and measured on. */
export interface SearchData {
  readonly history: ShopHistory;
  readonly cuts: RunCuts;
  readonly planned: PlannedModel;
  /** From the validation cut on. */
  readonly held: TaskExamples;
  /** From the test cut on; gathered when it is looked at, once. */
  readonly test: () => TaskExamples;
}

export async function gatherSearch({ run, shop }: RunContext): Promise<SearchData> {
  const [planned] = planRun(run);
  const history = await shop.readHistory();
  const cuts = runCuts(history, run);
  const [task] = run.tasks;
  const customTasks = customTasksOf(run.config);
  const from = (cut: number) => taskExamples(task, history, cut, cut + cuts.windowDays * DAY_MS, customTasks);
  let test: TaskExamples | null = null;
  return { history, cuts, planned, held: from(cuts.validation), test: () => (test ??= from(cuts.test)) };
}

/** Name that a trial's worker holds while it is at it. */
const trialLock = ({ runId, number }: TrialRow): string => `trial:${runId}:${number}`;

/** Puts trials whose worker has died back, for whoever comes first; one that three workers died of counts as failed. */
export async function releaseDead({ run, shop, store }: RunContext): Promise<void> {
  const [trials] = await shop.trialsByRuns([run.id]);
  for (const trial of trials) {
    if (trial.status !== 'RUNNING' || Date.now() - trial.claimedAt.getTime() < GRACE_MS) continue;
    if (await store.isHeld(trialLock(trial))) continue;
    if (trial.attempts < MAX_ATTEMPTS) await shop.releaseTrial(trial);
    else
      await shop.finishTrial(trial, {
        status: 'FAILED',
        error: `It was taken up ${MAX_ATTEMPTS} times and each time its worker died.`,
      });
  }
}

/** Fits a claimed trial before the validation cut, measures it after, and stores the result. @param progress share of the run that is done */
export async function runTrial(
  context: RunContext,
  { history, cuts, planned, held }: SearchData,
  claim: TrialRow,
  progress: number,
): Promise<void> {
  const { run, shop, store } = context;
  const settings = trialSettings(run, claim, claim.budget);
  const letGo = await store.hold(trialLock(claim));
  const started = Date.now();
  try {
    const [predictions] = await predictOnce(
      context,
      {
        planned: withSettings(planned, settings),
        name: `trial-${claim.number}/rung-${claim.rung}`,
        history,
        cut: cuts.validation,
        seed: run.seed,
        from: progress,
        to: progress,
      },
      [held],
    );
    const report = held.evaluate(predictions, runRule(context), run.seed);
    const deciding = decidingMetric(context, report.metrics);
    const isTop = claim.rung === searchPlan(run).budgets.length - 1;
    const isSound = worthOfMetric(deciding) !== null;
    await shop.finishTrial(claim, {
      status: !isSound ? 'FAILED' : isTop ? 'SUCCEEDED' : 'PAUSED',
      ...(!isSound && { error: 'Its figure is not a number: the training went astray.' }),
      result: {
        rung: claim.rung,
        budget: claim.budget,
        value: isSound ? (deciding?.value ?? null) : null,
        threshold: thresholdOf(report),
        metrics: report.metrics,
        seconds: (Date.now() - started) / 1000,
      },
    });
  } catch (thrown) {
    if (context.signal.aborted) {
      // Told to stop: somebody else goes on, and this attempt does not count.
      await shop.releaseTrial(claim, claim.attempts - 1);
      throw thrown;
    }
    const error = coerceError(thrown);
    if (!(error instanceof AppError))
      context.log.error({ err: error, runId: run.id, trial: claim.number }, 'A trial failed.');
    await shop.finishTrial(claim, {
      status: 'FAILED',
      error: error instanceof AppError ? error.message : 'It failed; the log of its worker says why.',
    });
  } finally {
    await letGo();
  }
}
