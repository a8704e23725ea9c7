/** Ensemble runs: member versions' predictors combined task by task, chosen, weighed and calibrated on validation, measured on test. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AppError } from '../../errors.js';
import { ensembleArchitecture } from '../../pipeline/deploy/host/index.js';
import type { EnsembleReport, PredictorEntry } from '../../pipeline/deploy/index.js';
import { EnsembleModel } from '../../pipeline/ensemble/index.js';
import { thresholdRule } from '../../pipeline/evaluate/index.js';
import type { CalibrationMethod, EnsembleMethod, Model, Pruning, ShopHistory } from '../../pipeline/index.js';
import type { EvaluationRow, ModelVersionRow } from '../../store/index.js';
import { customTaskName, customTasksOf, type TaskName, TASKS } from '../../tasks/index.js';
import { commitVersion } from './commit-version.js';
import {
  checkSizes,
  loadMember,
  type Member,
  membersOf,
  openMembers,
  type TaskMember,
} from './ensemble/members.js';
import { EarlierFits, type OutOfFold, windowEnd } from './ensemble/out-of-fold.js';
import { measureReport } from './ensemble/report.js';
import { SnapshotFits } from './ensemble/snapshots.js';
import { distilEnsemble, type Teacher } from './ensemble/student.js';
import {
  makeTaskEnsemble,
  type TaskEnsemble,
  type TaskEnsembleExamples,
  type TaskEnsemblePlan,
} from './ensemble/task-ensemble.js';
import { taskExamples } from './examples.js';
import { savePredictions } from './predictions.js';
import type { RunContext } from './run-context.js';

const DEFAULT_SNAPSHOTS = 4;
/** Shares of the run's work before and after its tasks are combined; a student takes the rest. */
const [START, COMBINED, COMBINED_BEFORE_STUDENT] = [0.1, 0.95, 0.5];

type NewEvaluation = Omit<EvaluationRow, 'id' | 'runId' | 'modelVersionId'>;

interface CombinedTask {
  readonly task: TaskName;
  readonly validationCut: number;
  readonly testCut: number;
  readonly entry: PredictorEntry;
  readonly evaluations: NewEvaluation[];
  readonly report: EnsembleReport;
}

/** Carries out an ENSEMBLE run. */
export async function combine(context: RunContext): Promise<ModelVersionRow> {
  const { run, shop, files } = context;
  const method = run.config.method as EnsembleMethod;
  context.report(0.02, 'reading the members');
  const members = await openMembers(context, run.config.members as string[]);
  const history = await shop.readHistory();
  const root = await files.stage();
  const combined = await combineTasks(context, { method, members, history, root });
  if (combined.length === 0) {
    const architectures = members.flatMap(({ manifest }) =>
      Object.values(manifest.tasks).flatMap((entry) => entry?.architecture ?? []),
    );
    throw new AppError(
      'BAD_USER_INPUT',
      `SNAPSHOT: expected members with nets, whose training has a learning rate; got ${[...new Set(architectures)].join(', ')}.`,
    );
  }
  const id = randomUUID();
  const cut = Math.min(...members.map(({ manifest }) => Date.parse(manifest.cut)));
  const reports: Partial<Record<TaskName, EnsembleReport>> = byTask(combined, ({ report }) => report);
  const ensembles = run.config.distil
    ? await distilEnsemble(context, { id, root, reports, history, ...taughtBy(combined, cut) })
    : reports;
  return commitVersion(context, {
    id,
    root,
    cut,
    architecture: ensembleArchitecture(method),
    tasks: byTask(combined, ({ entry }) => entry),
    customTasks: customTasksOf(run.config),
    ensembles,
    history,
    evaluations: combined.flatMap((one) => one.evaluations),
  });
}

const byTask = <Value>(
  combined: readonly CombinedTask[],
  pick: (one: CombinedTask) => Value,
): Record<string, Value> => Object.fromEntries(combined.map((one) => [one.task, pick(one)]));

/** The tasks that share their cuts with the first: a student learns them all at once. */
function taughtBy(combined: readonly CombinedTask[], final: number): Pick<Teacher, 'entries' | 'cuts'> {
  const [{ validationCut: validation, testCut: test }] = combined;
  const taught = combined.filter((one) => one.validationCut === validation && one.testCut === test);
  return { entries: byTask(taught, ({ entry }) => entry), cuts: { validation, test, final } };
}

async function combineTasks(
  context: RunContext,
  work: Pick<TaskWork, 'method' | 'members' | 'history' | 'root'>,
): Promise<CombinedTask[]> {
  const { config } = context.run;
  const { members, history } = work;
  const known = [...TASKS, ...customTasksOf(config).map(({ name }) => customTaskName(name))];
  const wanted = known.filter((task) => members.some(({ manifest }) => manifest.tasks[task]));
  const share = config.distil ? COMBINED_BEFORE_STUDENT : COMBINED;
  const fits = new EarlierFits(context, history);
  const snapshotRoot = await mkdtemp(join(tmpdir(), 'tandem-snapshots-'));
  const cycles = (config.snapshots ?? DEFAULT_SNAPSHOTS) as number;
  const snapshots = new SnapshotFits(context, { history, cycles, root: snapshotRoot });
  const combined: CombinedTask[] = [];
  try {
    for (const [index, task] of wanted.entries()) {
      context.signal.throwIfAborted();
      context.report(START + ((share - START) * index) / wanted.length, `combining ${task}`);
      const result = await combineTask(context, { ...work, task, fits, snapshots });
      if (result) combined.push(result);
    }
    return combined;
  } finally {
    await rm(snapshotRoot, { recursive: true, force: true });
  }
}

