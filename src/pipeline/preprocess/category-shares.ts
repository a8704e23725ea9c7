import type { HistoryItem } from '../index.js';

/** The tree of categories over some items; each item lies in one node, its category's path. */
export interface CategoryTree {
  /** [items] node of the item; 0, the root, for an item without a category. */
  readonly nodeOf: Int32Array;
  /** [nodes] the node above, always of a lower number; 0 for the root. */
  readonly parents: Int32Array;
}

/** A user's choices count as many as these, made like everybody's, beside them. */
const PRIOR_CHOICES = 4;

/** @param items in the order of the vocabulary */
export function categoryTree(items: readonly Pick<HistoryItem, 'category'>[]): CategoryTree {
  const nodes = new Map<string, number>();
  const parents = [0];
  const nodeOf = Int32Array.from(items, ({ category }) =>
    category.reduce((parent, name) => {
      const key = `${parent} ${name}`;
      const known = nodes.get(key);
      if (known !== undefined) return known;
      nodes.set(key, parents.length);
      return parents.push(parent) - 1;
    }, 0),
  );
  return { nodeOf, parents: Int32Array.from(parents) };
}

/** [nodes] sums of the items' weights over each node and those below it. */
export function nodeTotals({ nodeOf, parents }: CategoryTree, weights: ArrayLike<number>): Float64Array {
  const totals = new Float64Array(parents.length);
  nodeOf.forEach((node, item) => (totals[node] += weights[item]));
  for (let node = parents.length - 1; node > 0; node--) totals[parents[node]] += totals[node];
  return totals;
}

/**
 * Logarithm of how much more often than everybody a user chooses each item's category: [items]. Down the path, each level's share is
 * shrunk towards everybody's by a Dirichlet prior, so that one choice says little and a level nobody differs on nothing.
 *
 * @param totals [nodes] of everybody, from `nodeTotals`
 * @param items the user's different items
 */
export function categoryLifts(tree: CategoryTree, totals: Float64Array, items: Int32Array): Float32Array {
  const { nodeOf, parents } = tree;
  const own = new Float64Array(parents.length);
  for (const item of items) own[nodeOf[item]]++;
  for (let node = parents.length - 1; node > 0; node--) own[parents[node]] += own[node];
  const lifts = new Float64Array(parents.length);
  for (let node = 1; node < parents.length; node++) {
    const parent = parents[node];
    const share = totals[parent] > 0 ? totals[node] / totals[parent] : 0;
    const lift = share > 0 ? (own[node] / share + PRIOR_CHOICES) / (own[parent] + PRIOR_CHOICES) : 1;
    lifts[node] = lifts[parent] + Math.log(lift);
  }
  const ofItems = new Float32Array(nodeOf.length);
  for (let item = 0; item < ofItems.length; item++) ofItems[item] = lifts[nodeOf[item]];
  return ofItems;
}
