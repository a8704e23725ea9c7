import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from './backend.js';
import { type BatchArrays, type BatchSpec, dataTypeOf, sampleArrays, toTensors } from './batch.js';
import { type Gather, makeContext, newAnchor } from './context.js';
import { attribute, DATA_TYPE, type GraphBuilder } from './graph.js';
import type { GraphVariables } from './graph-variables.js';
import { cutIntoParts, type FullStepOptions, namedLosses } from './step.js';
import { Tracer } from './trace.js';

const FLOAT = attribute.type(DATA_TYPE.float32);
const INT = attribute.type(DATA_TYPE.int32);

/** What a loss and its gradients are called in the graph. */
export interface TracedLoss {
  /** Vector: the total, then the tasks. */
  readonly losses: string;
  readonly taskNames: readonly string[];
  readonly weightGradients: ReadonlyMap<string, string>;
  /** The weights as the loss read them, before any update. */
  readonly reads: ReadonlyMap<string, string>;
  readonly rowGradients: ReadonlyMap<string, readonly LookupGradient[]>;
  /** Look-ups of each table, which an update has to wait for. */
  readonly gathers: ReadonlyMap<string, readonly string[]>;
}

interface LookupGradient {
  readonly ids: string;
  readonly gradient: string;
}

interface Inputs {
  /** Tensors of the batch, in the order of the spec. */
  readonly columns: readonly string[];
  readonly seed: string;
  readonly rows: number;
  readonly isTraining: boolean;
}

/** A traced loss that is still being added to. */
interface Growing {
  losses: string;
  taskNames: readonly string[];
  readonly weightGradients: Map<string, string[]>;
  readonly reads: ReadonlyMap<string, string>;
  readonly rowGradients: Map<string, LookupGradient[]>;
  readonly gathers: Map<string, string[]>;
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
  inputs: Inputs,
): TracedLoss {
  const { weights, accumulate } = options;
  const reads = new Map(
    weights.weights.map(({ name }) => [name, graph.read(variables.handles(name).handle)]),
  );
  const all: Growing = {
    losses: '',
    taskNames: [],
    weightGradients: new Map(),
    reads,
    rowGradients: new Map(),
    gathers: new Map(),
  };
  const parts = inputs.isTraining ? cutIntoParts(inputs.rows, accumulate) : [inputs.rows];
  const losses: string[] = [];
  let start = 0;
  let waitFor: string[] = [];
  parts.forEach((rows, part) => {
    const isWhole = parts.length === 1;
    const columns = isWhole
      ? inputs.columns
      : slices(graph, options.batch, inputs.columns, start, rows, waitFor);
    const share = rows / inputs.rows;
    const made = tracePart(graph, variables, options, { ...inputs, columns, rows }, all, share, part);
    losses.push(scaled(graph, all.losses, share));
    waitFor = made.map((tensor) => tensor.split(':')[0]);
    start += rows;
  });
  const sums = [...all.weightGradients].map(([name, gradients]) => [name, added(graph, gradients)] as const);
  return { ...all, losses: added(graph, losses), weightGradients: new Map(sums) };
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

function added(graph: GraphBuilder, tensors: readonly string[]): string {
  if (tensors.length === 1) return tensors[0];
  return graph.node('AddN', tensors, { N: attribute.integer(tensors.length), T: FLOAT });
}

/** Runs the loss (and its gradients) once on sample tensors, and records it; returns the gradients that it added. */
function tracePart<S extends BatchSpec>(
  graph: GraphBuilder,
  variables: GraphVariables,
  options: FullStepOptions<S>,
  { columns, seed: seedTensor, rows, isTraining }: Inputs,
  all: Growing,
  share: number,
  part: number,
): string[] {
  const { weights, batch: spec } = options;
  const tracer = new Tracer(graph);
  const made: string[] = [];
  const take = (gradient: Tensorflow.Tensor) => {
    const tensor = scaled(graph, tracer.tensorOf(gradient), share);
    made.push(tensor);
    return tensor;
  };
  const gather = gatherVariable(graph, variables, tracer, all, take);
  const anchor = newAnchor();
  try {
    tf.tidy(() => {
      const batch = toTensors(spec, sampleArrays(spec, rows) as BatchArrays<S>, rows);
      Object.keys(spec).forEach((name, at) => tracer.bind(batch[name], columns[at]));
      const seed = tf.tensor1d([0, 0], 'int32');
      tracer.bind(seed, seedTensor);
      for (const { name, variable } of weights.weights) tracer.bind(variable, all.reads.get(name)!);
      tracer.record(() => {
        const context = makeContext({ isTraining, rows, seed, anchor, gather, part });
        const forward = (): Tensorflow.Scalar => {
          const { total, tasks } = namedLosses(options.loss(batch, context));
          all.taskNames = Object.keys(tasks);
          const losses = [total, ...Object.values(tasks)].map((loss) =>
            tracer.tensorOf(tf.reshape(loss, [])),
          );
          const attributes = { N: attribute.integer(losses.length), T: FLOAT, axis: attribute.integer(0) };
          all.losses = graph.node('Pack', losses, attributes);
          return total;
        };
        if (!isTraining) {
          forward();
          return;
        }
        const { grads } = tf.variableGrads(forward, [
          ...weights.weights.map(({ variable }) => variable),
          anchor,
        ]);
        for (const { name, variable } of weights.weights) {
          const gradient = grads[variable.name];
          if (gradient) append(all.weightGradients, name, take(gradient));
        }
      });
    });
  } finally {
    anchor.dispose();
  }
  return made;
}

function gatherVariable(
  graph: GraphBuilder,
  variables: GraphVariables,
  tracer: Tracer,
  all: Growing,
  take: (gradient: Tensorflow.Tensor) => string,
): Gather {
  return (table, ids) => {
    const rows = tf.zeros<Tensorflow.Rank.R2>([ids.size, table.dim]);
    const idTensor = tracer.tensorOf(ids);
    const inputs = [variables.handles(table.name).handle, idTensor];
    const gathered = graph.node('ResourceGather', inputs, { dtype: FLOAT, Tindices: INT });
    append(all.gathers, table.name, gathered);
    tracer.bind(rows, gathered);
    const receiveGradient = (gradient: Tensorflow.Tensor2D) =>
      append(all.rowGradients, table.name, { ids: idTensor, gradient: take(gradient) });
    return { rows, receiveGradient };
  };
}
