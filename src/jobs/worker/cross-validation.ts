/** Cross-validation: several folds and seeds, one row of evaluation each; a run that goes on after a death measures only what is missing. */
import { kFolds, rollingCuts } from '../../pipeline/evaluate/index.js';
import { DAY_MS, type ShopHistory } from '../../pipeline/index.js';
import { customTasksOf, taskDefinition } from '../../tasks/index.js';
import { type TaskExamples, taskExamples } from './examples.js';
import { predictOnce, runRule, thresholdOf } from './measure-once.js';
import { type PlannedModel, planRun } from './plan.js';
import type { RunContext } from './run-context.js';
import { firstBehaviour, LEAST_HISTORY_DAYS, runCuts } from './run-cuts.js';
import type { AskForHelp } from './search.js';
import { type RunPart, takeParts } from './shared-parts.js';
import { ofUsers } from './users-of-history.js';

/** Share of a run's work that comes before its first fold. */
const START = 0.05;
/** So many workers share the folds, if they are there. */
const MOST_WORKERS = 16;
/** Folds come no closer to each other than this, however short the history. */
const LEAST_STEP_DAYS = 7;

/** Where one fold is fitted and measured. */
interface Fold {
  readonly number: number;
  readonly cut: number;
  /** What lies before the cut and may be learnt from; the same for both. */
  readonly train: ShopHistory;
  readonly held: () => TaskExamples;
  /** An earlier cut whose labels end by this one, where the threshold is chosen. */
  readonly earlierCut: number;
  readonly earlier: () => TaskExamples;
  readonly protocol: string;
}

/** Carries out a CROSS_VALIDATION run: rolling origin (Tashman, 2000) or folds of users. Other workers that are free measure folds too. */
export async function crossValidate(context: RunContext, askForHelp: AskForHelp): Promise<null> {
  const parts = await foldParts(context);
  await askForHelp(context.run.id, Math.min(parts.length, MOST_WORKERS) - 1);
  await takeParts(context, parts, () => partsDone(context), true);
  return null;
}

/** Measures folds of another worker's cross-validation until none is left to take up. */
export async function helpCrossValidation(context: RunContext): Promise<void> {
  await takeParts(context, await foldParts(context), () => partsDone(context), false);
}

/** One part for each fold, seed and model. */
async function foldParts(context: RunContext): Promise<RunPart[]> {
  const { run, shop } = context;
  const planned = planRun(run).filter(({ type }) =>
    (run.config.architectures as string[]).includes(type.architecture),
  );
  const history = await shop.readHistory();
  const folds =
    run.config.method === 'BY_USER' ? userFolds(context, history) : rollingFolds(context, history);
  const seeds = Array.from({ length: run.config.seeds as number }, (_, at) => run.seed + at);
  const all = folds.flatMap((fold) =>
    seeds.flatMap((seed) => planned.map((model) => ({ fold, seed, model }))),
  );
  return all.map(({ fold, seed, model }) => ({
    name: partName({ architecture: model.type.architecture, fold: fold.number, seed }),
    carryOut: (done) =>
      measureFold(context, fold, seed, model, (share) => START + (1 - START) * (done + share / all.length)),
  }));
}

async function partsDone({ run, shop }: RunContext): Promise<ReadonlySet<string>> {
  const [stored] = await shop.evaluationsByRuns([run.id]);
  return new Set(stored.map(partName));
}

function partName(part: { architecture: string; fold?: number | null; seed?: number | null }): string {
  return `${part.architecture} ${part.fold} ${part.seed}`;
}

