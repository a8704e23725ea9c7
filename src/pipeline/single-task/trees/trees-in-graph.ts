/** Boosted trees in tfjs ops, so that they leave the product as its networks do. */
import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from '../../../nn/index.js';
import type { BoostedScore } from './boosting.js';
import type { Tree } from './tree.js';

/** Brings a raw value to what a tree compares: as the product's standardiser does. */
export type Scaling = (value: number, column: number) => number;

/** Trees as one array each: [trees × nodes], children as places in it. A leaf is its own child. */
export class TreesInGraph {
  private readonly feature: Float32Array;
  private readonly threshold: Float32Array;
  private readonly left: Float32Array;
  private readonly right: Float32Array;
  private readonly value: Float32Array;
  private readonly roots: Float32Array;
  private readonly depth: number;

  /** @param scaling rising with the value */
  constructor(
    private readonly score: BoostedScore,
    scaling: Scaling,
  ) {
    const { trees } = score;
    const nodes = trees[0].feature.length;
    const fill = (pick: (tree: Tree, node: number, place: number) => number) =>
      Float32Array.from({ length: trees.length * nodes }, (_, place) =>
        pick(trees[Math.floor(place / nodes)], place % nodes, place),
      );
    const isLeaf = (tree: Tree, node: number) => tree.feature[node] < 0;
    const child = (side: 'left' | 'right') =>
      fill((tree, node, place) => (isLeaf(tree, node) ? place : place - node + tree[side][node]));
    this.feature = fill((tree, node) => Math.max(0, tree.feature[node]));
    this.threshold = fill((tree, node) =>
      isLeaf(tree, node)
        ? 0
        : rawThreshold(tree.threshold[node], (value) => scaling(value, tree.feature[node])),
    );
    this.left = child('left');
    this.right = child('right');
    this.value = fill((tree, node) => tree.value[node]);
    this.roots = Float32Array.from(trees, (_, at) => at * nodes);
    this.depth = Math.max(...trees.map((tree) => depthOf(tree, 0)));
  }

  /** @param values [rows, columns], not scaled. @returns [rows, outputs] logits */
  logits(values: Tensorflow.Tensor2D): Tensorflow.Tensor2D {
    const table = (numbers: Float32Array) => tf.tensor1d(numbers);
    const [left, right] = [table(this.left), table(this.right)];
    const [feature, threshold] = [table(this.feature), table(this.threshold)];
    // Places are float32 between the steps: whole numbers up to 2^24 are exact in it.
    const at = (numbers: Tensorflow.Tensor1D, places: Tensorflow.Tensor) =>
      tf.gather<Tensorflow.Tensor>(numbers, tf.cast(places, 'int32'));
    const zeros = tf.zerosLike(tf.slice(values, [0, 0], [-1, 1]));
    let places: Tensorflow.Tensor = tf.add(zeros, tf.tensor2d(this.roots, [1, this.roots.length]));
    for (let level = 0; level < this.depth; level++) {
      const asked = tf.cast(at(feature, places), 'int32');
      const found = tf.gather(values, asked, 1, 1);
      places = tf.where(tf.lessEqual(found, at(threshold, places)), at(left, places), at(right, places));
    }
    const scores = tf.sum(at(table(this.value), places), 1, true);
    return tf.add<Tensorflow.Tensor2D>(scores, tf.tensor1d(this.score.intercepts));
  }
}

function depthOf(tree: Tree, node: number): number {
  if (tree.feature[node] < 0) return 0;
  return 1 + Math.max(depthOf(tree, tree.left[node]), depthOf(tree, tree.right[node]));
}

/**
 * The largest float32 whose scaled value goes left: with it, raw values take the very same way through a tree as scaled ones do, whatever
 * rounding comes into scaling.
 */
export function rawThreshold(threshold: number, scaling: (value: number) => number): number {
  const goesLeft = (value: number) => Math.fround(scaling(value)) <= threshold;
  const [lowest, highest] = [-FLOAT_PLACES, FLOAT_PLACES];
  if (!goesLeft(floatAt(lowest))) return -Infinity;
  if (goesLeft(floatAt(highest))) return floatAt(highest);
  let [low, high] = [lowest, highest];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (goesLeft(floatAt(middle))) low = middle;
    else high = middle;
  }
  return floatAt(low);
}

/** Finite float32 numbers above zero. */
const FLOAT_PLACES = 0x7f7fffff;
const BITS = new DataView(new ArrayBuffer(4));

/** The float32 numbers in their order: 0 is zero, 1 the smallest above it, -1 the largest below. */
function floatAt(place: number): number {
  BITS.setUint32(0, Math.abs(place));
  const magnitude = BITS.getFloat32(0);
  return place < 0 ? -magnitude : magnitude;
}
