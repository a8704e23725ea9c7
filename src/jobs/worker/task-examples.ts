import type { EvaluationReport } from '../../pipeline/evaluate/index.js';
import type { Model } from '../../pipeline/index.js';
import type { TaskName, ThresholdRule } from '../../tasks/index.js';

/** What one task is measured on at one cut. */
export interface TaskExamples {
  readonly task: TaskName;
  readonly protocol: string;
  readonly count: number;
  /** Predictions of a model fitted before the cut, one flat array (DEMAND: units, low, high one after another). */
  predict(model: Model): Promise<Float32Array>;
  /** @param threshold fixed, or the rule to choose it by; of no meaning for rankings and forecasts */
  evaluate(predictions: Float32Array, threshold: number | ThresholdRule, seed: number): EvaluationReport;
  /** Yes/no labels, where the task has them. */
  readonly labels: Float32Array | null;
  /** Targets by user, where the task ranks. */
  readonly targets: readonly ReadonlySet<number>[] | null;
  /** Units by item and day, where the task forecasts: [items × days]. */
  readonly actual?: Float32Array;
  /** Counts by user, where a task of the shop's own asks for a number. */
  readonly counts?: Float32Array;
  /** Candidates a row, where the task ranks. */
  readonly items: number;
}
