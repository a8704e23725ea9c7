import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from '@jest/globals';
import type * as Tensorflow from '@tensorflow/tfjs';

import { nativeBackend } from '../../../src/nn/backend.js';
import { DATA_TYPE } from '../../../src/nn/graph.js';
import {
  adam,
  column,
  compileStep,
  emptyColumn,
  idColumn,
  openRowFiles,
  Random,
  tf,
  train,
  type TrainOptions,
  WeightSet,
  writeRowFiles,
} from '../../../src/nn/index.js';
import { makeModel, MODEL_BATCH, modelExamples } from '../../support/nn-model.js';

const directory = mkdtempSync(join(tmpdir(), 'tandem-rows-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function trainFrom(
  options: Pick<TrainOptions<typeof MODEL_BATCH>, 'columns'> & Partial<TrainOptions<typeof MODEL_BATCH>>,
) {
  const { weights, step } = makeModel();
  const { epochs } = await train({ step, batchSize: 16, epochs: 3, seed: 9, ...options });
  const values = weights.export();
  step.dispose();
  weights.dispose();
  return { values, epochs };
}

describe('rows in files', () => {
  test('are read back as they were written, block by block', async () => {
    const spec = { x: column(2), id: idColumn() };
    const blocks = [
      { x: Float32Array.of(1, 2, 3, 4), id: Int32Array.of(1, 2) },
      { x: Float32Array.of(5, 6), id: Int32Array.of(3) },
    ];
    const own = join(directory, 'small');
    expect(await writeRowFiles(own, spec, blocks)).toBe(3);
    const source = await openRowFiles(own, spec);
    expect(await source.read(1, 2)).toEqual({ x: Float32Array.of(3, 4, 5, 6), id: Int32Array.of(2, 3) });
    await expect(source.read(2, 2)).rejects.toThrow(/ends \d+ bytes early/);
    await source.close();
    await expect(openRowFiles(own, { x: column(3), id: idColumn() })).rejects.toThrow(/expected/);
  });

  test('lie where TensorFlow reads them in place', async () => {
    const rows = 20_011;
    const spec = { x: column(2), id: idColumn() };
    const columns = {
      x: Float32Array.from({ length: rows * 2 }, (_, at) => at),
      id: Int32Array.from({ length: rows }, (_, at) => -at),
    };
    const own = join(directory, 'aligned');
    await writeRowFiles(own, spec, [columns]);
    const source = await openRowFiles(own, spec);
    const block = await source.read(0, rows);
    await source.close();
    expect(block).toEqual(columns);
    const { binding } = nativeBackend!;
    const held = binding.createTensor([rows], DATA_TYPE.int32, block.id);
    block.id[7] = 1234; // a copy would not show it
    expect(binding.tensorDataSync(held)[7]).toBe(1234);
    binding.deleteTensor(held);
    expect(emptyColumn(spec.x, rows)).toEqual(new Float32Array(rows * 2));
  });

  test('train like rows in memory where one block holds all, and visit each row once where it does not', async () => {
    const columns = modelExamples(150, 1);
    const own = join(directory, 'model');
    await writeRowFiles(own, MODEL_BATCH, [columns]);
    const source = await openRowFiles(own, MODEL_BATCH);
    const fromMemory = await trainFrom({ columns });
    expect(await trainFrom({ columns: source, blockRows: 1000 })).toEqual(fromMemory);
    const seen: number[] = [];
    const counted = {
      rows: source.rows,
      read: (start: number, rows: number) => {
        seen.push(...Array.from({ length: rows }, (_, at) => start + at));
        return source.read(start, rows);
      },
    };
    const inBlocks = await trainFrom({ columns: counted, blockRows: 32, epochs: 1 });
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 150 }, (_, at) => at));
    expect(inBlocks.epochs[0].train.total).toBeCloseTo(fromMemory.epochs[0].train.total, 1);
    await source.close();
  });

  test('train from far more than is held in memory', async () => {
    const spec = { x: column(32), y: column() };
    const own = join(directory, 'large');
    const random = new Random(4);
    const block = { x: random.fillNormal(new Float32Array(65_536 * 32), 1), y: new Float32Array(65_536) };
    block.y.forEach((_, row) => (block.y[row] = block.x[row * 32] - block.x[row * 32 + 1]));
    const rows = await writeRowFiles(
      own,
      spec,
      Array.from({ length: 30 }, () => block),
    );
    const fileBytes = rows * 33 * 4;
    const weights = new WeightSet(random);
    const kernel = weights.weight('kernel', [32, 1]);
    const step = compileStep({
      weights,
      batch: spec,
      loss: ({ x, y }) =>
        tf.mean(
          tf.square(
            tf.sub(tf.reshape(tf.matMul(x as Tensorflow.Tensor2D, kernel as Tensorflow.Tensor2D), [-1]), y),
          ),
        ),
      optimizer: adam(0.01),
      seed: 1,
    });
    const source = await openRowFiles(own, spec);
    const resident: number[] = [];
    const watched = {
      rows: source.rows,
      read: (start: number, count: number) => {
        resident.push(process.memoryUsage.rss());
        return source.read(start, count);
      },
    };
    const { epochs } = await train({ step, columns: watched, batchSize: 8192, epochs: 1, seed: 1 });
    expect(resident.length).toBe(30);
    expect(epochs[0].train.total).toBeLessThan(1);
    // From the third block on, when everything has been compiled and two blocks have been held.
    expect(Math.max(...resident) - resident[2]).toBeLessThan(fileBytes / 3);
    await source.close();
    step.dispose();
    weights.dispose();
  });

  test('a training in blocks that was killed ends with the same weights to the bit', async () => {
    const source = await openRowFiles(join(directory, 'model'), MODEL_BATCH);
    const whole = await trainFrom({ columns: source, blockRows: 32 });
    let last: Uint8Array | null = null;
    let isAlive = true;
    const checkpoint = {
      everySeconds: 0,
      read: () => Promise.resolve(last),
      write: (bytes: Uint8Array) => {
        last = bytes.slice();
        return isAlive ? Promise.reject(new Error('killed')) : Promise.resolve();
      },
    };
    await expect(trainFrom({ columns: source, blockRows: 32, checkpoint })).rejects.toThrow('killed');
    isAlive = false;
    expect(await trainFrom({ columns: source, blockRows: 32, checkpoint })).toEqual(whole);
    await source.close();
  });
});
