import type { LossValues } from './step.js';
import type { TaskReport } from './task-options.js';

/** Mean losses over some examples. */
export interface MeanLosses {
  readonly total: number;
  readonly tasks: Readonly<Record<string, number>>;
}

/** Tasks in an epoch: means over its training steps. */
export interface TaskEpoch {
  readonly names: readonly string[];
  /** [tasks]: what the losses were multiplied by. */
  readonly weights: readonly number[];
  /** Norms [tasks] of the tasks' gradients and cosines [tasks × tasks] between them; null where the step does not measure them. */
  readonly gradients: { readonly norms: readonly number[]; readonly cosines: readonly number[] } | null;
}

/** What one pass over the examples came to. */
export interface TrainEpoch {
  /** From 1. */
  readonly epoch: number;
  readonly train: MeanLosses;
  readonly validation: MeanLosses | null;
  /** Null without the step's option `tasks`. */
  readonly tasks: TaskEpoch | null;
}

/** Adds up losses, and what else is known of the tasks, weighted by rows. */
export class EpochSum {
  constructor(
    readonly sums: number[] = [],
    private rows = 0,
  ) {}

  /** @param report of the step, where tasks are to be reported on */
  add(losses: LossValues, rows: number, report: TaskReport | null = null): void {
    const { sums } = this;
    let at = 0;
    for (const loss of losses) sums[at] = (sums[at++] ?? 0) + loss * rows;
    for (const values of report ? [report.weights, report.gradients?.norms, report.gradients?.cosines] : []) {
      for (const value of values ?? []) sums[at] = (sums[at++] ?? 0) + value * rows;
    }
    this.rows += rows;
  }

  mean(taskNames: readonly string[]): MeanLosses {
    const tasks = taskNames.map((name, at) => [name, this.sums[at + 1] / this.rows]);
    return { total: this.sums[0] / this.rows, tasks: Object.fromEntries(tasks) as Record<string, number> };
  }

  /** @param report says which tasks there are and whether gradients are measured */
  meanTasks(report: TaskReport | null): TaskEpoch | null {
    if (!report) return null;
    const { names, gradients } = report;
    const count = names.length;
    let start = 1 + count;
    const take = (length: number) => {
      start += length;
      return this.sums.slice(start - length, start).map((sum) => sum / this.rows);
    };
    const weights = take(count);
    return { names, weights, gradients: gradients && { norms: take(count), cosines: take(count * count) } };
  }
}
