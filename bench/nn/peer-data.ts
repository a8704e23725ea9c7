import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import type * as Tensorflow from '@tensorflow/tfjs';

import type * as nn from '../../src/nn/index.js';

interface Field {
  readonly dtype: DataType;
  readonly shape: readonly number[];
}

type DataType = 'float32' | 'int32';

/** Where gen_data.py of the peers' benchmarks writes, unless told. */
export function defaultDataDirectory(): string {
  return join(process.env.PEERS_HOME ?? join(homedir(), '.cache', 'tandem-peers'), 'data');
}

/**
 * Reads one array of NAME.FIELD.bin files that manifest.json describes, into a column as row sources make them.
 *
 * @param emptyColumn of the library, which is loaded after threads were chosen
 * @throws Error saying how to make the data
 */
export function readField(
  emptyColumn: typeof nn.emptyColumn,
  directory: string,
  name: string,
  field: string,
): Float32Array | Int32Array {
  let manifest: Record<string, Record<string, Field>>;
  try {
    manifest = JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')) as typeof manifest;
  } catch (cause) {
    throw new Error(
      `No benchmark data in ${directory}: write it with gen_data.py, or name its folder with --data`,
      { cause },
    );
  }
  const { dtype, shape } = manifest[name][field];
  const [rows, ...width] = shape;
  const values = emptyColumn({ dtype, shape: width }, rows);
  const file = openSync(join(directory, `${name}.${field}.bin`), 'r');
  try {
    const read = readSync(file, values);
    if (read < values.byteLength)
      throw new Error(`${name}.${field}.bin ends ${values.byteLength - read} bytes early`);
  } finally {
    closeSync(file);
  }
  return values as Float32Array | Int32Array;
}

/** GFLOP/s of plain 2048³ matrix products in this process: the machine's limit with these threads. */
export function measureMatrixProduct(tf: typeof Tensorflow, repeats = 3): number {
  const size = 2048;
  const rates: number[] = [];
  tf.tidy(() => {
    const a = tf.randomUniform([size, size]);
    const b = tf.randomUniform([size, size]);
    for (let run = 0; run <= repeats; run++) {
      const start = performance.now();
      tf.matMul(a, b).dataSync();
      if (run > 0) rates.push((2 * size ** 3) / (performance.now() - start) / 1e6);
    }
  });
  return Math.max(...rates);
}