interface TaskWork {
  readonly task: TaskName;
  readonly method: EnsembleMethod;
  readonly members: readonly Member[];
  readonly history: ShopHistory;
  /** Staged directory of the new version. */
  readonly root: string;
  readonly fits: EarlierFits;
  readonly snapshots: SnapshotFits;
}

/** Null where a snapshot ensemble was asked for and no member's predictor of the task is a net that learns in cycles. */
async function combineTask(context: RunContext, work: TaskWork): Promise<CombinedTask | null> {
  const { task, method, history, root } = work;
  const parts =
    method === 'SNAPSHOT'
      ? await work.snapshots.membersOf(task, work.members)
      : await membersOf(task, work.members);
  if (parts.length === 0) return null;
  const [first] = parts;
  const { validationCut, testCut } = first.held;
  const customTasks = customTasksOf(context.run.config);
  const examplesAt = (cut: number) => taskExamples(task, history, cut, windowEnd(cut, first), customTasks);
  const validation = examplesAt(validationCut);
  const test = examplesAt(testCut);
  checkSizes(parts, validation, test);
  const plan = planOf(context, work, parts);
  const outOfFold =
    plan.method === 'STACKING' && parts.length > 1 ? await work.fits.outOfFold(task, parts) : null;
  const examples: TaskEnsembleExamples = { validation, test, earlier: outOfFold?.held ?? null };
  const made = makeTaskEnsemble(
    plan,
    examples,
    parts.map((part) => part.held),
  );
  const architecture = ensembleArchitecture(method);
  const directory = `${architecture}-${task.toLowerCase()}`;
  const models = await Promise.all(parts.map(loadMember));
  try {
    const kept = made.kept.map((member) => models[member]);
    await mkdir(join(root, directory));
    await new EnsembleModel(architecture, task, kept, made.combination).save(join(root, directory));
    await savePredictions(root, task, { validationCut, testCut, ...made.predictions });
    const report = await reportOf(context, work, { parts, models, made, plan, outOfFold });
    const row = { family: 'ENSEMBLE', architecture, task, isServed: true };
    const protocol = `${validation.protocol}; ${honestly(plan, outOfFold)}`;
    return {
      task,
      validationCut,
      testCut,
      entry: { architecture, family: 'ENSEMBLE', directory, threshold: made.threshold },
      report,
      evaluations: [
        { ...row, split: 'VALIDATION', protocol, ...made.onValidation },
        { ...row, split: 'TEST', protocol: test.protocol, ...made.onTest },
      ],
    };
  } finally {
    for (const model of models) model.dispose();
  }
}

/** Rules for thresholds: the run's own, else that of the first member whose run had one for the task, else the task's. */
function planOf(
  { run }: RunContext,
  { task, method }: TaskWork,
  parts: readonly TaskMember[],
): TaskEnsemblePlan {
  const { threshold, calibration = 'NONE', prune = 'NONE' } = run.config;
  const own = [threshold, ...parts.map(({ member }) => member.thresholdRules)].find(
    (rules) => typeof rules === 'object' && rules !== null && task in rules,
  );
  return {
    method: method === 'SNAPSHOT' ? 'SOFT_VOTING' : method,
    calibration: calibration as CalibrationMethod,
    prune: prune as Pruning,
    rule: thresholdRule(task, own, customTasksOf(run.config)),
    seed: run.seed,
  };
}

/** What stands behind the examples' protocol where weights and calibration have seen other validation examples. */
function honestly({ method }: TaskEnsemblePlan, outOfFold: OutOfFold | null): string {
  if (method === 'STACKING' && outOfFold?.held)
    return `stacked on out-of-fold predictions from ${outOfFold.cuts.map((cut) => new Date(cut).toISOString().slice(0, 10)).join(', ')}`;
  return 'weights and calibration fitted in 4 folds of the examples';
}

interface Made {
  readonly parts: readonly TaskMember[];
  readonly models: readonly Model[];
  readonly made: TaskEnsemble;
  readonly plan: TaskEnsemblePlan;
  readonly outOfFold: OutOfFold | null;
}

async function reportOf(
  context: RunContext,
  { task, method, history }: TaskWork,
  { parts, models, made, plan, outOfFold }: Made,
): Promise<EnsembleReport> {
  context.signal.throwIfAborted();
  const customTasks = customTasksOf(context.run.config);
  return measureReport({ task, customTasks, method, history, parts, models, made, plan, outOfFold });
}
