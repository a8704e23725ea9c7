import { appendFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import {
  folderModelFiles,
  type Manifest,
  modelDirectory,
  readManifest,
  writeManifest,
} from '../../../../src/pipeline/deploy/index.js';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'models-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

async function commit(files: Record<string, string>): Promise<string> {
  const models = folderModelFiles(dataDir);
  const staged = await models.stage();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(staged, name, '..'), { recursive: true });
    await writeFile(join(staged, name), text);
  }
  return (await models.commit(staged)).contentHash;
}
const filesOf = { 'manifest.json': '{}', 'dense/weights.bin': 'weights' };

describe('model files', () => {
  test('come back by the hash of their content, the same content kept once', async () => {
    const hash = await commit(filesOf);
    expect(await commit(filesOf)).toBe(hash);
    expect(await readdir(join(dataDir, 'models'))).toEqual([hash]);
    const directory = await folderModelFiles(dataDir).open(hash);
    expect(await readFile(join(directory, 'dense/weights.bin'), 'utf8')).toBe('weights');
  });

  test('have another hash when a name, a content or the border between two files differs', async () => {
    const hashes = [
      await commit(filesOf),
      await commit({ ...filesOf, 'dense/weights.bin': 'weightz' }),
      await commit({ 'manifest.json': '{}', 'dense/other.bin': 'weights' }),
      await commit({ a: 'xy', b: 'z' }),
      await commit({ a: 'x', b: 'yz' }),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test('two that commit the same at once both succeed', async () => {
    const [first, second] = await Promise.all([commit(filesOf), commit(filesOf)]);
    expect(first).toBe(second);
    expect(await readdir(join(dataDir, 'models'))).toEqual([first]);
  });

  test('damaged ones are refused: a changed byte, a missing file, one too many', async () => {
    const spoil: ((directory: string) => Promise<void>)[] = [
      (directory) => writeFile(join(directory, 'dense/weights.bin'), 'weighty'),
      (directory) => appendFile(join(directory, 'manifest.json'), ' '),
      (directory) => rm(join(directory, 'dense/weights.bin')),
      (directory) => rename(join(directory, 'dense'), join(directory, 'danse')),
      (directory) => writeFile(join(directory, 'extra'), ''),
    ];
    for (const damage of spoil) {
      const hash = await commit(filesOf);
      await damage(modelDirectory(dataDir, hash));
      await expect(folderModelFiles(dataDir).open(hash)).rejects.toMatchObject({
        code: 'INTERNAL',
        message: expect.stringContaining('damaged') as unknown as string,
      });
      await rm(modelDirectory(dataDir, hash), { recursive: true });
    }
  });

  test('missing ones are not found, and a name that is no hash reaches no other folder', async () => {
    const models = folderModelFiles(dataDir);
    await expect(models.open('0'.repeat(64))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(models.open('../../etc')).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});

describe('manifest', () => {
  const manifest: Manifest = {
    version: 1,
    tasks: { CHURN: { architecture: 'dense', family: 'SINGLE', directory: 'churn', threshold: 0.4 } },
    cut: '2011-09-10T00:00:00.000Z',
    seed: 7,
    data: { users: 3 },
    notes: [],
  };

  test('comes back as it was written', async () => {
    await writeManifest(dataDir, manifest);
    expect(await readManifest(dataDir)).toEqual(manifest);
  });

  test('of another version of the product, or none at all, is refused', async () => {
    await expect(readManifest(dataDir)).rejects.toMatchObject({ code: 'INTERNAL' });
    await writeFile(join(dataDir, 'manifest.json'), JSON.stringify({ ...manifest, version: 2 }));
    await expect(readManifest(dataDir)).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});
