import type * as Tensorflow from '@tensorflow/tfjs';

import { type TensorValues, tf } from './backend.js';
import { type BatchArrays, type BatchSpec, countRows, dataTypeOf, sampleArrays, toTensors } from './batch.js';
import { type Gather, makeContext, newAnchor } from './context.js';
import { attribute, DATA_TYPE, GraphBuilder } from './graph.js';
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
import {
  type CompiledStep,
  type FullStepOptions,
  type LossValues,
  namedLosses,
  type StepState,
} from './step.js';
import { Tracer } from './trace.js';
import { setVariable, type Table } from './weights.js';

const FLOAT = attribute.type(DATA_TYPE.float32);

/** What the loss and its gradients are called in the graph. */
interface TracedLoss {
  readonly losses: string;
  readonly weightGradients: ReadonlyMap<string, string>;
  /** The weights as the loss read them, before any update. */
  readonly reads: ReadonlyMap<string, string>;
  readonly rowGradients: ReadonlyMap<string, { ids: string; gradient: string }[]>;
  readonly gathers: ReadonlyMap<string, string[]>;
}

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
    const traced = this.traceLoss(feeds, rows, false);
    this.calls.set(`evaluate/${rows}`, defineCall(feeds, [traced.losses]));
  }

  private addTraining(rows: number): void {
    const { graph } = this;
    const feeds = this.placeholders(`train_${rows}`, rows);
    const traced = this.traceLoss(feeds, rows, true);
    const updates = this.addUpdates(traced, feeds.at(-2)!.name);
    const losses = graph.node('Identity', [traced.losses, ...updates.map((node) => `^${node}`)], {
      T: FLOAT,
    });
    this.calls.set(`train/${rows}`, defineCall(feeds, [losses]));
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

  /** Runs the loss (and its gradients) once on zeros, and records it into the graph. */
  private traceLoss(feeds: readonly Feed[], rows: number, isTraining: boolean): TracedLoss {
    const { graph } = this;
    const { weights } = this.options;
    const tracer = new Tracer(graph);
    const weightGradients = new Map<string, string>();
    const reads = new Map<string, string>();
    const rowGradients = new Map<string, { ids: string; gradient: string }[]>();
    const gathers = new Map<string, string[]>();
    const gather = this.traceTables(tracer, rowGradients, gathers);
    const anchor = newAnchor();
    const variables = [...weights.weights.map(({ variable }) => variable), anchor];
    let losses = '';
    try {
      tf.tidy(() => {
        const batch = toTensors(this.batch, sampleArrays(this.batch, rows) as BatchArrays<S>, rows);
        Object.keys(this.batch).forEach((name, at) => tracer.bind(batch[name], feeds[at].name));
        const seed = tf.tensor1d([0, 0], 'int32');
        tracer.bind(seed, feeds.at(-1)!.name);
        for (const { name, variable } of weights.weights) {
          const read = graph.read(this.variables.handles(name).handle);
          reads.set(name, read);
          tracer.bind(variable, read);
        }
        tracer.record(() => {
          const context = makeContext({ isTraining, rows, seed, anchor, gather });
          const forward = (): Tensorflow.Scalar => {
            const { total, tasks } = namedLosses(this.options.loss(batch, context));
            this.taskNames = Object.keys(tasks);
            const all = [total, ...Object.values(tasks)].map((loss) => tracer.tensorOf(loss));
            losses = graph.node('Pack', all, {
              N: attribute.integer(all.length),
              T: FLOAT,
              axis: attribute.integer(0),
            });
            return total;
          };
          if (!isTraining) {
            forward();
            return;
          }
          const { grads } = tf.variableGrads(forward, variables);
          for (const { name, variable } of weights.weights) {
            const gradient = grads[variable.name];
            if (gradient) weightGradients.set(name, tracer.tensorOf(gradient));
          }
        });
      });
    } finally {
      anchor.dispose();
    }
    return { losses, weightGradients, reads, rowGradients, gathers };
  }

  private traceTables(
    tracer: Tracer,
    rowGradients: Map<string, { ids: string; gradient: string }[]>,
    gathers: Map<string, string[]>,
  ): Gather {
    const { graph } = this;
    const append = <T>(map: Map<string, T[]>, table: Table, value: T) => {
      map.set(table.name, [...(map.get(table.name) ?? []), value]);
    };
    return (table, ids) => {
      const rows = tf.zeros<Tensorflow.Rank.R2>([ids.size, table.dim]);
      const idTensor = tracer.tensorOf(ids);
      const gathered = graph.node('ResourceGather', [this.variables.handles(table.name).handle, idTensor], {
        dtype: FLOAT,
        Tindices: attribute.type(DATA_TYPE.int32),
      });
      append(gathers, table, gathered);
      tracer.bind(rows, gathered);
      const receiveGradient = (gradient: Tensorflow.Tensor2D) =>
        append(rowGradients, table, { ids: idTensor, gradient: tracer.tensorOf(gradient) });
      return { rows, receiveGradient };
    };
  }
}
