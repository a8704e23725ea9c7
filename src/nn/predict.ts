import type * as Tensorflow from '@tensorflow/tfjs';

import type { TensorValues } from './backend.js';
import { type Batch, type BatchArrays, type BatchSpec, countRows, emptyColumn, rowWidth } from './batch.js';
import type { ModelContext } from './context.js';
import type { WeightSet } from './weights.js';

/** Computes named outputs [rows, …] from a batch. */
export type PredictFunction<S extends BatchSpec> = (
  batch: Batch<S>,
  context: ModelContext,
) => Readonly<Record<string, Tensorflow.Tensor>>;

export interface PredictOptions<S extends BatchSpec> {
  readonly weights: WeightSet;
  readonly batch: S;
  readonly predict: PredictFunction<S>;
  /** Batch sizes to trace; other numbers of rows are padded up to the next, or cut. */
  readonly batchSizes?: readonly number[];
  readonly mode?: 'graph' | 'eager';
}

/** Outputs by name, row by row. */
export type Predictions = Readonly<Record<string, Float32Array>>;

/** A model that is ready to predict, with the weights as they were when it was compiled. */
export interface CompiledPredictor<S extends BatchSpec = BatchSpec> {
  readonly mode: 'graph' | 'eager';
  readonly batch: S;
  /** Any number of rows. @throws Error naming a column that does not fit */
  predict(arrays: BatchArrays<S>): Predictions;
  dispose(): void;
}

/** Runs a predictor on exactly one of its batch sizes. */
export type RunBatch = (arrays: BatchArrays, rows: number) => Predictions;

/** Cuts any number of rows into batches of the given sizes (ascending), pads the last, and joins what comes back. */
export function predictInSizes(
  spec: BatchSpec,
  arrays: BatchArrays,
  sizes: readonly number[],
  run: RunBatch,
): Predictions {
  const rows = countRows(spec, arrays);
  if (sizes.includes(rows)) return run(arrays, rows);
  const joined: Record<string, Float32Array> = {};
  for (let start = 0; start < rows;) {
    const left = rows - start;
    const size = sizes.find((candidate) => candidate >= left) ?? sizes[sizes.length - 1];
    const count = Math.min(left, size);
    const results = run(cut(spec, arrays, start, count, size), size);
    for (const [name, values] of Object.entries(results)) {
      const width = values.length / size;
      joined[name] ??= new Float32Array(rows * width);
      joined[name].set(values.subarray(0, count * width), start * width);
    }
    start += count;
  }
  return joined;
}

function cut(spec: BatchSpec, arrays: BatchArrays, start: number, count: number, size: number): BatchArrays {
  const part: Record<string, TensorValues> = {};
  for (const [name, own] of Object.entries(spec)) {
    const width = rowWidth(own);
    const values = arrays[name].subarray(start * width, (start + count) * width);
    if (count === size) part[name] = values;
    else {
      part[name] = emptyColumn(own, size);
      part[name].set(values);
    }
  }
  return part;
}
