import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from './backend.js';
import { type BatchArrays, type BatchSpec, dataTypeOf, sampleArrays, toTensors } from './batch.js';
import { type Gather, makeContext, newAnchor } from './context.js';
import {
  addSets,
  type GradientSet,
  lossesToDifferentiate,
  newGradientSet,
  requireGradients,
} from './gradient-sets.js';
import { attribute, DATA_TYPE, type GraphBuilder } from './graph.js';
import { addTensors } from './graph-combine.js';
import type { GraphVariables } from './graph-variables.js';
import { cutIntoParts, type FullStepOptions, type StepLosses, stepLosses } from './step.js';
import { gradientsOf, onTape } from './tape.js';
import type { TaskState } from './task-state.js';
import { Tracer } from './trace.js';

const FLOAT = attribute.type(DATA_TYPE.float32);
const INT = attribute.type(DATA_TYPE.int32);

/** What a loss and its gradients are called in the graph. */
export interface TracedLoss {
  /** Vector: the total, then the tasks. */
  readonly losses: string;
  /** [tasks]: weights of the tasks; null without the option `tasks`. */
  readonly taskWeights: string | null;
  readonly taskNames: readonly string[];
  /** Of the total; or with `combine`, of each task and of what is extra. */
  readonly gradients: readonly GradientSet<string>[];
  /** Of each task by what is measured, where gradients are compared but not combined. */
  readonly measured: readonly GradientSet<string>[];
  /** The weights as the loss read them, before any update. */
  readonly reads: ReadonlyMap<string, string>;
  /** Ids of each table's look-ups, and the rows, which an update has to wait for. */
  readonly lookupIds: ReadonlyMap<string, readonly string[]>;
  readonly gathers: ReadonlyMap<string, readonly string[]>;
}

interface Inputs {
  /** Tensors of the batch, in the order of the spec. */
  readonly columns: readonly string[];
  readonly seed: string;
  /** Of TaskState. */
  readonly numbers: string;
  readonly rows: number;
  readonly isTraining: boolean;
}

/** A traced loss that is still being added to. */
interface Growing {
  losses: string;
  taskWeights: string | null;
  taskNames: readonly string[];
  readonly reads: ReadonlyMap<string, string>;
  readonly lookupIds: Map<string, string[]>;
  readonly gathers: Map<string, string[]>;
}

/** One part's gradients. */
interface PartGradients {
  readonly gradients: GradientSet<string>[];
  readonly measured: GradientSet<string>[];
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/**
 * Adds the loss of a batch to a graph, and its gradients if it is to be trained. With `accumulate`, the batch is cut into parts that
 * are computed one after the other, so that only one part's activations are held at a time.
 */
export function traceLoss<S extends BatchSpec>(
  graph: GraphBuilder,
  variables: GraphVariables,
  options: FullStepOptions<S>,
  state: TaskState,
  inputs: Inputs,
): TracedLoss {
  const { weights, accumulate } = options;
  const reads = new Map(
    weights.weights.map(({ name }) => [name, graph.read(variables.handles(name).handle)]),
  );
  const all: Growing = {
    losses: '',
    taskWeights: null,
    taskNames: [],
    reads,
    lookupIds: new Map(),
    gathers: new Map(),
  };
  const sizes = inputs.isTraining ? cutIntoParts(inputs.rows, accumulate) : [inputs.rows];
  const losses: string[] = [];
  const made: PartGradients[] = [];
  let start = 0;
  let waitFor: string[] = [];
  sizes.forEach((rows, part) => {
    const isWhole = sizes.length === 1;
    const columns = isWhole
      ? inputs.columns
      : slices(graph, options.batch, inputs.columns, start, rows, waitFor);
    const share = rows / inputs.rows;
    const tracing = new PartTrace(graph, variables, options, state, all, share);
    made.push(tracing.run({ ...inputs, columns, rows }, part));
    losses.push(scaled(graph, all.losses, share));
    waitFor = tracing.made.map((tensor) => tensor.split(':')[0]);
    start += rows;
  });
  const addParts = (sets: GradientSet<string>[]) =>
    sets.length === 1
      ? sets[0]
      : addSets(
          sets,
          (gradient) => gradient,
          (tensors) => addTensors(graph, tensors),
        );
  const [first] = made;
  return {
    ...all,
    losses: addTensors(graph, losses),
    gradients: first.gradients.map((_, at) => addParts(made.map((part) => part.gradients[at]))),
    measured: first.measured.map((_, at) => addParts(made.map((part) => part.measured[at]))),
  };
}

function slices(
  graph: GraphBuilder,
  spec: BatchSpec,
  columns: readonly string[],
  start: number,
  rows: number,
  waitFor: readonly string[],
): string[] {
  return Object.values(spec).map((own, at) => {
    const begin = graph.integers([start, ...own.shape.map(() => 0)]);
    const size = graph.integers([rows, ...own.shape]);
    const inputs = [columns[at], begin, size, ...waitFor.map((node) => `^${node}`)];
    return graph.node('Slice', inputs, { T: attribute.type(dataTypeOf(own)), Index: INT });
  });
}

function scaled(graph: GraphBuilder, tensor: string, share: number): string {
  return share === 1 ? tensor : graph.float('Mul', tensor, graph.scalar(share));
}

/** Runs the loss of one part of a batch, and its gradients, once on sample tensors, and records them. */
class PartTrace<S extends BatchSpec> {
  /** The gradients that it added to the graph. */
  readonly made: string[] = [];
  private readonly tracer: Tracer;
  private readonly anchor = newAnchor();
  private current: GradientSet<string> = newGradientSet();

