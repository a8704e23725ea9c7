/** AUTO runs: measure which tasks help each other, learn those together, and keep the best model of each task, or the best ones together. */
import { AppError } from '../../errors.js';
import { modelType } from '../../pipeline/deploy/host/index.js';
import {
  aucStatistic,
  ndcgStatistic,
  type UnitStatistic,
  wapeStatistic,
} from '../../pipeline/evaluate/index.js';
import { DAY_MS, type ShopHistory } from '../../pipeline/index.js';
import {
  type Sharing,
  type TogetherMeasured,
  type TransferReport,
  transferReport,
} from '../../pipeline/multi-task/index.js';
import { isUserTask } from '../../pipeline/single-task/index.js';
import type { ModelVersionRow } from '../../store/index.js';
import { TASK_DEFINITIONS, type TaskName } from '../../tasks/index.js';
import { type TaskExamples, taskExamples } from './examples.js';
import { type PlannedModel, planRun, settingsFor, withoutRefusing } from './plan.js';
import type { RunContext } from './run-context.js';
import { type RunCuts, runCuts } from './run-cuts.js';
import { trainPlanned } from './training.js';

/** The net by which transfer is measured: sharing everything shows help and harm most clearly. */
const MEASURED_BY = 'shared-bottom';
/** What is tried for a group: where sharing is in doubt, nets that can keep tasks apart. */
const ARCHITECTURES: Readonly<Record<Exclude<Sharing, 'APART'>, readonly string[]>> = {
  SHARE: ['shared-bottom', 'mmoe', 'cgc', 'ple', 'cross-stitch'],
  SHARE_PARTLY: ['mmoe', 'cgc', 'ple', 'cross-stitch'],
};
/** Boosted trees learn users' tasks: one by itself, or those of a group on one survival curve. */
const TREES = { alone: 'boosted-trees', together: 'boosted-hazards' };
/** Seeds from the run's on. */
const SEEDS = 2;
/** Share of the run's work that the report takes. */
const REPORT_SHARE = 0.5;

/** Carries out an AUTO run. */
export async function trainAutomatically(context: RunContext): Promise<ModelVersionRow> {
  const { run } = context;
  context.report(0.01, 'reading the history');
  const history = await context.shop.readHistory();
  const cuts = runCuts(history, run);
  const transfer = await measureTransfer(context, history, cuts);
  const plan = (name: string, tasks: readonly TaskName[]): PlannedModel => {
    return { type: modelType(name), tasks, hyperparameters: settingsFor(run, tasks) };
  };
  const byGroup = transfer.groups.flatMap(({ sharing, tasks }): PlannedModel[] => {
    const nets = sharing === 'APART' ? [] : ARCHITECTURES[sharing].map((name) => plan(name, tasks));
    const ofUsers = tasks.filter(isUserTask);
    if (ofUsers.length === 0) return nets;
    return [...nets, plan(ofUsers.length > 1 ? TREES.together : TREES.alone, ofUsers)];
  });
  const planned = withoutRefusing([...planRun({ ...run, kind: 'SINGLE_TASK' }), ...byGroup]);
  return trainPlanned(context, {
    planned,
    history,
    cuts,
    transfer,
    areCombined: true,
    from: REPORT_SHARE,
  });
}

async function measureTransfer(
  context: RunContext,
  history: ShopHistory,
  cuts: RunCuts,
): Promise<TransferReport> {
  const { run } = context;
  const cut = cuts.validation;
  const examples = new Map<TaskName, TaskExamples>();
  const examplesOf = (task: TaskName): TaskExamples => {
    const known = examples.get(task) ?? taskExamples(task, history, cut, cut + cuts.windowDays * DAY_MS);
    examples.set(task, known);
    return known;
  };
  const measure = async (tasks: readonly TaskName[], seed: number, measureGradients: boolean) => {
    const model = modelType(MEASURED_BY).create(tasks, { ...settingsFor(run, tasks), measureGradients });
    try {
      const name = `transfer/${tasks.join('+')}/${seed}`;
      await model.fit({ history, cut }, { ...context.fitContext(name, 0, 0, false), seed });
      context.signal.throwIfAborted();
      const figures: Partial<Record<TaskName, UnitStatistic>> = {};
      for (const task of tasks) {
        const held = examplesOf(task);
        figures[task] = statisticOf(held, await held.predict(model));
      }
      const affinities = model.sharing?.().flatMap((net) => net.affinities) ?? [];
      return { figures, affinities };
    } finally {
      model.dispose();
    }
  };
  const alone = await measureAlone(run.tasks, (task) => measure([task], run.seed, false));
  return transferReport({
    tasks: [...alone.keys()],
    seeds: Array.from({ length: SEEDS }, (_, at) => run.seed + at),
    architecture: MEASURED_BY,
    protocol: `fitted before ${new Date(cut).toISOString().slice(0, 10)} and measured after; each net against itself with one task, from the same seeds; seeds and examples resampled together`,
    // What was tried alone from the run's own seed has been measured.
    measure: async (tasks, seed, areGradientsCompared) =>
      (tasks.length === 1 && seed === run.seed ? alone.get(tasks[0]) : undefined) ??
      measure(tasks, seed, areGradientsCompared),
    onProgress: (share) =>
      context.report(0.02 + (REPORT_SHARE - 0.02) * share, 'measuring which tasks help each other'),
  });
}

/** Measures each task by itself; left out are those that the shop has too few data for. @throws AppError TOO_FEW_DATA when it has for none */
async function measureAlone(
  tasks: readonly TaskName[],
  measure: (task: TaskName) => Promise<TogetherMeasured>,
): Promise<Map<TaskName, TogetherMeasured>> {
  const measured = new Map<TaskName, TogetherMeasured>();
  let refused: AppError | undefined;
  for (const task of tasks) {
    try {
      measured.set(task, await measure(task));
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== 'TOO_FEW_DATA') throw thrown;
      refused = thrown;
    }
  }
  if (measured.size === 0 && refused) throw refused;
  return measured;
}

function statisticOf(examples: TaskExamples, predictions: Float32Array): UnitStatistic {
  const { labels, targets, items, actual } = examples;
  if (labels) return aucStatistic(labels, predictions);
  if (targets) return ndcgStatistic(targets, predictions, items);
  if (actual) {
    const days = TASK_DEFINITIONS.DEMAND.labelWindowDays;
    return wapeStatistic(actual, predictions.subarray(0, actual.length), days);
  }
  throw new Error(`${examples.task} has neither labels nor targets nor quantities.`);
}
