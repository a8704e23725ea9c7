import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import type * as Tensorflow from '@tensorflow/tfjs';

interface Field {
  readonly dtype: string;
  readonly shape: readonly number[];
}

const CLASSES = { float32: Float32Array, int32: Int32Array } as const;

/** Where gen_data.py of the peers' benchmarks writes, unless told. */
export function defaultDataDirectory(): string {
  return join(process.env.PEERS_HOME ?? join(homedir(), '.cache', 'tandem-peers'), 'data');
}

/** Reads one array of NAME.FIELD.bin files that manifest.json describes. @throws Error saying how to make the data */
export function readField(directory: string, name: string, field: string): Float32Array | Int32Array {
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
  const bytes = readFileSync(join(directory, `${name}.${field}.bin`));
  const length = shape.reduce((a, b) => a * b, 1);
  const Class = CLASSES[dtype as keyof typeof CLASSES];
  const own = new Uint8Array(bytes.byteLength); // files may lie at an odd place in Node's pool
  own.set(bytes);
  return new Class(own.buffer, 0, length);
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
