/** Which items go together: sparse item-to-item similarities, the strongest neighbours of each item. */

/** The strongest neighbours of each item; rows of `width`, strongest first, padded with item -1 and score 0. */
export interface Neighbours {
  readonly width: number;
  /** [items × width] */
  readonly items: Int32Array;
  /** [items × width] similarity, above 0. */
  readonly scores: Float32Array;
}

/** Groups (users or orders) of items that belong together. */
export interface ItemGroups {
  /** [groups + 1] members of group g are those from offsets[g] up to offsets[g + 1]. */
  readonly offsets: Int32Array;
  /** Items, none twice in a group. */
  readonly items: Int32Array;
  /** Weight of each membership. A pair in a group adds the product of its two weights. */
  readonly weights: Float32Array;
}

/** Groups of more items than this would cost its square and say little: whoever makes groups keeps their first. */
export const LARGEST_GROUP = 500;

/**
 * Cosine similarity of items over groups, shrunk towards 0 where there is little to go by: sum of w_i w_j over
 * (sqrt(n_i n_j) + shrinkage), with n the sum of squared weights (Sarwar et al., 2001; shrinkage as in Bell and Koren, 2007).
 *
 * @param width neighbours kept per item
 */
export function neighbours(
  groups: ItemGroups,
  itemCount: number,
  { shrinkage, width }: { shrinkage: number; width: number },
): Neighbours {
  const { offsets, items, weights } = groups;
  const norms = new Float64Array(itemCount);
  const memberships = membershipsOf(groups, itemCount);
  for (let at = 0; at < items.length; at++) norms[items[at]] += weights[at] * weights[at];
  const found = {
    width,
    items: new Int32Array(itemCount * width).fill(-1),
    scores: new Float32Array(itemCount * width),
  };
  const sums = new Float64Array(itemCount);
  const touched = new Int32Array(itemCount);
  const ranking = new Ranking(itemCount);
  for (let item = 0; item < itemCount; item++) {
    let count = 0;
    for (let entry = memberships.offsets[item]; entry < memberships.offsets[item + 1]; entry++) {
      const group = memberships.groups[entry];
      const weight = memberships.weights[entry];
      for (let at = offsets[group]; at < offsets[group + 1]; at++) {
        const other = items[at];
        if (sums[other] === 0) touched[count++] = other;
        sums[other] += weight * weights[at];
      }
    }
    let candidates = 0;
    for (let at = 0; at < count; at++) {
      const other = touched[at];
      if (other !== item) {
        ranking.items[candidates] = other;
        ranking.scores[candidates++] = sums[other] / (Math.sqrt(norms[item] * norms[other]) + shrinkage);
      }
      sums[other] = 0;
    }
    ranking.best(candidates, width, found.items, found.scores, item * width);
  }
  return found;
}

/** Groups by item: the transpose of the groups. */
function membershipsOf({ offsets, items, weights }: ItemGroups, itemCount: number) {
  const starts = new Int32Array(itemCount + 1);
  for (const item of items) starts[item + 1]++;
  for (let item = 0; item < itemCount; item++) starts[item + 1] += starts[item];
  const next = starts.slice();
  const groups = new Int32Array(items.length);
  const ownWeights = new Float32Array(items.length);
  for (let group = 0; group + 1 < offsets.length; group++) {
    for (let at = offsets[group]; at < offsets[group + 1]; at++) {
      const to = next[items[at]]++;
      groups[to] = group;
      ownWeights[to] = weights[at];
    }
  }
  return { offsets: starts, groups, weights: ownWeights };
}

/** Scratch space to pick the best of many scores: Hoare's quickselect (1961), then a sort of the few. */
class Ranking {
  readonly items: Int32Array;
  readonly scores: Float32Array;

  constructor(capacity: number) {
    this.items = new Int32Array(capacity);
    this.scores = new Float32Array(capacity);
  }

  /** Writes the best `width` of the first `count` entries, best first; equal scores by item. Disturbs the entries. */
  best(count: number, width: number, items: Int32Array, scores: Float32Array, at: number): void {
    if (count > width) this.select(count, width);
    const kept = Array.from({ length: Math.min(count, width) }, (_, index) => index).sort(
      (a, b) => this.scores[b] - this.scores[a] || this.items[a] - this.items[b],
    );
    kept.forEach((from, place) => {
      items[at + place] = this.items[from];
      scores[at + place] = this.scores[from];
    });
  }

  private select(count: number, width: number): void {
    const { items, scores } = this;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const pivot = scores[(low + high) >> 1];
      let left = low;
      let right = high;
      while (left <= right) {
        while (scores[left] > pivot) left++;
        while (scores[right] < pivot) right--;
        if (left > right) break;
        [scores[left], scores[right]] = [scores[right], scores[left]];
        [items[left], items[right]] = [items[right], items[left]];
        left++;
        right--;
      }
      if (width - 1 <= right) high = right;
      else if (width - 1 >= left) low = left;
      else return;
    }
  }
}

/** Adds `weight` × similarity of an item's neighbours to `sums` [items]. */
export function addNeighbours(
  { width, items, scores }: Neighbours,
  item: number,
  weight: number,
  sums: Float32Array,
): void {
  for (let at = item * width; at < (item + 1) * width; at++) {
    const other = items[at];
    if (other < 0) return;
    sums[other] += weight * scores[at];
  }
}

/** Adds similarities of an item's neighbours to `sums` [items], and `weight` times them to `weighted` [items], in one pass. */
export function addNeighboursTwice(
  { width, items, scores }: Neighbours,
  item: number,
  weight: number,
  sums: Float32Array,
  weighted: Float32Array,
): void {
  for (let at = item * width; at < (item + 1) * width; at++) {
    const other = items[at];
    if (other < 0) return;
    sums[other] += scores[at];
    weighted[other] += weight * scores[at];
  }
}
