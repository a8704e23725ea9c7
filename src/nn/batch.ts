import type * as Tensorflow from '@tensorflow/tfjs';

import { alignedMemory } from './aligned.js';
import { type TensorValues, tf } from './backend.js';
import { DATA_TYPE, type DataType } from './graph.js';

/** One input of a model: its type and the shape of one row ([] = one number a row). */
export interface ColumnSpec {
  readonly dtype: DataType;
  readonly shape: readonly number[];
}

/** The inputs of a model by name. */
export type BatchSpec = Readonly<Record<string, ColumnSpec>>;

/** The tensors of a batch: [rows, ...shape] each. */
export type Batch<S extends BatchSpec> = { readonly [K in keyof S]: Tensorflow.Tensor };

/** The values of a batch, row by row: rows × shape numbers each. bool columns are Uint8Array. */
export type BatchArrays<S extends BatchSpec = BatchSpec> = { readonly [K in keyof S]: TensorValues };

/** A float32 input; `column()` is one number a row, `column(32)` 32. */
export function column(...shape: number[]): ColumnSpec {
  return { dtype: 'float32', shape };
}

/** An int32 input: ids, labels of a softmax. */
export function idColumn(...shape: number[]): ColumnSpec {
  return { dtype: 'int32', shape };
}

/** Numbers in one row of a column. */
export function rowWidth(spec: ColumnSpec): number {
  return spec.shape.reduce((a, b) => a * b, 1);
}

const CLASSES = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** A zeroed array for so many rows of a column. Large ones lie where TensorFlow reads them in place: a step that loads them copies nothing. */
export function emptyColumn(spec: ColumnSpec, rows: number): TensorValues {
  const Class = CLASSES[spec.dtype];
  const length = rows * rowWidth(spec);
  const { buffer, offset } = alignedMemory(length * Class.BYTES_PER_ELEMENT);
  return new Class(buffer, offset, length);
}

/** TensorFlow's number of a column's type. */
export function dataTypeOf(spec: ColumnSpec): number {
  return DATA_TYPE[spec.dtype];
}

/**
 * Rows of a batch, after checking that its arrays fit the spec.
 *
 * @throws Error naming the column that is missing, of the wrong type or of the wrong length
 */
export function countRows(spec: BatchSpec, arrays: BatchArrays): number {
  let rows = -1;
  for (const [name, own] of Object.entries(spec)) {
    const values = arrays[name];
    if (!(values instanceof CLASSES[own.dtype])) {
      const got = values === undefined ? 'nothing' : values.constructor.name;
      throw new Error(`Column "${name}" should be a ${CLASSES[own.dtype].name}, got ${got}`);
    }
    const count = values.length / rowWidth(own);
    if (!Number.isInteger(count) || (rows >= 0 && count !== rows)) {
      throw new Error(
        `Column "${name}" has ${values.length} numbers, [${own.shape.join(', ')}] a row` +
          (rows >= 0 ? `; the batch has ${rows} rows` : ''),
      );
    }
    rows = count;
  }
  if (rows < 1) throw new Error(rows < 0 ? 'The batch has no columns' : 'The batch has no rows');
  return rows;
}

/** Tensors of a batch, for running eagerly and for tracing. The caller disposes them. */
export function toTensors<S extends BatchSpec>(spec: S, arrays: BatchArrays<S>, rows: number): Batch<S> {
  const tensors: Record<string, Tensorflow.Tensor> = {};
  for (const [name, own] of Object.entries(spec)) {
    tensors[name] = tf.tensor(arrays[name], [rows, ...own.shape], own.dtype);
  }
  return tensors as Batch<S>;
}

/** Zeros of the spec's shapes: what a model is traced on. */
export function sampleArrays(spec: BatchSpec, rows: number): BatchArrays {
  return Object.fromEntries(Object.entries(spec).map(([name, own]) => [name, emptyColumn(own, rows)]));
}

/** Rows start to start + rows - 1 of each column as they lie, without a copy. */
export function sliceRows<S extends BatchSpec>(
  spec: S,
  columns: BatchArrays<S>,
  start: number,
  rows: number,
): BatchArrays<S> {
  const parts = Object.entries(spec).map(([name, own]) => {
    const width = rowWidth(own);
    return [name, columns[name].subarray(start * width, (start + rows) * width)];
  });
  return Object.fromEntries(parts) as BatchArrays<S>;
}
