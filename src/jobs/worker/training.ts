/** Training runs: fit, measure, choose, fit again on everything, and keep the result as one model version. */
import { AppError } from '../../errors.js';
import { type EvaluationReport, thresholdRule } from '../../pipeline/evaluate/index.js';
import { DAY_MS, type Model, type ShopHistory } from '../../pipeline/index.js';
import type { TransferReport } from '../../pipeline/multi-task/index.js';
import type { ModelVersionRow } from '../../store/index.js';
import { type CustomTask, customTasksOf, type TaskName } from '../../tasks/index.js';
import {
  alone,
  bestByTask,
  bestTogether,
  type Candidate,
  type Measured,
  type NewEvaluation,
  worthOf,
} from './choice.js';
import { commitVersion } from './commit-version.js';
import { type TaskExamples, taskExamples } from './examples.js';
import { fitChosen } from './fit-chosen.js';
import { type PlannedModel, planRun } from './plan.js';
import { savePredictions } from './predictions.js';
import type { RunContext } from './run-context.js';
import { type RunCuts, runCuts } from './run-cuts.js';

const OPEN_THRESHOLD = 0.5;
/** Shares of a run's work: measuring all models, and fitting the chosen ones again. */
const MEASURE_SHARE = 0.75;

/** Carries out a SINGLE_TASK, MULTI_TASK or COLLABORATIVE run. */
export async function train(context: RunContext): Promise<ModelVersionRow> {
  const planned = planRun(context.run);
  context.report(0.01, 'reading the history');
  const history = await context.shop.readHistory();
  return trainPlanned(context, { planned, history, cuts: runCuts(history, context.run) });
}

export interface PlannedTraining {
  readonly planned: readonly PlannedModel[];
  readonly history: ShopHistory;
  readonly cuts: RunCuts;
  /** Whether the tasks help each other, where the run measured it. */
  readonly transfer?: TransferReport;
  /** Whether several models of a task may serve it together, where that is better on validation. */
  readonly areCombined?: boolean;
  /** Share of the run's work that is done before. */
  readonly from?: number;
}

/** Measures the models, chooses the best of each task on validation, fits those again, and seals them with what was measured before. */
export async function trainPlanned(
  context: RunContext,
  { planned, history, cuts, transfer, areCombined = false, from = 0 }: PlannedTraining,
): Promise<ModelVersionRow> {
  if (planned.length === 0) throw new AppError('BAD_USER_INPUT', 'No architecture learns these tasks.');
  const customTasks = customTasksOf(context.run.config);
  const measured = gatherExamples(context.run.tasks, history, cuts, customTasks);
  const candidates: Candidate[] = [];
  const refused = new Map<TaskName, AppError>();
  for (const [index, model] of planned.entries()) {
    const share = (part: number) =>
      from + (1 - from) * (0.02 + MEASURE_SHARE * ((index + part) / planned.length));
    try {
      candidates.push(...(await measureModel(context, { planned: model, history, cuts, measured, share })));
    } catch (thrown) {
      // What is too little for one model is enough for another: a baseline still answers.
      if (!(thrown instanceof AppError) || thrown.code !== 'TOO_FEW_DATA') throw thrown;
      for (const task of model.tasks) refused.set(task, thrown);
    }
    await context.flush();
  }
  const best = bestByTask(candidates);
  for (const [task, error] of refused) if (!best.has(task)) throw error;
  const choices = [...best.values()].map((candidate) => {
    const rivals = candidates.filter(({ task }) => task === candidate.task);
    return areCombined ? bestTogether(context, rivals, measured) : alone(candidate);
  });
  const served = new Set(choices.flatMap(({ rows }) => rows));
  const root = await context.files.stage();
  const measuredShare = from + (1 - from) * (MEASURE_SHARE + 0.02);
  const finalFit = { history, cut: cuts.final, root, from: measuredShare };
  const { entries, sharing } = await fitChosen(context, choices, finalFit);
  for (const { task, held } of choices) await savePredictions(root, task, held);
  return commitVersion(context, {
    root,
    cut: cuts.final,
    architecture: [...new Set(choices.map(({ architecture }) => architecture))].join(' + '),
    tasks: entries,
    history,
    customTasks,
    sharing,
    ...(transfer && { transfer }),
    evaluations: [
      ...candidates.flatMap(({ rows }) => rows.map((row) => ({ ...row, isServed: served.has(row) }))),
      ...choices
        .filter(({ combination }) => combination !== null)
        .flatMap(({ rows }) => rows.map((row) => ({ ...row, isServed: true }))),
    ],
  });
}

