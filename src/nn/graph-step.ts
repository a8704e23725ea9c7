import type { TensorValues } from './backend.js';
import { type BatchArrays, type BatchSpec, countRows, dataTypeOf } from './batch.js';
import { attribute, DATA_TYPE, GraphBuilder } from './graph.js';
import { type TracedLoss, traceLoss } from './graph-loss.js';
import {
  clipGradients,
  type RowGradients,
  sumRowGradients,
  updateRows,
  updateWeight,
} from './graph-updates.js';
import { GraphVariables } from './graph-variables.js';
import { HYPER_LENGTH, writeHyper } from './optimizers.js';
import { type Call, defineCall, type Feed, GraphSession } from './session.js';
import type { CompiledStep, FullStepOptions, LossValues, StepState } from './step.js';
import { setVariable } from './weights.js';

const FLOAT = attribute.type(DATA_TYPE.float32);

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
  private readonly calls = new Map<string, Call>();
  private readonly hyper = new Float32Array(2 * HYPER_LENGTH);
  private readonly seed = new Int32Array(2);

  constructor(private readonly options: FullStepOptions<S>) {
    this.batch = options.batch;
    this.weights = options.weights;
    this.seed[0] = options.seed | 0;
    this.trainSizes = new Set(options.batchSizes);
    this.evaluationSizes = new Set(options.evaluationSizes);
    if (this.trainSizes.size + this.evaluationSizes.size > 0) this.build(null);
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
    writeHyper(this.hyper, 0, this.options.optimizer, this.stepsDone);
    writeHyper(this.hyper, HYPER_LENGTH, this.options.tableOptimizer, this.stepsDone);
    const losses = this.call(`train/${rows}`, arrays);
    this.stepsDone++;
    return losses;
  }

  evaluate(arrays: BatchArrays<S>): LossValues {
    const rows = countRows(this.batch, arrays);
    if (!this.evaluationSizes.has(rows)) this.prepare([], [rows]);
    return this.call(`evaluate/${rows}`, arrays);
  }

  exportState(): StepState {
    return { stepsDone: this.stepsDone, values: this.variables.readAll(this.session!) };
  }

  importState(state: StepState): void {
    if (!this.session) this.build(null);
    this.variables.writeAll(this.session!, state.values);
    this.stepsDone = state.stepsDone;
  }

  pullWeights(): void {
    if (!this.session) return;
    const all = this.variables.readAll(this.session, { hasTableSlots: false });
    for (const { name, variable } of this.weights.weights) setVariable(variable, all[name]);
    for (const table of this.weights.tables) table.values = all[table.name];
  }

  dispose(): void {
    this.session?.dispose();
  }

  private call(name: string, arrays: BatchArrays<S>): LossValues {
    const values: TensorValues[] = Object.keys(this.batch).map((column) => arrays[column]);
    this.seed[1] = this.stepsDone;
    values.push(this.hyper, this.seed);
    return this.session!.run(this.calls.get(name)!, values)[0] as LossValues;
  }

  /** Builds and loads the graph with all sizes asked for so far; goes on from the state, or from the weight set. */
  private build(state: StepState | null): void {
    this.session?.dispose();
    this.graph = new GraphBuilder();
    this.calls.clear();
    this.variables = new GraphVariables(this.graph, this.options);
    for (const rows of this.trainSizes) this.addTraining(rows);
    for (const rows of this.evaluationSizes) this.addEvaluation(rows);
    this.session = new GraphSession(this.graph);
    if (state) this.importState(state);
    else this.variables.start(this.session, this.weights);
  }

  private placeholders(prefix: string, rows: number): Feed[] {
    const feeds: Feed[] = Object.entries(this.batch).map(([name, spec], at) => ({
      name: `${prefix}_${at}_${name.replaceAll(/\W/g, '_')}`,
      dataType: dataTypeOf(spec),
      shape: [rows, ...spec.shape],
    }));
    feeds.push({ name: `${prefix}_hyper`, dataType: DATA_TYPE.float32, shape: [2 * HYPER_LENGTH] });
    feeds.push({ name: `${prefix}_seed`, dataType: DATA_TYPE.int32, shape: [2] });
    for (const { name, dataType, shape } of feeds) this.graph.placeholder(name, dataType, shape);
    return feeds;
  }

  private addEvaluation(rows: number): void {
    const feeds = this.placeholders(`evaluate_${rows}`, rows);
    const traced = this.trace(feeds, rows, false);
    this.calls.set(`evaluate/${rows}`, defineCall(feeds, [traced.losses]));
  }

  private addTraining(rows: number): void {
    const { graph } = this;
    const feeds = this.placeholders(`train_${rows}`, rows);
    const traced = this.trace(feeds, rows, true);
    const updates = this.addUpdates(traced, feeds.at(-2)!.name);
    const losses = graph.node('Identity', [traced.losses, ...updates.map((node) => `^${node}`)], {
      T: FLOAT,
    });
    this.calls.set(`train/${rows}`, defineCall(feeds, [losses]));
  }

  private trace(feeds: readonly Feed[], rows: number, isTraining: boolean): TracedLoss {
    const names = feeds.map(({ name }) => name);
    const traced = traceLoss(this.graph, this.variables, this.options, {
      columns: names.slice(0, -2),
      seed: names[names.length - 1],
      rows,
      isTraining,
    });
    this.taskNames = traced.taskNames;
    return traced;
  }

  private addUpdates(traced: TracedLoss, hyperTensor: string): string[] {
    const { graph } = this;
    const { weights, optimizer, tableOptimizer, clipNorm } = this.options;
    const numbers = graph.node('Unpack', [hyperTensor], {
      T: FLOAT,
      num: attribute.integer(2 * HYPER_LENGTH),
      axis: attribute.integer(0),
    });
    const hyperAt = (at: number) => ({
      rate: at === 0 ? numbers : `${numbers}:${at}`,
      beta1Power: `${numbers}:${at + 1}`,
      beta2Power: `${numbers}:${at + 2}`,
    });
    const dense = weights.weights.filter(({ name }) => traced.weightGradients.has(name));
    const sparse = weights.tables.filter(({ name }) => traced.rowGradients.has(name));
    let gradients = dense.map(({ name }) => traced.weightGradients.get(name)!);
    let rows: RowGradients[] = sparse.map(({ name }) =>
      sumRowGradients(graph, traced.rowGradients.get(name)!),
    );
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
