/** The one net that an ensemble is distilled to: a version of its own, measured at the ensemble's cuts and set against its accuracy and latency. */
import { join } from 'node:path';

import { modelType } from '../../../pipeline/deploy/host/index.js';
import type { EnsembleReport, EnsembleSubset, PredictorEntry } from '../../../pipeline/deploy/index.js';
import type { Model, ShopHistory } from '../../../pipeline/index.js';
import type { ModelVersionRow } from '../../../store/index.js';
import { customTasksOf, type TaskName } from '../../../tasks/index.js';
import { alone, type Candidate, type Measured } from '../choice.js';
import { commitVersion } from '../commit-version.js';
import { taskExamples } from '../examples.js';
import { fitChosen } from '../fit-chosen.js';
import { planStudent } from '../plan.js';
import { savePredictions } from '../predictions.js';
import type { RunContext } from '../run-context.js';
import { measureModel } from '../training.js';
import { measureLatency, requestsOf } from './latency.js';
import { bytesOf } from './members.js';
import { figureOf } from './report.js';

export interface Teacher {
  /** Id that the ensemble's version will have. */
  readonly id: string;
  /** Staged directory of the ensemble. */
  readonly root: string;
  readonly entries: Partial<Record<TaskName, PredictorEntry>>;
  readonly reports: Partial<Record<TaskName, EnsembleReport>>;
  /** The members' cuts, the same for all tasks that are taught. */
  readonly cuts: { readonly validation: number; readonly test: number; readonly final: number };
  readonly history: ShopHistory;
}

/** Shares of the run's work: measuring the student, and its last fit. */
const [START, MEASURED, END] = [0.5, 0.85, 0.97];

/**
 * Knowledge distillation of a whole ensemble (Hinton et al., 2015). Its members are fitted again before each cut that the student is measured at,
 * so that no teacher has seen what its student is graded on.
 *
 * @returns the ensemble's reports with the student beside the members
 */
export async function distilEnsemble(
  context: RunContext,
  teacher: Teacher,
): Promise<Partial<Record<TaskName, EnsembleReport>>> {
  const { entries, reports, cuts, history } = teacher;
  context.offer(teacher.id, async () => ({
    cut: cuts.final,
    models: await loadAll(teacher),
    dispose: () => undefined,
  }));
  const planned = planStudent(context.run, Object.keys(entries) as TaskName[], teacher.id);
  const customTasks = customTasksOf(context.run.config);
  const window = cuts.test - cuts.validation;
  const at = (cut: number) =>
    Object.fromEntries(
      planned.tasks.map((task) => [task, taskExamples(task, history, cut, cut + window, customTasks)]),
    );
  const measured: Measured = { validation: at(cuts.validation), test: at(cuts.test) };
  const candidates = await measureModel(context, {
    planned,
    history,
    cuts,
    measured,
    share: (part) => START + (MEASURED - START) * part,
  });
  const root = await context.files.stage();
  const choices = candidates.map(alone);
  const { entries: own, sharing } = await fitChosen(context, choices, {
    history,
    cut: cuts.final,
    root,
    from: MEASURED,
  });
  for (const { task, held } of choices) await savePredictions(root, task, held);
  const subsets = await subsetsOf(context, teacher, { candidates, root, entries: own });
  const student: ModelVersionRow = await commitVersion(context, {
    root,
    cut: cuts.final,
    architecture: planned.type.architecture,
    tasks: own,
    history,
    customTasks,
    sharing,
    evaluations: candidates.flatMap(({ rows }) => rows.map((row) => ({ ...row, isServed: true }))),
  });
  context.report(END, 'distilled');
  const all = { ...reports };
  for (const [task, subset] of subsets) {
    const report = all[task];
    if (report) all[task] = { ...report, studentVersionId: student.id, subsets: [...report.subsets, subset] };
  }
  return all;
}

async function loadAll({ root, entries }: Teacher): Promise<Partial<Record<TaskName, Model>>> {
  const models: Partial<Record<TaskName, Model>> = {};
  for (const task of Object.keys(entries) as TaskName[]) {
    const { architecture, directory } = entries[task]!;
    models[task] = await modelType(architecture).load(join(root, directory));
  }
  return models;
}

async function subsetsOf(
  { run }: RunContext,
  { history, cuts }: Teacher,
  student: {
    readonly candidates: readonly Candidate[];
    readonly root: string;
    readonly entries: Record<string, PredictorEntry>;
  },
): Promise<Map<TaskName, EnsembleSubset>> {
  const subsets = new Map<TaskName, EnsembleSubset>();
  const until = cuts.test + cuts.test - cuts.validation;
  for (const { task, rows } of student.candidates) {
    const { architecture, directory } = student.entries[task];
    const model = await modelType(architecture).load(join(student.root, directory));
    try {
      const requests = requestsOf({
        task,
        customTasks: customTasksOf(run.config),
        history,
        cut: cuts.test,
        until,
      });
      const latency = await measureLatency(model, requests);
      const [validation, test] = rows.map(({ metrics }) => figureOf(task, metrics));
      subsets.set(task, {
        members: [],
        kind: 'STUDENT',
        isChosen: false,
        validation,
        test,
        p50Ms: latency?.p50Ms ?? null,
        p99Ms: latency?.p99Ms ?? null,
        bytes: await bytesOf(join(student.root, directory)),
      });
    } finally {
      model.dispose();
    }
  }
  return subsets;
}
