import { type BatchArrays, type BatchSpec, countRows, sliceRows } from './batch.js';
import { addArrays, combineSets, innerProducts, sumRows } from './eager-combine.js';
import { EagerLoss, type EagerLosses } from './eager-loss.js';
import { BatchAssembler } from './gather-rows.js';
import { addSets, type GradientSet } from './gradient-sets.js';
import { applyUpdate, HYPER_LENGTH, type Optimizer, slotsOf, slotStart } from './optimizers.js';
import {
  type CompiledStep,
  cutIntoParts,
  type FullStepOptions,
  type LossValues,
  type StepState,
} from './step.js';
import type { TaskReport } from './task-options.js';
import { TaskState } from './task-state.js';
import { setVariable, type Table } from './weights.js';

/** A weight or table with its slots, as plain arrays. */
interface Stored {
  readonly values: Float32Array;
  readonly slots: readonly Float32Array[];
  readonly slotNames: readonly string[];
}

/** The same training step as GraphStep, op by op: slow, for where TensorFlow is not native. Made by compileStep. */
export class EagerStep<S extends BatchSpec> implements CompiledStep<S> {
  readonly mode = 'eager';
  readonly batch: S;
  readonly weights;
  taskNames: readonly string[] = [];
  stepsDone = 0;
  private readonly stored = new Map<string, Stored>();
  private readonly tasks: TaskState;
  private assembler: BatchAssembler<S> | null = null;

  constructor(private readonly options: FullStepOptions<S>) {
    this.batch = options.batch;
    this.weights = options.weights;
    this.tasks = new TaskState(options);
    for (const { name, variable } of this.weights.weights) {
      this.store(name, Float32Array.from(variable.dataSync()), options.optimizer);
    }
    for (const { name, values } of this.weights.tables)
      this.store(name, values.slice(), options.tableOptimizer);
  }

  get taskReport(): TaskReport | null {
    return this.tasks.report;
  }

  setTaskWeights(weights: Readonly<Record<string, number>>): void {
    this.tasks.setWeights(weights);
  }

  prepare(): void {
    // Nothing is compiled.
  }

  run(arrays: BatchArrays<S>): LossValues {
    const rows = countRows(this.batch, arrays);
    const { accumulate } = this.options;
    const lookupIds = new Map<string, Int32Array[]>();
    const loss = this.lossWith(lookupIds);
    const parts: EagerLosses[] = [];
    this.withOwnWeights(() => {
      let start = 0;
      cutIntoParts(rows, accumulate).forEach((size, part) => {
        const own = sliceRows(this.batch, arrays, start, size);
        const share = size / rows;
        const run = { rows: size, part, share, isTraining: true, stepsDone: this.stepsDone };
        const found = loss.run(own, run);
        parts.push({ ...found, losses: found.losses.map((value) => value * share) });
        start += size;
      });
    });
    const losses = addArrays(parts.map((part) => part.losses));
    this.taskNames = parts[0].taskNames;
    const { gradients, products } = this.combine(parts, losses, lookupIds);
    this.update(gradients, lookupIds);
    this.stepsDone++;
    this.tasks.finish(losses, products);
    return losses;
  }

  loadRows(arrays: BatchArrays<S>): void {
    countRows(this.batch, arrays);
    this.assembler = new BatchAssembler(this.batch, arrays);
  }

  runRows(order: Int32Array, start: number, rows: number): LossValues {
    if (!this.assembler) throw new Error('No examples are loaded');
    return this.run(this.assembler.take(order, start, rows));
  }

  evaluate(arrays: BatchArrays<S>): LossValues {
    const rows = countRows(this.batch, arrays);
    const run = { rows, part: 0, share: 1, isTraining: false, stepsDone: this.stepsDone };
    const { losses, taskNames } = this.withOwnWeights(() => this.lossWith(new Map()).run(arrays, run));
    this.taskNames = taskNames;
    return losses;
  }

  exportState(): StepState {
    const values: Record<string, Float32Array> = {};
    for (const [name, stored] of this.stored) {
      values[name] = stored.values.slice();
      stored.slots.forEach((slot, at) => (values[`${name}:${stored.slotNames[at]}`] = slot.slice()));
    }
    return { stepsDone: this.stepsDone, values: { ...values, ...this.tasks.export() } };
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
    this.tasks.import(state.values);
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

  private lossWith(lookupIds: Map<string, Int32Array[]>): EagerLoss<S> {
    const values = (table: Table) => {
      const stored = this.stored.get(table.name);
      if (!stored) throw new Error(`Table "${table.name}" is not in the weight set`);
      return stored.values;
    };
    return new EagerLoss(this.options, this.tasks, values, lookupIds);
  }

  private combine(
    parts: readonly EagerLosses[],
    losses: Float32Array,
    lookupIds: ReadonlyMap<string, Int32Array[]>,
  ): { gradients: GradientSet<Float32Array>; products: Float32Array | null } {
    const { tasks, accumulate, seed } = this.options;
    const addParts = (sets: GradientSet<Float32Array>[]) =>
      sets.length === 1 ? sets[0] : addSets(sets, (gradient) => gradient, addArrays);
    const [first] = parts;
    const gradients = first.gradients.map((_, at) => addParts(parts.map((part) => part.gradients[at])));
    const measured = first.measured.map((_, at) => addParts(parts.map((part) => part.measured[at])));
    if (!tasks?.combine) {
      const products = tasks && measured.length > 0 ? innerProducts(measured, tasks, lookupIds) : null;
      return { gradients: gradients[0], products };
    }
    const products = innerProducts(gradients.slice(0, tasks.names.length), tasks, lookupIds);
    const { weights } = this.tasks;
    const given = {
      products,
      weights,
      losses,
      seed: [seed | 0, this.stepsDone] as [number, number],
      part: accumulate,
    };
    return { gradients: combineSets(gradients, tasks, given), products };
  }

  private update(
    { weights: dense, rows: sparse }: GradientSet<Float32Array>,
    lookupIds: ReadonlyMap<string, Int32Array[]>,
  ): void {
    const { weights, optimizer, tableOptimizer, clipNorm } = this.options;
    const rows = weights.tables
      .filter(({ name }) => sparse.has(name))
      .map(({ name }) => ({ name, ...sumRows(sparse.get(name)!, lookupIds.get(name)!) }));
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
    const numbers = this.tasks.write(this.stepsDone);
    for (const { name, isDecayed } of weights.weights) {
      const gradient = dense.get(name);
      if (!gradient) continue;
      const { values: weight, slots } = this.stored.get(name)!;
      applyUpdate({
        optimizer,
        hyper: numbers,
        weight,
        slots,
        gradient: scaled(gradient),
        rows: null,
        isDecayed,
      });
    }
    for (const { name, rows: ids, gradient } of rows) {
      const { values: weight, slots } = this.stored.get(name)!;
      applyUpdate({
        optimizer: tableOptimizer,
        hyper: numbers.subarray(HYPER_LENGTH),
        weight,
        slots,
        gradient: scaled(gradient),
        rows: ids,
        isDecayed: false,
      });
    }
  }
}
