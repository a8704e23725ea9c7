/** Model versions as directories named by the SHA-256 of their content. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, cp, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { AppError } from '../../errors.js';

const HASH = /^[0-9a-f]{64}$/;

/** Where a version's files are on this machine. */
export function modelDirectory(dataDir: string, contentHash: string): string {
  if (!HASH.test(contentHash)) throw new AppError('INTERNAL', `"${contentHash}" is not a content hash.`);
  return join(dataDir, 'models', contentHash);
}

/** Keeps model versions; a version is written once and never changed. Another driver (an object store) keeps these three promises. */
export interface ModelFiles {
  /** An empty directory to write a version into, on the same file system as the store. */
  stage(): Promise<string>;
  /** Takes a staged directory in. Taking the same content in twice keeps one. */
  commit(directory: string): Promise<{ contentHash: string; sizeBytes: number }>;
  /**
   * The version's directory, its content checked against its name.
   *
   * @throws AppError NOT_FOUND when it is not there, INTERNAL when it is damaged
   */
  open(contentHash: string): Promise<string>;
}

/** Model versions in a folder of this machine (or of a network file system that all processes see). */
export function folderModelFiles(dataDir: string): ModelFiles {
  const root = join(dataDir, 'models');
  const checked = new Set<string>();
  return {
    stage: async () => {
      await mkdir(root, { recursive: true });
      return mkdtemp(join(root, '.staged-'));
    },
    commit: async (directory) => {
      const { contentHash, sizeBytes } = await hashDirectory(directory);
      const target = modelDirectory(dataDir, contentHash);
      if (await exists(target)) {
        await rm(directory, { recursive: true });
      } else {
        await rename(directory, target).catch(async (thrown: NodeJS.ErrnoException) => {
          // ENOTEMPTY: another process committed the same content a moment ago.
          if (thrown.code === 'EXDEV') await cp(directory, target, { recursive: true });
          else if (thrown.code !== 'ENOTEMPTY' && thrown.code !== 'EEXIST') throw thrown;
          await rm(directory, { recursive: true, force: true });
        });
      }
      return { contentHash, sizeBytes };
    },
    open: async (contentHash) => {
      const directory = modelDirectory(dataDir, contentHash);
      if (!(await exists(directory))) {
        throw new AppError(
          'NOT_FOUND',
          `The files of the model version ${contentHash.slice(0, 12)}… are not in ${root}.`,
        );
      }
      if (!checked.has(contentHash)) {
        const { contentHash: found } = await hashDirectory(directory);
        if (found !== contentHash) {
          throw new AppError(
            'INTERNAL',
            `The files of the model version ${contentHash.slice(0, 12)}… are damaged; it is not served.`,
          );
        }
        checked.add(contentHash);
      }
      return directory;
    },
  };
}

/** SHA-256 over names and contents of all files, in the order of their names. */
export async function hashDirectory(directory: string): Promise<{ contentHash: string; sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for (const file of (await listFiles(directory)).sort()) {
    const { size } = await stat(file);
    hash.update(`${relative(directory, file).split(sep).join('/')}\0${size}\0`);
    await addFile(hash, file);
    sizeBytes += size;
  }
  return { contentHash: hash.digest('hex'), sizeBytes };
}

async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function addFile(hash: Hash, file: string): Promise<void> {
  await pipeline(createReadStream(file), async (chunks) => {
    for await (const chunk of chunks) hash.update(chunk as Buffer);
  });
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
