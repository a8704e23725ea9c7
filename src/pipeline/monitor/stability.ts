/** Whether two samples of one quantity are alike. */

export interface Stability {
  /** Population stability index over bins that hold a tenth of the reference each (Siddiqi, 2006); above 0.2 it has shifted. */
  readonly psi: number;
  /** What the index stays below in 999 of 1,000 cases without any shift, for samples of these sizes (Yurdakul, 2018). */
  readonly chance: number;
}

const BINS = 10;
/** Added to each bin's count, so that an empty bin does not make the index infinite. */
const SMOOTHING = 0.5;
/** Normal quantile of 0.999. */
const Z = 3.0902;

/** @returns null where one side has no values */
export function stabilityOf(reference: ArrayLike<number>, current: ArrayLike<number>): Stability | null {
  if (reference.length === 0 || current.length === 0) return null;
  const edges = quantileEdges(reference);
  const before = shares(reference, edges);
  const now = shares(current, edges);
  let psi = 0;
  for (let bin = 0; bin < before.length; bin++)
    psi += (now[bin] - before[bin]) * Math.log(now[bin] / before[bin]);
  const chance = (1 / reference.length + 1 / current.length) * chiSquareQuantile(edges.length);
  return { psi, chance };
}

/**
 * Upper edges of all bins but the last; a value that fills several tenths has one edge. Where the least or the largest value fills a tenth,
 * what lies beyond it has a bin of its own: it was never met before.
 */
function quantileEdges(values: ArrayLike<number>): number[] {
  const sorted = Float64Array.from(values).sort();
  const [least] = sorted;
  const edges: number[] = [];
  for (let bin = 1; bin < BINS; bin++) {
    const edge = sorted[Math.ceil((bin * sorted.length) / BINS) - 1];
    if (edge !== edges[edges.length - 1]) edges.push(edge);
  }
  if (edges[0] === least) edges.unshift(least - Math.max(Math.abs(least) * Number.EPSILON, Number.MIN_VALUE));
  return edges;
}

function shares(values: ArrayLike<number>, edges: readonly number[]): Float64Array {
  const counts = new Float64Array(edges.length + 1).fill(SMOOTHING);
  for (let at = 0; at < values.length; at++) {
    let bin = 0;
    while (bin < edges.length && values[at] > edges[bin]) bin++;
    counts[bin]++;
  }
  const total = values.length + SMOOTHING * counts.length;
  return counts.map((count) => count / total);
}

/** 99.9 % quantile of the chi-square distribution (Wilson and Hilferty, 1931); 3 % off at one degree of freedom, below 1 % at nine. */
function chiSquareQuantile(degrees: number): number {
  const spread = 2 / (9 * degrees);
  return degrees * (1 - spread + Z * Math.sqrt(spread)) ** 3;
}
