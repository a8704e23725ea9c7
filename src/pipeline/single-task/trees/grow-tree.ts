/** Grows one tree on gradients, the leaf with the largest gain first. */
import { type BinnedFeatures, MOST_BINS } from './binned-features.js';
import type { Tree } from './tree.js';

export interface GrowOptions {
  readonly leaves: number;
  /** Rows that a leaf has at least. */
  readonly leastRows: number;
  /** Added to a leaf's sum of second derivatives: pulls its value towards zero. */
  readonly penalty: number;
  /** What each leaf's value is multiplied by. */
  readonly rate: number;
  /** Columns that may be split on. */
  readonly columns: Int32Array;
}

/** First and second derivatives of the loss by the score: [rows of the features]. */
export interface Derivatives {
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** Sums of a node's rows by column and bin: first derivative, second derivative, rows. */
type Histogram = Float64Array;
const ENTRIES = 3;

interface Split {
  readonly gain: number;
  readonly column: number;
  readonly bin: number;
}

interface Leaf {
  readonly node: number;
  readonly rows: Int32Array;
  readonly histogram: Histogram;
  readonly first: number;
  readonly second: number;
  readonly split: Split | null;
}

/** @param rows rows to learn from */
export function growTree(
  features: BinnedFeatures,
  derivatives: Derivatives,
  rows: Int32Array,
  options: GrowOptions,
): Tree {
  const nodes = 2 * options.leaves - 1;
  const tree = {
    feature: new Int32Array(nodes).fill(-1),
    threshold: new Float32Array(nodes),
    left: new Int32Array(nodes),
    right: new Int32Array(nodes),
    value: new Float32Array(nodes),
    cover: new Float32Array(nodes),
  };
  const root = histogramOf(features, derivatives, rows, options.columns);
  const leaves = [leafOf(0, rows, root, options)];
  let used = 1;
  while (leaves.length < options.leaves) {
    const best = leaves.reduce((a, b) => ((b.split?.gain ?? 0) > (a.split?.gain ?? 0) ? b : a));
    if (!best.split) break;
    leaves.splice(leaves.indexOf(best), 1);
    const { column, bin } = best.split;
    const feature = options.columns[column];
    const [left, right] = partition(features, best.rows, feature, bin);
    // Only the smaller side is summed; the larger one is what is left of its parent.
    const smaller = histogramOf(
      features,
      derivatives,
      left.length < right.length ? left : right,
      options.columns,
    );
    const larger = best.histogram.map((value, at) => value - smaller[at]);
    const sides = left.length < right.length ? [smaller, larger] : [larger, smaller];
    tree.feature[best.node] = feature;
    tree.threshold[best.node] = features.edges[feature][bin];
    tree.cover[best.node] = best.rows.length;
    tree.left[best.node] = used++;
    tree.right[best.node] = used++;
    leaves.push(leafOf(tree.left[best.node], left, sides[0], options));
    leaves.push(leafOf(tree.right[best.node], right, sides[1], options));
  }
  for (const { node, rows: own, first, second } of leaves) {
    tree.value[node] = (-options.rate * first) / (second + options.penalty);
    tree.cover[node] = own.length;
  }
  return tree;
}

function histogramOf(
  { bins, count }: BinnedFeatures,
  { first, second }: Derivatives,
  rows: Int32Array,
  columns: Int32Array,
): Histogram {
  const sums = new Float64Array(columns.length * MOST_BINS * ENTRIES);
  for (let index = 0; index < columns.length; index++) {
    const start = columns[index] * count;
    const base = index * MOST_BINS;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at];
      const to = (base + bins[start + row]) * ENTRIES;
      sums[to] += first[row];
      sums[to + 1] += second[row];
      sums[to + 2]++;
    }
  }
  return sums;
}

function leafOf(node: number, rows: Int32Array, histogram: Histogram, options: GrowOptions): Leaf {
  let first = 0;
  let second = 0;
  for (let bin = 0; bin < MOST_BINS; bin++) {
    first += histogram[bin * ENTRIES];
    second += histogram[bin * ENTRIES + 1];
  }
  const sums = { first, second, rows: rows.length };
  return { node, rows, histogram, first, second, split: bestSplit(histogram, sums, options) };
}

/** The split that lowers the second-order expansion of the loss most (Friedman, 2001; Chen and Guestrin, KDD 2016). */
function bestSplit(
  histogram: Histogram,
  total: { first: number; second: number; rows: number },
  { columns, leastRows, penalty }: GrowOptions,
): Split | null {
  const worth = (first: number, second: number) => (first * first) / (second + penalty);
  const whole = worth(total.first, total.second);
  let best: Split | null = null;
  for (let column = 0; column < columns.length; column++) {
    let first = 0;
    let second = 0;
    let rows = 0;
    for (let bin = 0; bin < MOST_BINS - 1; bin++) {
      const from = (column * MOST_BINS + bin) * ENTRIES;
      first += histogram[from];
      second += histogram[from + 1];
      rows += histogram[from + 2];
      if (rows < leastRows) continue;
      if (total.rows - rows < leastRows) break;
      const gain = worth(first, second) + worth(total.first - first, total.second - second) - whole;
      if (gain > (best?.gain ?? 1e-9)) best = { gain, column, bin };
    }
  }
  return best;
}

function partition(
  { bins, count }: BinnedFeatures,
  rows: Int32Array,
  feature: number,
  bin: number,
): [Int32Array, Int32Array] {
  const start = feature * count;
  let lefts = 0;
  for (let at = 0; at < rows.length; at++) if (bins[start + rows[at]] <= bin) lefts++;
  const left = new Int32Array(lefts);
  const right = new Int32Array(rows.length - lefts);
  let toLeft = 0;
  let toRight = 0;
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at];
    if (bins[start + row] <= bin) left[toLeft++] = row;
    else right[toRight++] = row;
  }
  return [left, right];
}
