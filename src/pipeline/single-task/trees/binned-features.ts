/** Columns of features in few bins, so that a split is found by summing over bins (as in LightGBM: Ke et al., NeurIPS 2017). */
export interface BinnedFeatures {
  readonly count: number;
  readonly width: number;
  /** [width × count] column by column: how many of the column's edges lie below the value. */
  readonly bins: Uint8Array;
  /** For each column its edges, ascending: bin b holds the values up to edges[b] that no earlier bin holds. */
  readonly edges: readonly Float32Array[];
}

/** Bins a column has at most. */
export const MOST_BINS = 64;
/** Rows that edges are taken from: enough for the 64th part of them to be exact to a per mille. */
const SAMPLE_ROWS = 20_000;

/**
 * Bins by quantiles of each column.
 *
 * @param values [count × width] row by row, finite
 */
export function binFeatures(values: Float32Array, width: number): BinnedFeatures {
  const count = values.length / width;
  const bins = new Uint8Array(values.length);
  const edges = Array.from({ length: width }, (_, column) => {
    const found = columnEdges(values, width, column);
    const start = column * count;
    for (let row = 0; row < count; row++) bins[start + row] = binOf(found, values[row * width + column]);
    return found;
  });
  return { count, width, bins, edges };
}

function columnEdges(values: Float32Array, width: number, column: number): Float32Array {
  const count = values.length / width;
  const step = Math.max(1, Math.floor(count / SAMPLE_ROWS));
  const sample = new Float32Array(Math.ceil(count / step));
  for (let at = 0; at < sample.length; at++) sample[at] = values[at * step * width + column];
  sample.sort();
  const edges: number[] = [];
  for (let bin = 1; bin < MOST_BINS; bin++) {
    const edge = sample[Math.floor((bin * sample.length) / MOST_BINS)];
    // The largest value can be no edge: nothing would lie beyond it.
    if (edge !== edges[edges.length - 1] && edge < sample[sample.length - 1]) edges.push(edge);
  }
  return Float32Array.from(edges);
}

/** Number of edges below the value. */
function binOf(edges: Float32Array, value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
