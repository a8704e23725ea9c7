import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from './backend.js';
import { runCombiner } from './combiner.js';
import { addSets, type GradientSet, sharedNames } from './gradient-sets.js';
import { attribute, DATA_TYPE, type GraphBuilder } from './graph.js';
import { concatenate, sumRowGradients } from './graph-updates.js';
import type { TaskOptions } from './task-options.js';
import { Tracer } from './trace.js';

const FLOAT = attribute.type(DATA_TYPE.float32);
const INT = attribute.type(DATA_TYPE.int32);

export function addTensors(graph: GraphBuilder, tensors: readonly string[]): string {
  if (tensors.length === 1) return tensors[0];
  return graph.node('AddN', tensors, { N: attribute.integer(tensors.length), T: FLOAT });
}

/** Ids of each table's look-ups, [n] int32 each. */
export type LookupIds = ReadonlyMap<string, readonly string[]>;

/**
 * Inner products of the tasks' gradients by the named weights and tables: [tasks, tasks]. Rows of a table are added up by id first.
 */
export function innerProducts(
  graph: GraphBuilder,
  sets: readonly GradientSet<string>[],
  names: ReadonlySet<string>,
  lookupIds: LookupIds,
): string {
  const flat = (tensor: string) =>
    graph.node('Reshape', [tensor, graph.integers([-1])], { T: FLOAT, Tshape: INT });
  const vectors = sets.map((): string[] => []);
  for (const name of names) {
    const like = sets.map(({ weights }) => weights.get(name)).find((gradient) => gradient !== undefined);
    if (like !== undefined) {
      const none = graph.float('ZerosLike', like);
      sets.forEach(({ weights }, at) => vectors[at].push(flat(weights.get(name) ?? none)));
    }
    const ids = lookupIds.get(name);
    const reached = [...new Set(sets.flatMap(({ rows }) => [...(rows.get(name)?.keys() ?? [])]))];
    if (!ids || reached.length === 0) continue;
    const zeros = new Map(
      reached.map((lookup) => {
        const found = sets.map(({ rows }) => rows.get(name)?.get(lookup)).find(Boolean)!;
        return [lookup, graph.float('ZerosLike', found)];
      }),
    );
    sets.forEach(({ rows }, at) => {
      const own = rows.get(name);
      const given = reached.map((lookup) => ({
        ids: ids[lookup],
        gradient: own?.get(lookup) ?? zeros.get(lookup)!,
      }));
      vectors[at].push(flat(sumRowGradients(graph, given).gradient));
    });
  }
  const joined = vectors.map((parts) => concatenate(graph, parts, DATA_TYPE.float32));
  const stacked = graph.node('Pack', joined, {
    N: attribute.integer(joined.length),
    T: FLOAT,
    axis: attribute.integer(0),
  });
  return graph.node('MatMul', [stacked, stacked], { T: FLOAT, transpose_b: attribute.boolean(true) });
}

/**
 * Combines the tasks' gradients (and those of an extra loss, the last) as the options say.
 *
 * @param products [tasks, tasks], of the losses that are not weighted
 * @param weights  [tasks]
 * @param losses   [1 + tasks]: the total first
 * @param seed     [2] int32
 */
export function combineGradients(
  graph: GraphBuilder,
  sets: readonly GradientSet<string>[],
  tasks: TaskOptions,
  given: { products: string; weights: string; losses: string; seed: string; part: number },
): GradientSet<string> {
  const count = tasks.names.length;
  const coefficients = traceCombiner(graph, tasks, given);
  const scalars = (vector: string) => {
    const first = graph.node('Unpack', [vector], {
      T: FLOAT,
      num: attribute.integer(count),
      axis: attribute.integer(0),
    });
    return tasks.names.map((_, task) => (task === 0 ? first : `${first}:${task}`));
  };
  const ofShared = scalars(graph.float('Mul', coefficients, given.weights));
  const ofOwn = scalars(given.weights);
  const shared = sharedNames(sets.slice(0, count));
  const weigh = (gradient: string, set: number, name: string) => {
    if (set >= count) return gradient;
    return graph.float('Mul', gradient, (shared.has(name) ? ofShared : ofOwn)[set]);
  };
  return addSets(sets, weigh, (gradients) => addTensors(graph, gradients));
}

/** Records the combiner's ops. */
function traceCombiner(
  graph: GraphBuilder,
  { names, combine }: TaskOptions,
  given: { products: string; weights: string; losses: string; seed: string; part: number },
): string {
  const count = names.length;
  const tracer = new Tracer(graph);
  return tf.tidy(() => {
    const products = tf.zeros<Tensorflow.Rank.R2>([count, count]);
    const weights = tf.zeros<Tensorflow.Rank.R1>([count]);
    const losses = tf.zeros<Tensorflow.Rank.R1>([1 + count]);
    const seed = tf.tensor1d([0, 0], 'int32');
    tracer.bind(products, given.products);
    tracer.bind(weights, given.weights);
    tracer.bind(losses, given.losses);
    tracer.bind(seed, given.seed);
    return {
      // Not a tensor, which tidy would look for.
      name: tracer.record(() =>
        tracer.tensorOf(runCombiner(combine!, { products, weights, losses, seed, part: given.part })),
      ),
    };
  }).name;
}
