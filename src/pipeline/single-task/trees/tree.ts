/** One regression tree in columns; node 0 is the root. */
export interface Tree {
  /** [nodes] column that the node splits on; -1 for a leaf. */
  readonly feature: Int32Array;
  /** [nodes] rows with a value up to this go left. */
  readonly threshold: Float32Array;
  /** [nodes] child nodes. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** [nodes] what a leaf adds to the score. */
  readonly value: Float32Array;
  /** [nodes] training rows that reached the node. */
  readonly cover: Float32Array;
}

/** What the tree adds for one row. @param values row by row; the row starts at `start` */
export function treeValue(tree: Tree, values: Float32Array, start: number): number {
  let node = 0;
  while (tree.feature[node] >= 0) {
    const goesLeft = values[start + tree.feature[node]] <= tree.threshold[node];
    node = goesLeft ? tree.left[node] : tree.right[node];
  }
  return tree.value[node];
}

/**
 * Adds a tree's exact Shapley values for one row to `sums` [width]: by how much each feature moves the tree from its mean to its value,
 * averaged over all orders in which the features become known; what is not known goes both ways by the training rows (path-dependent TreeSHAP:
 * Lundberg et al., Nature Machine Intelligence 2020). A tree has few splits, so that all sets of its features can be gone through.
 */
export function addShapleyValues(tree: Tree, values: Float32Array, start: number, sums: Float64Array): void {
  const features = [...new Set(tree.feature)].filter((feature) => feature >= 0);
  const count = features.length;
  const expected = new Float64Array(1 << count);
  for (let known = 0; known < expected.length; known++) {
    const isKnown = new Set(features.filter((_, at) => known & (1 << at)));
    expected[known] = expectedValue(tree, 0, values, start, isKnown);
  }
  features.forEach((feature, at) => {
    for (let known = 0; known < expected.length; known++) {
      if (known & (1 << at)) continue;
      const gain = expected[known | (1 << at)] - expected[known];
      sums[feature] += gain * shapleyWeight(bitCount(known), count);
    }
  });
}

/** The tree's mean over its training rows. */
export function treeMean(tree: Tree): number {
  return expectedValue(tree, 0, new Float32Array(0), 0, new Set());
}

function expectedValue(
  tree: Tree,
  node: number,
  values: Float32Array,
  start: number,
  isKnown: ReadonlySet<number>,
): number {
  const feature = tree.feature[node];
  if (feature < 0) return tree.value[node];
  const [left, right] = [tree.left[node], tree.right[node]];
  if (isKnown.has(feature)) {
    const next = values[start + feature] <= tree.threshold[node] ? left : right;
    return expectedValue(tree, next, values, start, isKnown);
  }
  const share = tree.cover[left] / tree.cover[node];
  return (
    share * expectedValue(tree, left, values, start, isKnown) +
    (1 - share) * expectedValue(tree, right, values, start, isKnown)
  );
}

/** Share of the orders of `count` features in which exactly `before` given ones come before a given one. */
function shapleyWeight(before: number, count: number): number {
  let weight = 1 / count;
  for (let at = 1; at <= before; at++) weight *= at / (count - at);
  return weight;
}

function bitCount(value: number): number {
  let count = 0;
  for (let rest = value; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}
