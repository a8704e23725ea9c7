import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, describe, expect, test } from '@jest/globals';

import { runInProcesses } from '../../../src/nn/parallel.js';

const directory = mkdtempSync(join(tmpdir(), 'tandem-parallel-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function moduleOf(name: string, body: string): URL {
  const path = join(directory, `${name}.mjs`);
  writeFileSync(path, `export default async (input) => { ${body} };`);
  return pathToFileURL(path);
}

describe('runInProcesses', () => {
  test('answers in the order of the inputs, in processes of one thread each, and passes typed arrays', async () => {
    const module = moduleOf(
      'double',
      'await new Promise((done) => setTimeout(done, 100 - input[0] * 10));' +
        'return { doubled: input.map((x) => 2 * x), pid: process.pid, threads: process.env.TF_NUM_INTRAOP_THREADS };',
    );
    interface Doubled {
      doubled: Float32Array;
      pid: number;
      threads: string;
    }
    const inputs = [1, 2, 3, 4, 5].map((value) => Float32Array.of(value, 10));
    const results = await runInProcesses<Float32Array, Doubled>(module, inputs, { processes: 2 });
    expect(results.map(({ doubled }) => [...doubled])).toEqual(inputs.map(([value]) => [2 * value, 20]));
    expect(new Set(results.map(({ pid }) => pid)).size).toBe(2);
    expect(results.every(({ pid, threads }) => pid !== process.pid && threads === '1')).toBe(true);
  });

  test('rejects with the error of a call, its message kept', async () => {
    const module = moduleOf('fail', "if (input === 1) throw new RangeError('too few rows'); return input;");
    await expect(runInProcesses(module, [0, 1, 2], { processes: 2 })).rejects.toThrow('too few rows');
  });

  test('rejects when a child dies', async () => {
    const module = moduleOf('die', 'process.kill(process.pid, "SIGKILL"); await new Promise(() => {});');
    await expect(runInProcesses(module, [0])).rejects.toThrow(/ended \(SIGKILL\)/);
  });

  test('ends the children when aborted', async () => {
    const module = moduleOf('wait', 'await new Promise((done) => setTimeout(done, 60_000));');
    const abort = new AbortController();
    const reason = new Error('cancelled');
    setTimeout(() => abort.abort(reason), 100);
    const start = performance.now();
    await expect(runInProcesses(module, [0, 1], { signal: abort.signal })).rejects.toBe(reason);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
