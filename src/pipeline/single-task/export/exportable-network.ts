import { rm } from 'node:fs/promises';

import {
  type BatchSpec,
  compilePredict,
  exportOnnx,
  type ExportOptions,
  exportSavedModel,
  openSavedModel,
  type Predictions,
  Random,
} from '../../../nn/index.js';
import type { ExportableNetwork, NetworkRows, NetworkTensor } from '../../index.js';

/** What a tensor is, beside its name, type and shape. */
export type TensorMeaning = Pick<NetworkTensor, 'description' | 'columns' | 'vocabulary'>;

export interface NetworkParts<S extends BatchSpec>
  extends ExportOptions<S>, Pick<ExportableNetwork, 'name' | 'tasks' | 'description'> {
  readonly inputs: Readonly<Record<keyof S & string, TensorMeaning>>;
  readonly outputs: Readonly<Record<string, TensorMeaning & { readonly shape?: readonly number[] }>>;
}

/** Rows that a written network is tried on. */
const TRIED_ROWS = 3;
/** Part of the largest output that the same net may differ by in another graph. */
const TOLERANCE = 1e-4;

/** Puts what a model knows of a network together as the contract has it. */
export function exportableNetwork<S extends BatchSpec>(parts: NetworkParts<S>): ExportableNetwork {
  const { name, tasks, description, weights, batch, predict } = parts;
  const inputs = Object.entries(batch).map(([input, { dtype, shape }]): NetworkTensor => {
    if (dtype === 'bool') throw new Error(`The input "${input}" of ${name} is bool, which is not exported.`);
    return { name: input, dtype, shape, ...parts.inputs[input] };
  });
  const outputs = Object.entries(parts.outputs).map(([output, meaning]): NetworkTensor => ({
    name: output,
    dtype: 'float32',
    shape: [],
    ...meaning,
  }));
  const run = (rows: NetworkRows): Predictions => {
    const count = rowsOf(inputs, rows);
    const predictor = compilePredict({ weights, batch, predict, batchSizes: [count] });
    try {
      return predictor.predict(rows as Parameters<typeof predictor.predict>[0]);
    } finally {
      predictor.dispose();
    }
  };
  return {
    name,
    tasks,
    description,
    inputs,
    outputs,
    predict: run,
    async write(format, path) {
      if (format === 'ONNX') return exportOnnx(path, { weights, batch, predict });
      const signature = await exportSavedModel(path, { weights, batch, predict });
      const rows = exampleRows(inputs, TRIED_ROWS, 1);
      const written = openSavedModel(path, signature);
      try {
        requireEqual(name, run(rows), written.run(rows));
      } catch (thrown) {
        await rm(path, { recursive: true, force: true });
        throw thrown;
      } finally {
        written.dispose();
      }
    },
  };
}

/** Rows as training may have seen them, drawn from a seed: numbers by their mean and deviation, ids evenly. */
export function exampleRows(inputs: readonly NetworkTensor[], count: number, seed: number): NetworkRows {
  const random = new Random(seed).fork('example rows');
  return Object.fromEntries(
    inputs.map(({ name, dtype, shape, columns, vocabulary }): [string, Float32Array | Int32Array] => {
      const width = shape.reduce((a, b) => a * b, 1);
      if (dtype === 'int32')
        return [
          name,
          Int32Array.from({ length: count * width }, () => random.integer((vocabulary?.length ?? 0) + 1)),
        ];
      const values = random.fillNormal(new Float32Array(count * width), 1);
      const drawn = values.map((value, at) => {
        const column = columns?.[at % columns.length];
        if (column?.vocabulary) return random.integer(column.vocabulary.length + 1);
        return (column?.mean ?? 0) + value * (column?.deviation ?? 1);
      });
      return [name, drawn];
    }),
  );
}

/** @throws Error naming an input that is missing or does not fit */
function rowsOf(inputs: readonly NetworkTensor[], rows: NetworkRows): number {
  const [first] = inputs;
  return rows[first.name].length / first.shape.reduce((a, b) => a * b, 1);
}

function requireEqual(name: string, expected: Predictions, got: Predictions): void {
  for (const [output, values] of Object.entries(expected)) {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const differs = values.some((value, at) => !(Math.abs(value - got[output][at]) <= TOLERANCE * largest));
    if (differs || got[output].length !== values.length)
      throw new Error(
        `The exported network ${name} gives other numbers for "${output}" than the model does.`,
      );
  }
}
