import type { TaskOptions } from './task-options.js';

/** Gradients of one loss: by weight, and by table and look-up (counted over the parts of a batch). */
export interface GradientSet<V> {
  readonly weights: Map<string, V>;
  readonly rows: Map<string, Map<number, V>>;
}

export function newGradientSet<V>(): GradientSet<V> {
  return { weights: new Map(), rows: new Map() };
}

/** @throws Error when there are none */
export function requireGradients<V>(set: GradientSet<V>): GradientSet<V> {
  if (set.weights.size + set.rows.size > 0) return set;
  throw new Error('A loss depends on none of the weights that it is to be differentiated by');
}

/** Names of the weights and tables that the gradients are of. */
export function reachedNames<V>(set: GradientSet<V>): string[] {
  return [...set.weights.keys(), ...set.rows.keys()];
}

/** Names of the weights and tables that more than one of the losses depends on. */
export function sharedNames<V>(sets: readonly GradientSet<V>[]): Set<string> {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const name of sets.flatMap(reachedNames)) (seen.has(name) ? shared : seen).add(name);
  return shared;
}

/** Which losses a step differentiates: the total, or with `combine` each task and what is extra. */
export function lossesToDifferentiate<V>(
  { total, tasks, extra }: { readonly total: V; readonly tasks: readonly V[]; readonly extra: V | null },
  options: TaskOptions | null,
): V[] {
  if (!options?.combine) return [total];
  return extra ? [...tasks, extra] : [...tasks];
}

/**
 * Adds up the gradients of several losses.
 *
 * @param weigh makes a gradient count; `set` is the loss's number
 * @param add   of at least two
 */
export function addSets<V>(
  sets: readonly GradientSet<V>[],
  weigh: (gradient: V, set: number, name: string) => V,
  add: (gradients: V[]) => V,
): GradientSet<V> {
  const sum = newGradientSet<V>();
  const sumOf = (given: (V | undefined)[], name: string) => {
    const weighed = given.flatMap((gradient, at) =>
      gradient === undefined ? [] : [weigh(gradient, at, name)],
    );
    return weighed.length > 1 ? add(weighed) : weighed[0];
  };
  for (const name of new Set(sets.flatMap(({ weights }) => [...weights.keys()]))) {
    const given = sets.map(({ weights }) => weights.get(name));
    sum.weights.set(name, sumOf(given, name));
  }
  for (const name of new Set(sets.flatMap(({ rows }) => [...rows.keys()]))) {
    const ofTable = sets.map(({ rows }) => rows.get(name));
    const lookups = new Set(ofTable.flatMap((gradients) => [...(gradients?.keys() ?? [])]));
    const added = [...lookups].map((lookup) => {
      const given = ofTable.map((gradients) => gradients?.get(lookup));
      return [lookup, sumOf(given, name)] as const;
    });
    sum.rows.set(name, new Map(added.sort(([a], [b]) => a - b)));
  }
  return sum;
}
