/** One fit of one model before a cut, and what it predicts after it: what cross-validation and search are made of. */
import {
  type EvaluationReport,
  isLessBetter,
  mainMetrics,
  type Metric,
  thresholdRule,
} from '../../pipeline/evaluate/index.js';
import type { ShopHistory } from '../../pipeline/index.js';
import { customTasksOf, type ThresholdRule } from '../../tasks/index.js';
import type { TaskExamples } from './examples.js';
import type { PlannedModel } from './plan.js';
import type { RunContext } from './run-context.js';

/** Of no meaning for tasks that decide nothing. */
const OPEN_THRESHOLD = 0.5;

export interface Fit {
  readonly planned: PlannedModel;
  /** The fit's name, for its checkpoint and progress. */
  readonly name: string;
  readonly history: ShopHistory;
  readonly cut: number;
  readonly seed: number;
  /** Shares of the run's work from which and to which it goes. */
  readonly from: number;
  readonly to: number;
}

/** Fits a model before the cut and lets it predict; nothing is kept of it. @returns one array an entry of `held` */
export async function predictOnce(
  context: RunContext,
  { planned, name, history, cut, seed, from, to }: Fit,
  held: readonly TaskExamples[],
): Promise<Float32Array[]> {
  const model = planned.type.create(planned.tasks, planned.hyperparameters);
  try {
    await model.fit({ history, cut }, { ...context.fitContext(name, from, to, false), seed });
    const predictions: Float32Array[] = [];
    for (const examples of held) {
      context.signal.throwIfAborted();
      predictions.push(await examples.predict(model));
    }
    return predictions;
  } finally {
    model.dispose();
  }
}

/** The run's rule for the thresholds of its task. */
export function runRule({ run }: RunContext): ThresholdRule | number {
  return thresholdRule(run.tasks[0], run.config.threshold, customTasksOf(run.config)) ?? OPEN_THRESHOLD;
}

/** The threshold that a report was made with, for use on later examples. */
export function thresholdOf({ confusionMatrix }: EvaluationReport): number {
  return confusionMatrix?.threshold ?? OPEN_THRESHOLD;
}

/** The figure that models of a task are chosen by. */
export function decidingMetric(context: RunContext, metrics: readonly Metric[]): Metric | undefined {
  const [name] = mainMetrics(context.run.tasks[0], metrics);
  return metrics.find((metric) => metric.name === name);
}

/** Turned so that more is better; null where it is not a number. */
export function worthOfMetric(metric: Metric | undefined): number | null {
  if (!metric || !Number.isFinite(metric.value)) return null;
  return isLessBetter(metric.name) ? -metric.value : metric.value;
}
