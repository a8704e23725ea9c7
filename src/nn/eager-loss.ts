import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from './backend.js';
import { type BatchArrays, type BatchSpec, toTensors } from './batch.js';
import { type Gather, makeContext, newAnchor } from './context.js';
import {
  type GradientSet,
  lossesToDifferentiate,
  newGradientSet,
  requireGradients,
} from './gradient-sets.js';
import { type FullStepOptions, type LossValues, type StepLosses, stepLosses } from './step.js';
import { gradientsOf, onTape } from './tape.js';
import type { TaskState } from './task-state.js';
import { dropTape } from './trace-guard.js';
import type { Table } from './weights.js';

/** The losses of a part of a batch, and their gradients; see TracedLoss. */
export interface EagerLosses {
  readonly losses: LossValues;
  readonly taskNames: readonly string[];
  readonly gradients: readonly GradientSet<Float32Array>[];
  readonly measured: readonly GradientSet<Float32Array>[];
}

/** Runs a loss op by op. */
export class EagerLoss<S extends BatchSpec> {
  private current: GradientSet<Float32Array> = newGradientSet();
  private share = 1;

  /**
   * @param tableValues the step's own values of a table
   * @param lookupIds   by table, the ids of each look-up; added to
   */
  constructor(
    private readonly options: FullStepOptions<S>,
    private readonly state: TaskState,
    private readonly tableValues: (table: Table) => Float32Array,
    private readonly lookupIds: Map<string, Int32Array[]>,
  ) {}

  /** @param share what gradients are multiplied by: the part's share of the batch */
  run(
    arrays: BatchArrays<S>,
    part: { rows: number; part: number; share: number; isTraining: boolean; stepsDone: number },
  ): EagerLosses {
    const { options, state, gather } = this;
    const { rows, isTraining } = part;
    const anchor = newAnchor();
    this.share = part.share;
    const gradients: GradientSet<Float32Array>[] = [];
    const measured: GradientSet<Float32Array>[] = [];
    let losses: Float32Array = new Float32Array(0);
    let taskNames: readonly string[] = [];
    try {
      tf.tidy(() => {
        const seed = tf.tensor1d([options.seed | 0, part.stepsDone], 'int32');
        const numbers = tf.tensor1d(state.write(part.stepsDone).slice());
        const schedule = state.scheduleIn(numbers);
        const context = makeContext({ isTraining, rows, seed, anchor, gather, part: part.part, schedule });
        const batch = toTensors(options.batch, arrays, rows);
        const forward = (): StepLosses => {
          const names = options.tasks?.names ?? null;
          const found = stepLosses(options.loss(batch, context), names, state.weightsOf(numbers));
          ({ taskNames } = found);
          losses = Float32Array.from([found.total, ...found.tasks].map((loss) => loss.dataSync()[0]));
          return found;
        };
        if (isTraining) this.differentiate(forward, anchor, gradients, measured);
        else forward();
      });
    } catch (error) {
      dropTape();
      throw error;
    } finally {
      anchor.dispose();
    }
    return { losses, taskNames, gradients, measured };
  }

  private differentiate(
    forward: () => StepLosses,
    anchor: Tensorflow.Variable,
    gradients: GradientSet<Float32Array>[],
    measured: GradientSet<Float32Array>[],
  ): void {
    const { tasks } = this.options;
    if (!tasks?.combine && !tasks?.measured) {
      gradients.push(this.collect(() => forward().total, anchor));
      return;
    }
    onTape(() => {
      const losses = forward();
      for (const loss of lossesToDifferentiate(losses, tasks))
        gradients.push(this.collect(() => loss, anchor));
      if (tasks.combine) return;
      for (const loss of losses.tasks) measured.push(this.collect(() => loss, anchor));
    });
  }

  private collect(loss: () => Tensorflow.Scalar, anchor: Tensorflow.Variable): GradientSet<Float32Array> {
    const { weights } = this.options.weights;
    this.current = newGradientSet();
    const gradients = gradientsOf(loss, [...weights.map(({ variable }) => variable), anchor]);
    weights.forEach(({ name }, at) => {
      const gradient = gradients[at];
      if (gradient) this.current.weights.set(name, this.take(gradient));
    });
    return requireGradients(this.current);
  }

  private take(gradient: Tensorflow.Tensor): Float32Array {
    return (gradient.dataSync() as Float32Array).map((slope) => slope * this.share);
  }

  private readonly gather: Gather = (table, ids) => {
    const given = ids.dataSync() as Int32Array;
    const rows = gatherRows(this.tableValues(table), table, ids);
    const lookups = this.lookupIds.get(table.name) ?? [];
    this.lookupIds.set(table.name, lookups);
    const lookup = lookups.push(given) - 1;
    const receiveGradient = (gradient: Tensorflow.Tensor2D) => {
      const own = this.current.rows.get(table.name) ?? new Map<number, Float32Array>();
      this.current.rows.set(table.name, own.set(lookup, this.take(gradient)));
    };
    return { rows, receiveGradient };
  };
}

/** Rows of a table in memory. @throws RangeError for an id outside of the table */
export function gatherRows(
  values: Float32Array,
  table: Table,
  ids: Tensorflow.Tensor1D,
): Tensorflow.Tensor2D {
  const { dim } = table;
  const wanted = ids.dataSync();
  const rows = new Float32Array(wanted.length * dim);
  wanted.forEach((id: number, at: number) => {
    if (id < 0 || id >= table.rows)
      throw new RangeError(`Id ${id} is not in table "${table.name}" of ${table.rows} rows`);
    rows.set(values.subarray(id * dim, (id + 1) * dim), at * dim);
  });
  return tf.tensor2d(rows, [wanted.length, dim]);
}
