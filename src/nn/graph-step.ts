import type { TensorValues } from './backend.js';
import { type BatchArrays, type BatchSpec, countRows } from './batch.js';
import { type GradientSet, sharedNames } from './gradient-sets.js';
import { attribute, DATA_TYPE, GraphBuilder } from './graph.js';
import { combineGradients, innerProducts } from './graph-combine.js';
import { type TracedLoss, traceLoss } from './graph-loss.js';
import { GraphRows, LoadedRows, neededFeeds, stepFeeds } from './graph-rows.js';
import {
  clipGradients,
  type RowGradients,
  sumRowGradients,
  updateRows,
  updateWeight,
} from './graph-updates.js';
import { GraphVariables } from './graph-variables.js';
import { HYPER_LENGTH } from './optimizers.js';
import { type Call, defineCall, type Feed, GraphSession, type HeldTensor } from './session.js';
import type { CompiledStep, FullStepOptions, LossValues, StepState } from './step.js';
import type { TaskReport } from './task-options.js';
import { TaskState } from './task-state.js';
import { countElements } from './trace-rewrite.js';
import { setVariable, type Table } from './weights.js';

const FLOAT = attribute.type(DATA_TYPE.float32);
/** Up to so many numbers, copying the weights costs less than a call of their own, which is some 7 ms when it is first made. */
const WEIGHTS_BESIDE_LOSSES = 262_144;

/** A training step as one call of TensorFlow. Made by compileStep. */
export class GraphStep<S extends BatchSpec> implements CompiledStep<S> {
  readonly mode = 'graph';
  readonly batch: S;
  readonly weights;
  taskNames: readonly string[] = [];
  stepsDone = 0;
  private readonly trainSizes: Set<number>;
  private readonly evaluationSizes: Set<number>;
  private graph!: GraphBuilder;
  private session: GraphSession | null = null;
  private variables!: GraphVariables;
  private rows!: GraphRows;
  private loaded: LoadedRows<S> | null = null;
  private readonly calls = new Map<string, Call>();
  private readonly tasks: TaskState;
  private unread: Table[] = [];
  /** The weights by name as the latest evaluation read them; null where it did not, or they were set since. */
  private evaluated: { readonly step: number; readonly weights: Record<string, Float32Array> } | null = null;
  private readonly seed = new Int32Array(2);

  constructor(private readonly options: FullStepOptions<S>) {
    this.batch = options.batch;
    this.weights = options.weights;
    this.tasks = new TaskState(options);
    this.seed[0] = options.seed | 0;
    this.trainSizes = new Set(options.batchSizes);
    this.evaluationSizes = new Set(options.evaluationSizes);
    if (this.trainSizes.size + this.evaluationSizes.size > 0) this.build(null);
  }

  get taskReport(): TaskReport | null {
    return this.tasks.report;
  }

  setTaskWeights(weights: Readonly<Record<string, number>>): void {
    this.tasks.setWeights(weights);
  }

  prepare(batchSizes: readonly number[], evaluationSizes: readonly number[]): void {
    const isKnown =
      batchSizes.every((rows) => this.trainSizes.has(rows)) &&
      evaluationSizes.every((rows) => this.evaluationSizes.has(rows));
    if (isKnown && this.session) return;
    const state = this.session ? this.exportState() : null;
    for (const rows of batchSizes) this.trainSizes.add(rows);
    for (const rows of evaluationSizes) this.evaluationSizes.add(rows);
    this.build(state);
  }

  run(arrays: BatchArrays<S>): LossValues {
    const rows = countRows(this.batch, arrays);
    if (!this.trainSizes.has(rows)) this.prepare([rows], []);
    return this.update(`train/${rows}`, this.columnsOf(arrays));
  }

  loadRows(arrays: BatchArrays<S>): void {
    countRows(this.batch, arrays);
    this.loaded?.dispose();
    this.loaded = new LoadedRows(this.batch, arrays);
  }

  runRows(order: Int32Array, start: number, rows: number): LossValues {
    if (!this.loaded) throw new Error('No examples are loaded');
    const { held, assembler } = this.loaded;
    if (!held) return this.run(assembler.take(order, start, rows));
    if (!this.trainSizes.has(rows)) this.prepare([rows], []);
    return this.update(`rows/${rows}`, [...held, order.subarray(start, start + rows)]);
  }

