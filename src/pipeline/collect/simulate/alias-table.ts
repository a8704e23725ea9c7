import type { Random } from '../../../nn/random.js';

/** Draws from a fixed distribution in constant time (Walker, 1974; built as by Vose, 1991). */
export class AliasTable {
  private readonly threshold: Float64Array;
  private readonly alias: Int32Array;

  /** @param weights not negative, not all zero */
  constructor(weights: ArrayLike<number>) {
    const count = weights.length;
    let total = 0;
    for (let at = 0; at < count; at++) total += weights[at];
    this.threshold = Float64Array.from(weights, (weight) => (weight * count) / total);
    this.alias = Int32Array.from({ length: count }, (_, at) => at);
    const small: number[] = [];
    const large: number[] = [];
    this.threshold.forEach((share, at) => (share < 1 ? small : large).push(at));
    while (small.length > 0 && large.length > 0) {
      const low = small.pop() as number;
      const high = large[large.length - 1];
      this.alias[low] = high;
      this.threshold[high] -= 1 - this.threshold[low];
      if (this.threshold[high] < 1) small.push(large.pop() as number);
    }
    // What rounding leaves over has its full place.
    for (const at of [...small, ...large]) this.threshold[at] = 1;
  }

  /** An index with its probability. */
  draw(random: Random): number {
    const place = random.uniform() * this.threshold.length;
    const at = Math.floor(place);
    return place - at < this.threshold[at] ? at : this.alias[at];
  }
}