function gatherExamples(
  tasks: readonly TaskName[],
  history: ShopHistory,
  cuts: RunCuts,
  customTasks: readonly CustomTask[],
): Measured {
  const at = (cut: number) =>
    Object.fromEntries(
      tasks.map((task) => [
        task,
        taskExamples(task, history, cut, cut + cuts.windowDays * DAY_MS, customTasks),
      ]),
    );
  return { validation: at(cuts.validation), test: at(cuts.test) };
}

export interface MeasuredModel {
  readonly planned: PlannedModel;
  readonly history: ShopHistory;
  readonly cuts: Pick<RunCuts, 'validation' | 'test'>;
  readonly measured: Measured;
  /** Of the run's work, at a part of this. */
  readonly share: (part: number) => number;
}

/** Fits one model before either cut and measures it after. */
export async function measureModel(
  context: RunContext,
  { planned, history, cuts, measured, share }: MeasuredModel,
): Promise<Candidate[]> {
  const { architecture } = planned.type;
  const predictAt = async (split: 'validation' | 'test', from: number, to: number) => {
    const model = planned.type.create(planned.tasks, planned.hyperparameters);
    try {
      const name = `${architecture}/${planned.tasks.join('+')}/${split}`;
      await model.fit(
        { history, cut: cuts[split] },
        context.fitContext(name, share(from), share(to), split === 'test'),
      );
      context.signal.throwIfAborted();
      return await predictAll(model, measured[split], planned.tasks);
    } finally {
      model.dispose();
    }
  };
  const validation = await predictAt('validation', 0, 0.5);
  context.signal.throwIfAborted();
  const test = await predictAt('test', 0.5, 0.95);
  context.signal.throwIfAborted();
  const { seed, config } = context.run;
  return planned.tasks.map((task) => {
    const rule = thresholdRule(task, config.threshold, customTasksOf(config)) ?? OPEN_THRESHOLD;
    const onValidation = measured.validation[task].evaluate(validation[task], rule, seed);
    const threshold = onValidation.confusionMatrix?.threshold ?? OPEN_THRESHOLD;
    const onTest = measured.test[task].evaluate(test[task], threshold, seed);
    return {
      planned,
      task,
      threshold,
      worth: worthOf(task, onValidation),
      held: {
        validation: validation[task],
        test: test[task],
        validationCut: cuts.validation,
        testCut: cuts.test,
      },
      rows: [
        evaluationOf(planned, task, 'VALIDATION', measured.validation[task], onValidation),
        evaluationOf(planned, task, 'TEST', measured.test[task], onTest),
      ],
    };
  });
}

async function predictAll(
  model: Model,
  examples: Record<string, TaskExamples>,
  tasks: readonly TaskName[],
): Promise<Record<string, Float32Array>> {
  const predictions: Record<string, Float32Array> = {};
  for (const task of tasks) predictions[task] = await examples[task].predict(model);
  return predictions;
}

function evaluationOf(
  planned: PlannedModel,
  task: TaskName,
  split: 'VALIDATION' | 'TEST',
  examples: TaskExamples,
  report: EvaluationReport,
): NewEvaluation {
  const { family, architecture } = planned.type;
  return { family, architecture, task, split, protocol: examples.protocol, ...report };
}