  evaluate(arrays: BatchArrays<S>): LossValues {
    const rows = countRows(this.batch, arrays);
    if (!this.evaluationSizes.has(rows)) this.prepare([], [rows]);
    const [losses, ...weights] = this.call(`evaluate/${rows}`, this.columnsOf(arrays));
    if (weights.length > 0) {
      const named = this.weights.weights.map(({ name }, at) => [name, weights[at]]);
      this.evaluated = {
        step: this.stepsDone,
        weights: Object.fromEntries(named) as Record<string, Float32Array>,
      };
    }
    return losses;
  }

  exportState(): StepState {
    if (!this.session) this.build(null);
    return {
      stepsDone: this.stepsDone,
      values: { ...this.variables.readAll(this.session!), ...this.tasks.export() },
    };
  }

  importState(state: StepState): void {
    this.settle();
    if (!this.session) this.build(null);
    this.evaluated = null;
    this.tasks.import(state.values);
    this.variables.writeAll(this.session!, state.values);
    this.stepsDone = state.stepsDone;
  }

  pullWeights(): void {
    const { session, variables } = this;
    if (!session) return;
    const known = this.evaluated?.step === this.stepsDone ? this.evaluated.weights : null;
    const all = known ?? variables.readWeights(session);
    for (const { name, variable } of this.weights.weights) setVariable(variable, all[name]);
    this.unread = [...this.weights.tables];
    for (const table of this.unread) table.readLater(() => variables.readTable(session, table.name));
  }

  /** Reads the tables that were pulled and that nobody has looked at yet, before they change or go. */
  private settle(): void {
    for (const table of this.unread) void table.values;
    this.unread = [];
  }

  dispose(): void {
    this.settle();
    this.loaded?.dispose();
    this.loaded = null;
    this.session?.dispose();
  }

  private columnsOf(arrays: BatchArrays<S>): TensorValues[] {
    return Object.keys(this.batch).map((column) => arrays[column]);
  }

  private update(name: string, inputs: readonly (TensorValues | HeldTensor)[]): LossValues {
    if (this.unread.length > 0) this.settle();
    const [losses, products = null] = this.call(name, inputs);
    this.stepsDone++;
    this.tasks.finish(losses, products);
    return losses;
  }

  private call(name: string, inputs: readonly (TensorValues | HeldTensor)[]): LossValues[] {
    this.seed[1] = this.stepsDone;
    const call = this.calls.get(name)!;
    const values = [...inputs, this.tasks.write(this.stepsDone), this.seed].slice(0, call.feeds.length);
    return this.session!.run(call, values) as LossValues[];
  }

  /** Builds and loads the graph with all sizes asked for so far; goes on from the state, or from the weight set. */
  private build(state: StepState | null): void {
    this.settle();
    this.evaluated = null;
    this.session?.dispose();
    this.graph = new GraphBuilder();
    this.calls.clear();
    this.variables = new GraphVariables(this.graph, this.options);
    this.rows = new GraphRows(this.graph, this.batch);
    for (const rows of this.trainSizes) this.addTraining(rows);
    for (const rows of this.evaluationSizes) this.addEvaluation(rows);
    this.session = new GraphSession(this.graph);
    if (state) this.importState(state);
    else this.variables.start(this.session, this.weights);
  }

  private feedsOf(prefix: string, rows: number): Feed[] {
    return stepFeeds(this.batch, prefix, rows, this.tasks.numbers.length);
  }

  private addPlaceholders(feeds: readonly Feed[]): void {
    for (const { name, dataType, shape } of feeds) this.graph.placeholder(name, dataType, shape);
  }

  private addEvaluation(rows: number): void {
    const feeds = this.feedsOf(`evaluate_${rows}`, rows);
    this.addPlaceholders(feeds);
    const traced = this.trace(feeds, rows, false);
    const numbers = this.weights.weights.reduce((sum, { shape }) => sum + countElements(shape), 0);
    const beside = numbers <= WEIGHTS_BESIDE_LOSSES ? [...traced.reads.values()] : [];
    const needed = neededFeeds(this.graph, feeds);
    this.calls.set(`evaluate/${rows}`, defineCall(needed, [traced.losses, ...beside]));
  }

