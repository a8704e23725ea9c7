import { attribute, DATA_TYPE, type GraphBuilder } from './graph.js';
import type { Optimizer } from './optimizers.js';

const FLOAT = attribute.type(DATA_TYPE.float32);
const INT = attribute.type(DATA_TYPE.int32);

/** A variable of the graph with its optimizer's slots. */
export interface Handles {
  readonly handle: string;
  readonly slots: readonly string[];
}

/** The step's fed numbers as tensors of the graph; see writeHyper. */
export interface HyperTensors {
  readonly rate: string;
  readonly beta1Power: string;
  readonly beta2Power: string;
}

/** Adds the fused update of a whole weight; returns the nodes to wait for. */
export function updateWeight(
  graph: GraphBuilder,
  target: Handles,
  gradient: string,
  optimizer: Optimizer,
  hyper: HyperTensors,
  decayed: { readonly value: string } | null,
): string[] {
  const { handle, slots } = target;
  const { rate, beta1Power, beta2Power } = hyper;
  const T = { T: FLOAT };
  let update: string;
  if (optimizer.kind === 'adam') {
    const betas = [
      graph.scalar(optimizer.beta1),
      graph.scalar(optimizer.beta2),
      graph.scalar(optimizer.epsilon),
    ];
    const inputs = [handle, ...slots, beta1Power, beta2Power, rate, ...betas, gradient];
    update = graph.node('ResourceApplyAdam', inputs, T);
  } else if (optimizer.kind === 'adagrad') {
    const inputs = [handle, slots[0], rate, graph.scalar(optimizer.epsilon), gradient];
    update = graph.node('ResourceApplyAdagradV2', inputs, T);
  } else if (slots.length > 0) {
    const inputs = [handle, slots[0], rate, gradient, graph.scalar(optimizer.momentum)];
    update = graph.node('ResourceApplyMomentum', inputs, T);
  } else update = graph.node('ResourceApplyGradientDescent', [handle, rate, gradient], T);
  if (!decayed || optimizer.weightDecay === 0) return [update];
  const share = graph.float('Mul', rate, graph.scalar(optimizer.weightDecay));
  const shrink = graph.float('Mul', decayed.value, share);
  return [graph.node('AssignSubVariableOp', [handle, shrink, `^${update}`], { dtype: FLOAT })];
}

/** The gradients of a table's rows, added up per row, so that a row that came up twice moves once. */
export interface RowGradients {
  /** [unique rows] int32. */
  readonly rows: string;
  /** [unique rows, dim]. */
  readonly gradient: string;
}

/** Joins vectors or rows. */
export function concatenate(graph: GraphBuilder, tensors: readonly string[], type: number): string {
  if (tensors.length === 1) return tensors[0];
  return graph.node('ConcatV2', [...tensors, graph.constant(DATA_TYPE.int32, [], Int32Array.of(0))], {
    N: attribute.integer(tensors.length),
    T: attribute.type(type),
    Tidx: INT,
  });
}

/** Adds up what several look-ups of one table sent back. */
export function sumRowGradients(
  graph: GraphBuilder,
  lookups: readonly { readonly ids: string; readonly gradient: string }[],
): RowGradients {
  const ids = concatenate(
    graph,
    lookups.map((lookup) => lookup.ids),
    DATA_TYPE.int32,
  );
  const gradients = concatenate(
    graph,
    lookups.map((lookup) => lookup.gradient),
    DATA_TYPE.float32,
  );
  const unique = graph.node('Unique', [ids], { T: INT, out_idx: INT });
  const count = graph.node('Size', [unique], { T: INT, out_type: INT });
  const gradient = graph.node('UnsortedSegmentSum', [gradients, `${unique}:1`, count], {
    T: FLOAT,
    Tindices: INT,
    Tnumsegments: INT,
  });
  return { rows: unique, gradient };
}

/** Adds the update of some rows of a table; returns the nodes to wait for. */
export function updateRows(
  graph: GraphBuilder,
  target: Handles,
  { rows, gradient }: RowGradients,
  optimizer: Optimizer,
  hyper: HyperTensors,
  waitFor: readonly string[],
): string[] {
  const { handle, slots } = target;
  const waits = waitFor.map((name) => `^${name}`);
  const sparse = { T: FLOAT, Tindices: INT };
  if (optimizer.kind === 'adagrad') {
    const inputs = [handle, slots[0], hyper.rate, graph.scalar(optimizer.epsilon), gradient, rows, ...waits];
    return [graph.node('ResourceSparseApplyAdagradV2', inputs, sparse)];
  }
  if (optimizer.kind === 'adam')
    return updateRowsByAdam(graph, target, { rows, gradient }, optimizer, hyper, waits);
  if (slots.length > 0) {
    const inputs = [handle, slots[0], hyper.rate, gradient, rows, graph.scalar(optimizer.momentum), ...waits];
    return [graph.node('ResourceSparseApplyMomentum', inputs, sparse)];
  }
  const change = graph.float('Mul', gradient, hyper.rate);
  return [scatter(graph, 'ResourceScatterSub', handle, rows, change, waits)];
}

function scatter(
  graph: GraphBuilder,
  op: string,
  handle: string,
  rows: string,
  values: string,
  waits: string[],
): string {
  return graph.node(op, [handle, rows, values, ...waits], { dtype: FLOAT, Tindices: INT });
}

/** Adam has no sparse op in TensorFlow: moments are gathered, moved and put back. */
function updateRowsByAdam(
  graph: GraphBuilder,
  { handle, slots }: Handles,
  { rows, gradient }: RowGradients,
  optimizer: Optimizer,
  hyper: HyperTensors,
  waits: string[],
): string[] {
  const gather = (from: string) =>
    graph.node('ResourceGather', [from, rows], { dtype: FLOAT, Tindices: INT });
  const towards = (old: string, target: string, share: number) =>
    graph.float('AddV2', old, graph.float('Mul', graph.float('Sub', target, old), graph.scalar(share)));
  const first = towards(gather(slots[0]), gradient, 1 - optimizer.beta1);
  const second = towards(gather(slots[1]), graph.float('Square', gradient), 1 - optimizer.beta2);
  const one = graph.scalar(1);
  const unbiased = graph.float('Sqrt', graph.float('Sub', one, hyper.beta2Power));
  const alpha = graph.float(
    'RealDiv',
    graph.float('Mul', hyper.rate, unbiased),
    graph.float('Sub', one, hyper.beta1Power),
  );
  const root = graph.float('AddV2', graph.float('Sqrt', second), graph.scalar(optimizer.epsilon));
  const change = graph.float('RealDiv', graph.float('Mul', first, alpha), root);
  return [
    scatter(graph, 'ResourceScatterUpdate', slots[0], rows, first, waits),
    scatter(graph, 'ResourceScatterUpdate', slots[1], rows, second, waits),
    scatter(graph, 'ResourceScatterSub', handle, rows, change, waits),
  ];
}

/** Scales gradients so that their joint norm is at most `limit`; returns the scaled ones in the same order. */
export function clipGradients(graph: GraphBuilder, gradients: readonly string[], limit: number): string[] {
  const halves = gradients.map((gradient) => graph.float('L2Loss', gradient));
  const sum = graph.node('AddN', halves, { N: attribute.integer(halves.length), T: FLOAT });
  const norm = graph.float('Sqrt', graph.float('Mul', sum, graph.scalar(2)));
  const scale = graph.float(
    'RealDiv',
    graph.scalar(limit),
    graph.float('Maximum', norm, graph.scalar(limit)),
  );
  return gradients.map((gradient) => graph.float('Mul', gradient, scale));
}
