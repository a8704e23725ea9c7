/** AUTO runs: measure which tasks help each other, learn those together, and keep the best model of each task, or the best ones together. */
import { modelType } from '../../pipeline/deploy/host/index.js';
import type { RunPlan } from '../../pipeline/deploy/index.js';
import { DAY_MS } from '../../pipeline/index.js';
import type { Sharing, TaskGroup } from '../../pipeline/multi-task/index.js';
import { isUserTask } from '../../pipeline/single-task/index.js';
import type { ModelVersionRow } from '../../store/index.js';
import { customTasksOf, type TaskName } from '../../tasks/index.js';
import { measureTransfer } from './auto/measure-transfer.js';
import { type PlannedModel, planRun, settingsFor, withoutRefusing } from './plan.js';
import type { RunContext } from './run-context.js';
import { runCuts } from './run-cuts.js';
import { trainPlanned } from './training.js';

/** What is tried for a group: where sharing is in doubt, nets that can keep tasks apart. */
const ARCHITECTURES: Readonly<Record<Exclude<Sharing, 'APART'>, readonly string[]>> = {
  SHARE: ['shared-bottom', 'mmoe', 'cgc', 'ple', 'cross-stitch'],
  SHARE_PARTLY: ['mmoe', 'cgc', 'ple', 'cross-stitch'],
};
/** Boosted trees learn users' tasks: one by itself, or those of a group on one survival curve. */
const TREES = { alone: 'boosted-trees', together: 'boosted-hazards' };
/** Share of the run's work that the report takes. */
const REPORT_SHARE = 0.5;

/** Carries out an AUTO run. */
export async function trainAutomatically(context: RunContext): Promise<ModelVersionRow> {
  const { run } = context;
  context.report(0.01, 'reading the history');
  const history = await context.shop.readHistory();
  const cuts = runCuts(history, run);
  const transfer = await measureTransfer({
    history,
    cut: cuts.validation,
    until: cuts.validation + cuts.windowDays * DAY_MS,
    tasks: run.tasks,
    customTasks: customTasksOf(run.config),
    seed: run.seed,
    settings: (tasks) => settingsFor(run, tasks),
    fitContext: (name) => context.fitContext(name, 0, 0, false),
    onProgress: (share) =>
      context.report(0.02 + (REPORT_SHARE - 0.02) * share, 'measuring which tasks help each other'),
  });
  return trainPlanned(context, {
    planned: planGroups(run, transfer.groups),
    history,
    cuts,
    transfer,
    areCombined: true,
    from: REPORT_SHARE,
  });
}

/** Each task alone by every usual model, and the groups by the nets that go with how much they share. */
export function planGroups(run: RunPlan, groups: readonly TaskGroup[]): PlannedModel[] {
  const plan = (name: string, tasks: readonly TaskName[]): PlannedModel => {
    return { type: modelType(name), tasks, hyperparameters: settingsFor(run, tasks) };
  };
  const byGroup = groups.flatMap(({ sharing, tasks }): PlannedModel[] => {
    const nets = sharing === 'APART' ? [] : ARCHITECTURES[sharing].map((name) => plan(name, tasks));
    const ofUsers = tasks.filter(isUserTask);
    if (ofUsers.length === 0) return nets;
    return [...nets, plan(ofUsers.length > 1 ? TREES.together : TREES.alone, ofUsers)];
  });
  return withoutRefusing([...planRun({ ...run, kind: 'SINGLE_TASK' }), ...byGroup]);
}