  private addTraining(rows: number): void {
    const { graph } = this;
    const feeds = this.feedsOf(`train_${rows}`, rows);
    const order: Feed = { name: `train_${rows}_order`, dataType: DATA_TYPE.int32, shape: [rows] };
    const [numbers, seed] = feeds.slice(-2);
    this.addPlaceholders([order, numbers, seed]);
    this.rows.addInputs(feeds.slice(0, -2), order.name);
    const traced = this.trace(feeds, rows, true);
    const products = this.addProducts(traced);
    const updates = this.addUpdates(traced, this.combined(traced, products, seed.name), numbers.name);
    const waits = updates.map((node) => `^${node}`);
    const fetches = [traced.losses, ...(products ? [products] : [])].map((tensor) =>
      graph.node('Identity', [tensor, ...waits], { T: FLOAT }),
    );
    this.calls.set(`train/${rows}`, defineCall(neededFeeds(graph, feeds), fetches));
    const beside = neededFeeds(graph, [numbers, seed]);
    this.calls.set(`rows/${rows}`, defineCall([...this.rows.feeds, order, ...beside], fetches));
  }

  private trace(feeds: readonly Feed[], rows: number, isTraining: boolean): TracedLoss {
    const names = feeds.map(({ name }) => name);
    const [numbers, seed] = names.slice(-2);
    const inputs = { columns: names.slice(0, -2), numbers, seed, rows, isTraining };
    const traced = traceLoss(this.graph, this.variables, this.options, this.tasks, inputs);
    this.taskNames = traced.taskNames;
    return traced;
  }

  /** Inner products of the tasks' gradients, where they are asked for. */
  private addProducts({ gradients, measured, lookupIds }: TracedLoss): string | null {
    const { tasks } = this.options;
    if (!tasks || (!tasks.combine && measured.length === 0)) return null;
    const sets = tasks.combine ? gradients.slice(0, tasks.names.length) : measured;
    const names = tasks.measured ? new Set(tasks.measured) : sharedNames(sets);
    return innerProducts(this.graph, sets, names, lookupIds);
  }

  private combined(traced: TracedLoss, products: string | null, seed: string): GradientSet<string> {
    const { tasks, accumulate } = this.options;
    if (!tasks?.combine) return traced.gradients[0];
    return combineGradients(this.graph, traced.gradients, tasks, {
      products: products!,
      weights: traced.taskWeights!,
      losses: traced.losses,
      seed,
      part: accumulate,
    });
  }

  private addUpdates(traced: TracedLoss, combined: GradientSet<string>, fed: string): string[] {
    const { graph } = this;
    const { weights, optimizer, tableOptimizer, clipNorm } = this.options;
    const numbers = graph.node('Unpack', [fed], {
      T: FLOAT,
      num: attribute.integer(this.tasks.numbers.length),
      axis: attribute.integer(0),
    });
    const hyperAt = (at: number) => ({
      rate: at === 0 ? numbers : `${numbers}:${at}`,
      beta1Power: `${numbers}:${at + 1}`,
      beta2Power: `${numbers}:${at + 2}`,
    });
    const dense = weights.weights.filter(({ name }) => combined.weights.has(name));
    const sparse = weights.tables.filter(({ name }) => combined.rows.has(name));
    let gradients = dense.map(({ name }) => combined.weights.get(name)!);
    let rows: RowGradients[] = sparse.map(({ name }) => {
      const lookups = [...combined.rows.get(name)!];
      const ids = traced.lookupIds.get(name)!;
      return sumRowGradients(
        graph,
        lookups.map(([lookup, gradient]) => ({ ids: ids[lookup], gradient })),
      );
    });
    if (clipNorm !== null) {
      const clipped = clipGradients(graph, [...gradients, ...rows.map(({ gradient }) => gradient)], clipNorm);
      rows = rows.map((row, at) => ({ ...row, gradient: clipped[gradients.length + at] }));
      gradients = clipped.slice(0, gradients.length);
    }
    const ofWeights = dense.flatMap(({ name, isDecayed }, at) => {
      const target = this.variables.handles(name);
      const decayed = isDecayed && optimizer.weightDecay > 0 ? { value: traced.reads.get(name)! } : null;
      return updateWeight(graph, target, gradients[at], optimizer, hyperAt(0), decayed);
    });
    const ofTables = sparse.flatMap(({ name }, at) =>
      updateRows(
        graph,
        this.variables.handles(name),
        rows[at],
        tableOptimizer,
        hyperAt(HYPER_LENGTH),
        traced.gathers.get(name) ?? [],
      ),
    );
    return [...ofWeights, ...ofTables];
  }
}
