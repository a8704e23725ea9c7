import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { AppError } from '../../errors.js';

/** Bytes of one file: it lies on the disk until it is read. Larger ones are brought in by the command line. */
export const MAX_UPLOAD_BYTES = 2 * 1024 ** 3;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A file that waits to be imported. */
export interface Upload {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly path: string;
}

/** Files that wait to be imported, in the data folder that all processes of an installation share: `uploads/<shop>/<id>/`. */
export class Uploads {
  constructor(private readonly dataDir: string) {}

  /**
   * Keeps a file that comes in as a stream.
   *
   * @throws AppError LIMIT_EXCEEDED for more than 2 GiB; whatever ends the stream early
   */
  async keep(shopKey: string, name: string, stream: Readable): Promise<Upload> {
    const id = randomUUID();
    const folder = await this.make(shopKey, id, name);
    try {
      await pipeline(stream, limited(), createWriteStream(join(folder, 'file')));
      return await this.find(shopKey, id);
    } catch (error) {
      await this.remove(shopKey, id);
      throw error;
    }
  }

  /** The folder for a file of this id, made where it is missing. @returns the file's path */
  async make(shopKey: string, id: string, name: string): Promise<string> {
    const folder = this.folderOf(shopKey, id);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'name'), basename(name) || 'upload');
    return folder;
  }

  /** @throws AppError NOT_FOUND */
  async find(shopKey: string, id: string): Promise<Upload> {
    if (UUID.test(id)) {
      const path = join(this.folderOf(shopKey, id), 'file');
      const facts = await stat(path).catch(() => null);
      if (facts?.isFile())
        return {
          id,
          path,
          bytes: facts.size,
          name: await readFile(join(this.folderOf(shopKey, id), 'name'), 'utf8'),
        };
    }
    throw new AppError(
      'NOT_FOUND',
      `There is no upload ${id}: it was imported, or lay for more than a week.`,
    );
  }

  async remove(shopKey: string, id: string): Promise<void> {
    await rm(this.folderOf(shopKey, id), { recursive: true, force: true });
  }

  /** Removes a shop's files that nobody has touched since. @param isNeeded ids that stay. @returns how many */
  async sweep(shopKey: string, before: Date, isNeeded: (id: string) => boolean): Promise<number> {
    const ids = await readdir(join(this.dataDir, 'uploads', shopKey)).catch((): string[] => []);
    let removed = 0;
    for (const id of ids) {
      const facts = await stat(this.folderOf(shopKey, id)).catch(() => null);
      if (facts === null || facts.mtime >= before || isNeeded(id)) continue;
      await this.remove(shopKey, id);
      removed++;
    }
    return removed;
  }

  private folderOf(shopKey: string, id: string): string {
    return join(this.dataDir, 'uploads', shopKey, id);
  }
}

function limited(): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, passOn) {
      bytes += chunk.length;
      if (bytes <= MAX_UPLOAD_BYTES) return passOn(null, chunk);
      const message = `A file may have at most ${MAX_UPLOAD_BYTES} bytes; tandem import takes any size.`;
      passOn(new AppError('LIMIT_EXCEEDED', message, { limit: MAX_UPLOAD_BYTES }));
    },
  });
}
