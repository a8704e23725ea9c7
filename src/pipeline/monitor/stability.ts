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

/** Sum over bins of (current share - reference share) × ln(current share / reference share); null without rows on both sides. */
export function stabilityIndex(bins: readonly { reference: number; current: number }[]): number | null {
  const total = (side: 'reference' | 'current') => bins.reduce((sum, bin) => sum + bin[side], 0);
  if (total('reference') === 0 || total('current') === 0) return null;
  const share = (count: number, all: number) => (count + SMOOTHING) / (all + SMOOTHING * bins.length);
  return bins.reduce((sum, bin) => {
    const reference = share(bin.reference, total('reference'));
    const current = share(bin.current, total('current'));
    return sum + (current - reference) * Math.log(current / reference);
  }, 0);
}

/** @returns null where one side has no values */
export function stabilityOf(reference: ArrayLike<number>, current: ArrayLike<number>): Stability | null {
  if (reference.length === 0 || current.length === 0) return null;
  const edges = quantileEdges(reference);
  const [before, now] = [binCounts(reference, edges), binCounts(current, edges)];
  const bins = Array.from(before, (count, bin) => ({ reference: count, current: now[bin] }));
  const psi = stabilityIndex(bins) ?? 0;
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

function binCounts(values: ArrayLike<number>, edges: readonly number[]): Float64Array {
  const counts = new Float64Array(edges.length + 1);
  for (let at = 0; at < values.length; at++) {
    let bin = 0;
    while (bin < edges.length && values[at] > edges[bin]) bin++;
    counts[bin]++;
  }
  return counts;
}

/** 99.9 % quantile of the chi-square distribution (Wilson and Hilferty, 1931); 3 % off at one degree of freedom, below 1 % at nine. */
function chiSquareQuantile(degrees: number): number {
  const spread = 2 / (9 * degrees);
  return degrees * (1 - spread + Z * Math.sqrt(spread)) ** 3;
}
