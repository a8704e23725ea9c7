/** Numbers and categories of a table as inputs of a dense network. Fitted on training rows alone. */
import { z } from 'zod';

/** One column: a number (NaN = not known) or a category (null = not known) a row. */
export type TabularColumn =
  | { readonly name: string; readonly kind: 'NUMBER'; readonly values: ArrayLike<number> }
  | { readonly name: string; readonly kind: 'CATEGORY'; readonly values: readonly (string | null)[] };

const numberSchema = z.object({
  name: z.string(),
  kind: z.literal('NUMBER'),
  /** Of sign(x) · log(1 + |x|). */
  mean: z.number(),
  deviation: z.number(),
  /** Ascending. */
  edges: z.array(z.number()),
});
const categorySchema = z.object({
  name: z.string(),
  kind: z.literal('CATEGORY'),
  vocabulary: z.array(z.string()),
});
export const tabularEncodingSchema = z.array(z.discriminatedUnion('kind', [numberSchema, categorySchema]));
/** What an encoder learnt, as plain data to keep with a model. */
export type TabularEncoding = z.infer<typeof tabularEncodingSchema>;
type ColumnEncoding = TabularEncoding[number];

const BINS = 16;
/** Rows that a category needs for an input of its own; rarer ones share one. */
const LEAST_ROWS = 10;
/** Beyond so many deviations numbers are cut off. */
export const TABULAR_CLIP = 4;

const signedLog = (value: number): number => Math.sign(value) * Math.log1p(Math.abs(value));

/**
 * Encodes a table. A number becomes its standardised logarithm, whether it is known, and a piecewise linear encoding between the quantiles of
 * training (Gorishniy et al., NeurIPS 2022), which lets a network bend where a tree would split. A category becomes a one among zeros, so that
 * the first layer's kernel holds its embedding; rare and new ones share the last place.
 */
export class TabularEncoder {
  readonly width: number;

  constructor(readonly encoding: TabularEncoding) {
    this.width = encoding.reduce((sum, column) => sum + widthOf(column), 0);
  }

  /** @param rows numbers of the training rows; nothing else is looked at */
  static fit(columns: readonly TabularColumn[], rows: ArrayLike<number>): TabularEncoder {
    return new TabularEncoder(columns.map((column) => fitColumn(column, rows)));
  }

  /**
   * @param columns the same ones, in the same order, as were fitted
   * @returns       [rows × width] row by row
   * @throws Error naming the column that differs
   */
  encode(columns: readonly TabularColumn[], rows: ArrayLike<number>): Float32Array {
    const encoded = new Float32Array(rows.length * this.width);
    let offset = 0;
    this.encoding.forEach((known, index) => {
      const column = columns[index] as TabularColumn | undefined;
      if (column?.name !== known.name || column.kind !== known.kind)
        throw new Error(`Expected the column ${known.name} (${known.kind}), got ${column?.name ?? 'none'}.`);
      for (let at = 0; at < rows.length; at++) {
        const value = column.values[rows[at]];
        writeValue(known, value, encoded, at * this.width + offset);
      }
      offset += widthOf(known);
    });
    return encoded;
  }
}

function fitColumn(column: TabularColumn, rows: ArrayLike<number>): ColumnEncoding {
  const { name } = column;
  if (column.kind === 'CATEGORY') {
    const counts = new Map<string, number>();
    for (let at = 0; at < rows.length; at++) {
      const value = column.values[rows[at]];
      if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    const vocabulary = [...counts].flatMap(([value, count]) => (count >= LEAST_ROWS ? value : [])).sort();
    return { name, kind: 'CATEGORY', vocabulary };
  }
  const known = Float64Array.from(rows, (row) => column.values[row])
    .filter((value) => !Number.isNaN(value))
    .sort();
  const logs = known.map(signedLog);
  const count = Math.max(1, known.length);
  const mean = logs.reduce((sum, value) => sum + value, 0) / count;
  const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  return { name, kind: 'NUMBER', mean, deviation: Math.sqrt(variance) + 1e-6, edges: quantileEdges(known) };
}

/** Different quantiles of sorted values: where many rows share a value, fewer. */
function quantileEdges(sorted: Float64Array): number[] {
  if (sorted.length === 0) return [];
  const edges = new Set<number>();
  for (let bin = 0; bin <= BINS; bin++) edges.add(sorted[Math.round((bin / BINS) * (sorted.length - 1))]);
  // Half of all rows at one value would leave the others a bin or two: they get quantiles of their own.
  const rest = sorted.filter((value) => value !== sorted[0]);
  if (rest.length > 0 && rest.length < 0.75 * sorted.length) {
    for (let bin = 0; bin <= BINS / 2; bin++)
      edges.add(rest[Math.round((bin / (BINS / 2)) * (rest.length - 1))]);
  }
  return [...edges].sort((a, b) => a - b);
}

const widthOf = (column: ColumnEncoding): number =>
  column.kind === 'CATEGORY' ? column.vocabulary.length + 1 : 2 + Math.max(0, column.edges.length - 1);

function writeValue(
  known: ColumnEncoding,
  value: number | string | null,
  target: Float32Array,
  from: number,
): void {
  if (known.kind === 'CATEGORY') {
    const place = value === null ? -1 : known.vocabulary.indexOf(value as string);
    target[from + (place < 0 ? known.vocabulary.length : place)] = 1;
    return;
  }
  const number = value as number;
  if (Number.isNaN(number)) {
    target[from + 1] = 1;
    return;
  }
  const scaled = (signedLog(number) - known.mean) / known.deviation;
  target[from] = Math.min(TABULAR_CLIP, Math.max(-TABULAR_CLIP, scaled));
  for (let bin = 1; bin < known.edges.length; bin++) {
    const [low, high] = [known.edges[bin - 1], known.edges[bin]];
    target[from + 1 + bin] = Math.min(1, Math.max(0, (number - low) / (high - low)));
  }
}
