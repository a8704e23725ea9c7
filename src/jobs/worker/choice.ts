/** Which of a run's models serves a task: the best on validation, or several of them together where that is better. */
import { ensembleArchitecture } from '../../pipeline/deploy/host/index.js';
import type { Combination } from '../../pipeline/ensemble/index.js';
import {
  type EvaluationReport,
  isLessBetter,
  mainMetrics,
  thresholdRule,
} from '../../pipeline/evaluate/index.js';
import type { ModelFamily } from '../../pipeline/index.js';
import type { EvaluationRow } from '../../store/index.js';
import { customTasksOf, type TaskName } from '../../tasks/index.js';
import { makeTaskEnsemble } from './ensemble/task-ensemble.js';
import type { TaskExamples } from './examples.js';
import type { PlannedModel } from './plan.js';
import type { HeldPredictions } from './predictions.js';
import type { RunContext } from './run-context.js';

export type NewEvaluation = Omit<EvaluationRow, 'id' | 'runId' | 'modelVersionId' | 'isServed'>;

/** What one model reached on one task. */
export interface Candidate {
  readonly planned: PlannedModel;
  readonly task: TaskName;
  readonly threshold: number;
  /** The deciding figure on validation, turned so that more is better. */
  readonly worth: number;
  readonly held: HeldPredictions;
  readonly rows: readonly NewEvaluation[];
}

/** Examples of each task at the two cuts. */
export interface Measured {
  readonly validation: Record<string, TaskExamples>;
  readonly test: Record<string, TaskExamples>;
}

/** What serves a task. */
export interface Choice {
  readonly task: TaskName;
  readonly architecture: string;
  readonly family: ModelFamily;
  readonly members: readonly PlannedModel[];
  /** How the members' answers become one; null of one member. */
  readonly combination: Combination | null;
  readonly threshold: number;
  readonly held: HeldPredictions;
  readonly rows: readonly NewEvaluation[];
}

const ENSEMBLE = ensembleArchitecture('WEIGHTED_AVERAGE');

/** The best on validation for each task; test figures are not looked at. */
export function bestByTask(candidates: readonly Candidate[]): Map<TaskName, Candidate> {
  const best = new Map<TaskName, Candidate>();
  for (const candidate of candidates) {
    const before = best.get(candidate.task);
    if (!before || candidate.worth > before.worth) best.set(candidate.task, candidate);
  }
  return best;
}

/** One model by itself. */
export function alone({ task, planned, threshold, held, rows }: Candidate): Choice {
  const { architecture, family } = planned.type;
  return { task, architecture, family, members: [planned], combination: null, threshold, held, rows };
}

/**
 * The weighted average of those of a task's models that pay on validation (forward selection: Caruana et al., ICML 2004), where it is better
 * there than the best of them; its weights are fitted in folds of the validation examples, so that it is judged by others than it learnt from.
 */
export function bestTogether(
  { run }: RunContext,
  candidates: readonly Candidate[],
  { validation, test }: Measured,
): Choice {
  const [best] = [...candidates].sort((a, b) => b.worth - a.worth);
  const { task, held } = best;
  const made = makeTaskEnsemble(
    {
      method: 'WEIGHTED_AVERAGE',
      calibration: 'NONE',
      prune: 'FORWARD_SELECTION',
      rule: thresholdRule(task, run.config.threshold, customTasksOf(run.config)),
      seed: run.seed,
    },
    { validation: validation[task], test: test[task], earlier: null },
    candidates.map((candidate) => candidate.held),
  );
  if (made.kept.length === 1 || !(worthOf(task, made.onValidation) > best.worth)) return alone(best);
  const row = { family: 'ENSEMBLE', architecture: ENSEMBLE, task } as const;
  const protocol = `${validation[task].protocol}; members and weights chosen in folds of the examples`;
  return {
    task,
    architecture: ENSEMBLE,
    family: 'ENSEMBLE',
    members: made.kept.map((member) => candidates[member].planned),
    combination: made.combination,
    threshold: made.threshold,
    held: { ...held, ...made.predictions },
    rows: [
      { ...row, split: 'VALIDATION', protocol, ...made.onValidation },
      { ...row, split: 'TEST', protocol: test[task].protocol, ...made.onTest },
    ],
  };
}

/** The deciding figure of a report, turned so that more is better. */
export function worthOf(task: TaskName, report: EvaluationReport): number {
  const [name] = mainMetrics(task, report.metrics);
  const value = report.metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  if (Number.isNaN(value)) return -Infinity;
  return isLessBetter(name) ? -value : value;
}
