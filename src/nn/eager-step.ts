import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from './backend.js';
import { type BatchArrays, type BatchSpec, countRows, sliceRows, toTensors } from './batch.js';
import { type Gather, makeContext, newAnchor } from './context.js';
import { applyUpdate, HYPER_LENGTH, type Optimizer, slotsOf, slotStart, writeHyper } from './optimizers.js';
import {
  type CompiledStep,
  cutIntoParts,
  type FullStepOptions,
  type LossValues,
  namedLosses,
  type StepState,
} from './step.js';
import { dropTape } from './trace-guard.js';
import { setVariable, type Table } from './weights.js';

/** A weight or table with its slots, as plain arrays. */
interface Stored {
  readonly values: Float32Array;
  readonly slots: readonly Float32Array[];
  readonly slotNames: readonly string[];
}

interface RowGradient {
  readonly ids: Int32Array;
  readonly values: Float32Array;
}

/** Rows with their gradients added up, each row once, in the order of first appearance (as TensorFlow's Unique has it). */
function sumRows(
  gradients: readonly RowGradient[],
  dim: number,
): { rows: Int32Array; gradient: Float32Array } {
  const places = new Map<number, number>();
  for (const { ids } of gradients) {
    for (const id of ids) if (!places.has(id)) places.set(id, places.size);
  }
  const gradient = new Float32Array(places.size * dim);
  for (const { ids, values } of gradients) {
    ids.forEach((id, at) => {
      const place = places.get(id)! * dim;
      for (let k = 0; k < dim; k++) gradient[place + k] += values[at * dim + k];
    });
  }
  return { rows: Int32Array.from(places.keys()), gradient };
}

/** The same training step as GraphStep, op by op: slow, for where TensorFlow is not native. Made by compileStep. */
export class EagerStep<S extends BatchSpec> implements CompiledStep<S> {
  readonly mode = 'eager';
  readonly batch: S;
  readonly weights;
  taskNames: readonly string[] = [];
  stepsDone = 0;
  private readonly stored = new Map<string, Stored>();
  private readonly hyper = new Float32Array(HYPER_LENGTH);

  constructor(private readonly options: FullStepOptions<S>) {
    this.batch = options.batch;
    this.weights = options.weights;
    for (const { name, variable } of this.weights.weights) {
      this.store(name, Float32Array.from(variable.dataSync()), options.optimizer);
    }
    for (const { name, values } of this.weights.tables)
      this.store(name, values.slice(), options.tableOptimizer);
  }

  prepare(): void {
    // Nothing is compiled.
  }

  run(arrays: BatchArrays<S>): LossValues {
    const rows = countRows(this.batch, arrays);
    const sparse = new Map<string, RowGradient[]>();
    const dense = new Map<string, Float32Array>();
    let losses = new Float32Array(0);
    this.withOwnWeights(() => {
      let start = 0;
      cutIntoParts(rows, this.options.accumulate).forEach((size, part) => {
        const own = sliceRows(this.batch, arrays, start, size);
        const results = this.differentiate(own, size, part, size / rows, dense, sparse);
        losses = results.map((loss, at) => (losses[at] ?? 0) + loss * (size / rows));
        start += size;
      });
    });
    this.update(dense, sparse);
    this.stepsDone++;
    return losses;
  }

  evaluate(arrays: BatchArrays<S>): LossValues {
    const rows = countRows(this.batch, arrays);
    return this.withOwnWeights(() =>
      this.runLoss(
        arrays,
        { rows, part: 0, isTraining: false },
        () => undefined,
        (forward) => void forward(),
      ),
    );
  }

  exportState(): StepState {
    const values: Record<string, Float32Array> = {};
    for (const [name, stored] of this.stored) {
      values[name] = stored.values.slice();
      stored.slots.forEach((slot, at) => (values[`${name}:${stored.slotNames[at]}`] = slot.slice()));
    }
    return { stepsDone: this.stepsDone, values };
  }

  importState(state: StepState): void {
    const copy = (name: string, target: Float32Array) => {
      const values = state.values[name];
      if (values?.length !== target.length) {
        throw new Error(
          `The state has ${values?.length ?? 'no'} numbers for "${name}", expected ${target.length}`,
        );
      }
      target.set(values);
    };
    for (const [name, { values, slots, slotNames }] of this.stored) {
      copy(name, values);
      slots.forEach((slot, at) => copy(`${name}:${slotNames[at]}`, slot));
    }
    this.stepsDone = state.stepsDone;
  }

  pullWeights(): void {
    for (const { name, variable } of this.weights.weights)
      setVariable(variable, this.stored.get(name)!.values);
    for (const table of this.weights.tables) table.values = this.stored.get(table.name)!.values.slice();
  }

  dispose(): void {
    this.stored.clear();
  }

  private store(name: string, values: Float32Array, optimizer: Optimizer): void {
    const slotNames = slotsOf(optimizer);
    const slots = slotNames.map(() => new Float32Array(values.length).fill(slotStart(optimizer)));
    this.stored.set(name, { values, slots, slotNames });
  }

