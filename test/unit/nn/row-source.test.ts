import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from '@jest/globals';

import {
  column,
  idColumn,
  openRowFiles,
  train,
  type TrainOptions,
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
