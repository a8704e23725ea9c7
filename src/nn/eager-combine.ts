import { tf } from './backend.js';
import { runCombiner } from './combiner.js';
import { addSets, type GradientSet, sharedNames } from './gradient-sets.js';
import type { TaskOptions } from './task-options.js';

type Sets = readonly GradientSet<Float32Array>[];
/** Ids of each table's look-ups. */
export type LookupIds = ReadonlyMap<string, readonly Int32Array[]>;

/** Adds arrays of one length. */
export function addArrays(arrays: readonly Float32Array[]): Float32Array {
  const sum = arrays[0].slice();
  for (const values of arrays.slice(1)) for (let at = 0; at < sum.length; at++) sum[at] += values[at];
  return sum;
}

/** Rows with their gradients added up, each row once, in the order of first appearance (as TensorFlow's Unique has it). */
export function sumRows(
  gradients: ReadonlyMap<number, Float32Array>,
  lookupIds: readonly Int32Array[],
): { rows: Int32Array; gradient: Float32Array } {
  const places = new Map<number, number>();
  let dim = 0;
  for (const [lookup, values] of gradients) {
    dim = values.length / lookupIds[lookup].length;
    for (const id of lookupIds[lookup]) if (!places.has(id)) places.set(id, places.size);
  }
  const gradient = new Float32Array(places.size * dim);
  for (const [lookup, values] of gradients) {
    lookupIds[lookup].forEach((id, at) => {
      const place = places.get(id)! * dim;
      for (let k = 0; k < dim; k++) gradient[place + k] += values[at * dim + k];
    });
  }
  return { rows: Int32Array.from(places.keys()), gradient };
}

/** Inner products of gradients by what is measured: [sets × sets]. */
export function innerProducts(sets: Sets, tasks: TaskOptions, lookupIds: LookupIds): Float32Array {
  const names = tasks.measured ? new Set(tasks.measured) : sharedNames(sets);
  const products = new Float64Array(sets.length ** 2);
  for (const name of names) {
    const vectors = sets.map(({ weights }) => weights.get(name));
    addProducts(products, vectors);
    const ids = lookupIds.get(name);
    const lookups = [...new Set(sets.flatMap(({ rows }) => [...(rows.get(name)?.keys() ?? [])]))];
    if (!ids || lookups.length === 0) continue;
    const summed = sets.map(({ rows }) => {
      const own = rows.get(name);
      if (!own) return undefined;
      const dim = [...own].map(([lookup, values]) => values.length / ids[lookup].length)[0];
      const filled = lookups.map(
        (lookup) => [lookup, own.get(lookup) ?? new Float32Array(ids[lookup].length * dim)] as const,
      );
      return sumRows(new Map(filled), ids).gradient;
    });
    addProducts(products, summed);
  }
  return Float32Array.from(products);
}

function addProducts(products: Float64Array, vectors: readonly (Float32Array | undefined)[]): void {
  vectors.forEach((a, first) => {
    vectors.forEach((b, second) => {
      if (!a || !b) return;
      let sum = 0;
      for (let at = 0; at < a.length; at++) sum += a[at] * b[at];
      products[first * vectors.length + second] += sum;
    });
  });
}

/** The tasks' gradients (and an extra loss's, the last) combined as the options say; see combineGradients of the graph. */
export function combineSets(
  sets: Sets,
  tasks: TaskOptions,
  given: {
    products: Float32Array;
    weights: Float32Array;
    losses: Float32Array;
    seed: [number, number];
    part: number;
  },
): GradientSet<Float32Array> {
  const count = tasks.names.length;
  const { weights } = given;
  const coefficients = tf.tidy(() => {
    const tensors = {
      products: tf.tensor2d(given.products, [count, count]),
      weights: tf.tensor1d(weights.slice()),
      losses: tf.tensor1d(given.losses.slice()),
      seed: tf.tensor1d(given.seed, 'int32'),
      part: given.part,
    };
    return { values: runCombiner(tasks.combine!, tensors).dataSync() as Float32Array };
  }).values;
  const shared = sharedNames(sets.slice(0, count));
  const weigh = (gradient: Float32Array, set: number, name: string) => {
    if (set >= count) return gradient;
    const factor = shared.has(name) ? coefficients[set] * weights[set] : weights[set];
    return gradient.map((slope) => slope * factor);
  };
  return addSets(sets, weigh, addArrays);
}