  /** The loss reads the set's variables: they get this step's values, and their own back. */
  private withOwnWeights<T>(body: () => T): T {
    const { weights } = this.weights;
    const kept = weights.map(({ variable }) => Float32Array.from(variable.dataSync()));
    for (const { name, variable } of weights) setVariable(variable, this.stored.get(name)!.values);
    try {
      return body();
    } finally {
      weights.forEach(({ variable }, at) => setVariable(variable, kept[at]));
    }
  }

  /** Adds a part's gradients, times its share of the batch, to what there is. */
  private differentiate(
    arrays: BatchArrays<S>,
    rows: number,
    part: number,
    share: number,
    dense: Map<string, Float32Array>,
    sparse: Map<string, RowGradient[]>,
  ): LossValues {
    const scaled = (gradient: Tensorflow.Tensor) =>
      (gradient.dataSync() as Float32Array).map((slope) => slope * share);
    const receive = (table: Table, ids: Int32Array, gradient: Tensorflow.Tensor) => {
      sparse.set(table.name, [...(sparse.get(table.name) ?? []), { ids, values: scaled(gradient) }]);
    };
    return this.runLoss(arrays, { rows, part, isTraining: true }, receive, (forward, variables) => {
      const { grads } = tf.variableGrads(forward, variables);
      for (const { name, variable } of this.weights.weights) {
        const gradient = grads[variable.name];
        if (!gradient) continue;
        const known = dense.get(name);
        const values = scaled(gradient);
        dense.set(name, known ? known.map((slope, at) => slope + values[at]) : values);
      }
    });
  }

  private runLoss(
    arrays: BatchArrays<S>,
    run: { readonly rows: number; readonly part: number; readonly isTraining: boolean },
    receive: (table: Table, ids: Int32Array, gradient: Tensorflow.Tensor) => void,
    use: (forward: () => Tensorflow.Scalar, variables: Tensorflow.Variable[]) => void,
  ): LossValues {
    const anchor = newAnchor();
    try {
      return tf.tidy(() => {
        const seed = tf.tensor1d([this.options.seed | 0, this.stepsDone], 'int32');
        const context = makeContext({ ...run, seed, anchor, gather: this.gatherFor(receive) });
        const batch = toTensors(this.batch, arrays, run.rows);
        let losses: Float32Array | null = null;
        const forward = () => {
          const { total, tasks } = namedLosses(this.options.loss(batch, context));
          this.taskNames = Object.keys(tasks);
          losses = Float32Array.from([total, ...Object.values(tasks)].map((loss) => loss.dataSync()[0]));
          return total;
        };
        use(forward, [...this.weights.weights.map(({ variable }) => variable), anchor]);
        return losses!;
      });
    } catch (error) {
      dropTape();
      throw error;
    } finally {
      anchor.dispose();
    }
  }

  private gatherFor(receive: (table: Table, ids: Int32Array, gradient: Tensorflow.Tensor) => void): Gather {
    return (table, ids) => {
      const stored = this.stored.get(table.name);
      if (!stored) throw new Error(`Table "${table.name}" is not in the weight set`);
      const given = ids.dataSync() as Int32Array;
      const rows = gatherRows(stored.values, table, ids);
      return { rows, receiveGradient: (gradient) => receive(table, given, gradient) };
    };
  }

  private update(dense: Map<string, Float32Array>, sparse: Map<string, RowGradient[]>): void {
    const { weights, optimizer, tableOptimizer, clipNorm } = this.options;
    const rows = weights.tables
      .filter(({ name }) => sparse.has(name))
      .map(({ name, dim }) => ({ name, ...sumRows(sparse.get(name)!, dim) }));
    let scale = 1;
    if (clipNorm !== null) {
      const all = [...dense.values(), ...rows.map(({ gradient }) => gradient)];
      const square = all.reduce(
        (sum, values) => values.reduce((inner, value) => inner + value * value, sum),
        0,
      );
      scale = clipNorm / Math.max(clipNorm, Math.sqrt(square));
    }
    const scaled = (values: Float32Array) => (scale === 1 ? values : values.map((value) => value * scale));
    writeHyper(this.hyper, 0, optimizer, this.stepsDone);
    for (const { name, isDecayed } of weights.weights) {
      const gradient = dense.get(name);
      if (!gradient) continue;
      const { values: weight, slots } = this.stored.get(name)!;
      applyUpdate({
        optimizer,
        hyper: this.hyper,
        weight,
        slots,
        gradient: scaled(gradient),
        rows: null,
        isDecayed,
      });
    }
    writeHyper(this.hyper, 0, tableOptimizer, this.stepsDone);
    for (const { name, rows: ids, gradient } of rows) {
      const { values: weight, slots } = this.stored.get(name)!;
      applyUpdate({
        optimizer: tableOptimizer,
        hyper: this.hyper,
        weight,
        slots,
        gradient: scaled(gradient),
        rows: ids,
        isDecayed: false,
      });
    }
  }
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