  constructor(
    private readonly graph: GraphBuilder,
    private readonly variables: GraphVariables,
    private readonly options: FullStepOptions<S>,
    private readonly state: TaskState,
    private readonly all: Growing,
    /** The part's share of the batch. */
    private readonly share: number,
  ) {
    this.tracer = new Tracer(graph);
  }

  run(inputs: Inputs, part: number): PartGradients {
    const { tracer, options, state } = this;
    const { columns, rows, isTraining } = inputs;
    const result: PartGradients = { gradients: [], measured: [] };
    try {
      tf.tidy(() => {
        const batch = toTensors(options.batch, sampleArrays(options.batch, rows) as BatchArrays<S>, rows);
        Object.keys(options.batch).forEach((name, at) => tracer.bind(batch[name], columns[at]));
        const seed = tf.tensor1d([0, 0], 'int32');
        tracer.bind(seed, inputs.seed);
        const numbers = tf.zeros<Tensorflow.Rank.R1>([state.numbers.length]);
        tracer.bind(numbers, inputs.numbers);
        for (const { name, variable } of options.weights.weights)
          tracer.bind(variable, this.all.reads.get(name)!);
        tracer.record(() => {
          const { anchor, gather } = this;
          const schedule = state.scheduleIn(numbers);
          const context = makeContext({ isTraining, rows, seed, anchor, gather, part, schedule });
          const taskWeights = state.weightsOf(numbers);
          this.all.taskWeights = taskWeights && tracer.tensorOf(taskWeights);
          const forward = () => {
            const names = options.tasks?.names ?? null;
            return this.note(stepLosses(options.loss(batch, context), names, taskWeights));
          };
          if (isTraining) this.differentiate(forward, result);
          else forward();
        });
      });
    } finally {
      this.anchor.dispose();
    }
    return result;
  }

  private note(losses: StepLosses): StepLosses {
    const { all, graph, tracer } = this;
    all.taskNames = losses.taskNames;
    const tensors = [losses.total, ...losses.tasks].map((loss) => tracer.tensorOf(loss));
    const attributes = { N: attribute.integer(tensors.length), T: FLOAT, axis: attribute.integer(0) };
    all.losses = graph.node('Pack', tensors, attributes);
    return losses;
  }

  private differentiate(forward: () => StepLosses, { gradients, measured }: PartGradients): void {
    const { tasks } = this.options;
    if (!tasks?.combine && !tasks?.measured) {
      // The usual case needs no tape that outlives its one gradient.
      gradients.push(this.collect(() => forward().total, null));
      return;
    }
    onTape(() => {
      const losses = forward();
      for (const loss of lossesToDifferentiate(losses, tasks)) gradients.push(this.collect(() => loss, null));
      if (tasks.combine) return;
      for (const loss of losses.tasks) measured.push(this.collect(() => loss, new Set(tasks.measured)));
    });
  }

  /** Gradients of a loss by all weights and tables, or by the named ones. */
  private collect(loss: () => Tensorflow.Scalar, names: ReadonlySet<string> | null): GradientSet<string> {
    const { weights, tables } = this.options.weights;
    this.current = newGradientSet();
    const wanted = weights.filter(({ name }) => names?.has(name) ?? true);
    const isByTables = tables.some(({ name }) => names?.has(name) ?? true);
    const inputs: Tensorflow.Tensor[] = [
      ...wanted.map(({ variable }) => variable),
      ...(isByTables ? [this.anchor] : []),
    ];
    const gradients = gradientsOf(loss, inputs);
    wanted.forEach(({ name }, at) => {
      const gradient = gradients[at];
      if (gradient) this.current.weights.set(name, this.take(gradient));
    });
    return requireGradients(this.current);
  }

  private take(gradient: Tensorflow.Tensor): string {
    const tensor = scaled(this.graph, this.tracer.tensorOf(gradient), this.share);
    this.made.push(tensor);
    return tensor;
  }

  private readonly gather: Gather = (table, ids) => {
    const { graph, tracer, all } = this;
    const rows = tf.zeros<Tensorflow.Rank.R2>([ids.size, table.dim]);
    const idTensor = tracer.tensorOf(ids);
    const inputs = [this.variables.handles(table.name).handle, idTensor];
    const gathered = graph.node('ResourceGather', inputs, { dtype: FLOAT, Tindices: INT });
    append(all.gathers, table.name, gathered);
    append(all.lookupIds, table.name, idTensor);
    const lookup = all.lookupIds.get(table.name)!.length - 1;
    tracer.bind(rows, gathered);
    const receiveGradient = (gradient: Tensorflow.Tensor2D) => {
      const own = this.current.rows.get(table.name) ?? new Map<number, string>();
      this.current.rows.set(table.name, own.set(lookup, this.take(gradient)));
    };
    return { rows, receiveGradient };
  };
}