async function measureFold(
  context: RunContext,
  fold: Fold,
  seed: number,
  planned: PlannedModel,
  at: (share: number) => number,
): Promise<void> {
  const { run, shop } = context;
  const { family, architecture } = planned.type;
  const [task] = run.tasks;
  const rule = runRule(context);
  const name = `${architecture}/fold-${fold.number}/seed-${seed}`;
  const fit = { planned, history: fold.train, seed };
  let threshold: number | typeof rule = rule;
  if (typeof rule !== 'number') {
    const earlier = fold.earlier();
    const [predictions] = await predictOnce(
      context,
      { ...fit, name: `${name}/threshold`, cut: fold.earlierCut, from: at(0), to: at(0.4) },
      [earlier],
    );
    threshold = thresholdOf(earlier.evaluate(predictions, rule, seed));
  }
  const held = fold.held();
  const [predictions] = await predictOnce(
    context,
    { ...fit, name, cut: fold.cut, from: at(0.4), to: at(0.9) },
    [held],
  );
  const report = held.evaluate(predictions, threshold, seed);
  await shop.addEvaluations([
    {
      runId: run.id,
      modelVersionId: null,
      family,
      architecture,
      isServed: false,
      task,
      split: 'TEST',
      protocol: `${fold.protocol}; ${held.protocol}`,
      fold: fold.number,
      seed,
      cut: new Date(fold.cut),
      ...report,
    },
  ]);
}

function rollingFolds(context: RunContext, history: ShopHistory): Fold[] {
  const { run } = context;
  const [task] = run.tasks;
  const cuts = runCuts(history, run);
  const window = windowDays(context, cuts.windowDays) * DAY_MS;
  const count = run.config.folds as number;
  const end = Math.floor(cuts.final / DAY_MS) * DAY_MS;
  // Before the first cut lie a window to choose the threshold on and enough to learn from.
  const room = end - 2 * window - LEAST_HISTORY_DAYS * DAY_MS - firstBehaviour(history);
  const longest = Math.floor(room / Math.max(1, count - 1) / DAY_MS);
  const asked = (run.config.stepDays as number | null) ?? Math.min(window / DAY_MS, longest);
  const step = Math.max(LEAST_STEP_DAYS, asked) * DAY_MS;
  const memo = remembered((cut: number) =>
    taskExamples(task, history, cut, cut + window, customTasksOf(run.config)),
  );
  return rollingCuts(end, window, step, count).map((cut, index) => ({
    number: index + 1,
    cut,
    train: history,
    held: () => memo(cut),
    earlierCut: cut - window,
    earlier: () => memo(cut - window),
    protocol: `rolling origin: fold ${index + 1} of ${count}, cuts ${step / DAY_MS} days apart, each trained on what lies before its cut`,
  }));
}

/** Days of labels after each cut: the task's own window, or one like the other tasks' for those that have none. */
function windowDays({ run }: RunContext, usual: number): number {
  return taskDefinition(run.tasks[0], customTasksOf(run.config)).labelWindowDays || usual;
}

/** Each fold fits on the other users' past and is measured on its own users' time after it: neither a user nor the future is learnt from. */
function userFolds(context: RunContext, history: ShopHistory): Fold[] {
  const { run } = context;
  const [task] = run.tasks;
  const { validation, test, final, windowDays: days } = runCuts(history, run);
  const customTasks = customTasksOf(run.config);
  const folds = kFolds(history.users.length, run.config.folds as number, run.seed);
  return folds.map((fold, index) => {
    const train = ofUsers(history, fold.train);
    return {
      number: index + 1,
      cut: test,
      train,
      held: () => taskExamples(task, ofUsers(history, fold.test), test, final, customTasks),
      earlierCut: validation,
      earlier: () => taskExamples(task, train, validation, validation + days * DAY_MS, customTasks),
      protocol: `fold ${index + 1} of ${folds.length}, parted by user`,
    };
  });
}

/** Examples of the last few cuts: each is looked at by all seeds and models. */
function remembered(make: (cut: number) => TaskExamples): (cut: number) => TaskExamples {
  const known = new Map<number, TaskExamples>();
  return (cut) => {
    const examples = known.get(cut) ?? make(cut);
    known.set(cut, examples);
    if (known.size > 2) known.delete([...known.keys()][0]);
    return examples;
  };
}
