import type { TensorValues } from './backend.js';
import { type BatchArrays, type BatchSpec, emptyColumn, rowWidth } from './batch.js';

/** Below this width a plain loop beats `set`, whose call costs more than the copy. */
const LOOP_WIDTH = 24;

/** Copies rows of a column into a batch. */
export function copyRows(
  source: TensorValues,
  order: Int32Array,
  start: number,
  width: number,
  target: TensorValues,
): void {
  const rows = target.length / width;
  if (width === 1) {
    for (let row = 0; row < rows; row++) target[row] = source[order[start + row]];
    return;
  }
  for (let row = 0; row < rows; row++) {
    const from = order[start + row] * width;
    if (width > LOOP_WIDTH) target.set(source.subarray(from, from + width), row * width);
    else for (let k = 0, to = row * width; k < width; k++) target[to + k] = source[from + k];
  }
}

/** Takes batches from columns into arrays that it keeps and reuses. */
export class BatchAssembler<S extends BatchSpec> {
  private readonly buffers = new Map<number, BatchArrays<S>>();

  constructor(
    private readonly spec: S,
    private readonly columns: BatchArrays<S>,
  ) {}

  /** Rows order[start] to order[start + rows - 1]; valid until the next call. */
  take(order: Int32Array, start: number, rows: number): BatchArrays<S> {
    let buffer = this.buffers.get(rows);
    if (!buffer) {
      const made = Object.entries(this.spec).map(([name, own]) => [name, emptyColumn(own, rows)]);
      buffer = Object.fromEntries(made) as BatchArrays<S>;
      this.buffers.set(rows, buffer);
    }
    for (const [name, own] of Object.entries(this.spec)) {
      copyRows(this.columns[name], order, start, rowWidth(own), buffer[name]);
    }
    return buffer;
  }
}
