import { type FileHandle, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type BatchArrays, type BatchSpec, countRows, emptyColumn, rowWidth, sliceRows } from './batch.js';

/** Examples that are read in blocks of neighbouring rows, so that they need not fit into memory. */
export interface RowSource<S extends BatchSpec = BatchSpec> {
  readonly rows: number;
  /** Reads rows start to start + rows - 1 of each column. */
  read(start: number, rows: number): Promise<BatchArrays<S>>;
}

/** Columns in memory as a source. */
export function memorySource<S extends BatchSpec>(spec: S, columns: BatchArrays<S>): RowSource<S> {
  const all = countRows(spec, columns);
  return {
    rows: all,
    read: (start, rows) =>
      Promise.resolve(start === 0 && rows === all ? columns : sliceRows(spec, columns, start, rows)),
  };
}

const MANIFEST = 'columns.json';

interface Manifest {
  readonly rows: number;
  readonly batch: BatchSpec;
}

function fileOf(directory: string, at: number): string {
  return join(directory, `column-${at}.bin`);
}

/**
 * Writes columns to a directory, block by block, as little-endian files of plain numbers.
 *
 * @param blocks  any number of blocks with any number of rows each
 * @returns the number of rows written
 */
export async function writeRowFiles<S extends BatchSpec>(
  directory: string,
  spec: S,
  blocks: Iterable<BatchArrays<S>> | AsyncIterable<BatchArrays<S>>,
): Promise<number> {
  await mkdir(directory, { recursive: true });
  const names = Object.keys(spec);
  const files = await Promise.all(names.map((_, at) => open(fileOf(directory, at), 'w')));
  let rows = 0;
  try {
    for await (const block of blocks) {
      rows += countRows(spec, block);
      await Promise.all(
        names.map((name, at) => {
          const { buffer, byteOffset, byteLength } = block[name];
          return files[at].appendFile(new Uint8Array(buffer, byteOffset, byteLength));
        }),
      );
    }
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
  const manifest: Manifest = { rows, batch: spec };
  await writeFile(join(directory, MANIFEST), JSON.stringify(manifest));
  return rows;
}

/** Columns in files. Close it when done. */
export interface FileSource<S extends BatchSpec> extends RowSource<S> {
  close(): Promise<void>;
}

/** Opens what writeRowFiles wrote. @throws Error when the files hold other columns */
export async function openRowFiles<S extends BatchSpec>(directory: string, spec: S): Promise<FileSource<S>> {
  const manifest = JSON.parse(await readFile(join(directory, MANIFEST), 'utf8')) as Manifest;
  if (JSON.stringify(manifest.batch) !== JSON.stringify(spec)) {
    throw new Error(
      `The files in ${directory} hold ${JSON.stringify(manifest.batch)}, expected ${JSON.stringify(spec)}`,
    );
  }
  const columns = Object.entries(spec);
  const files = await Promise.all(columns.map((_, at) => open(fileOf(directory, at), 'r')));
  return {
    rows: manifest.rows,
    async read(start, rows) {
      const parts = columns.map(async ([name, own], at) => {
        const values = emptyColumn(own, rows);
        await readFully(
          files[at],
          new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
          start * rowWidth(own) * values.BYTES_PER_ELEMENT,
        );
        return [name, values] as const;
      });
      return Object.fromEntries(await Promise.all(parts)) as unknown as BatchArrays<S>;
    },
    async close() {
      await Promise.all(files.map((file) => file.close()));
    },
  };
}

async function readFully(file: FileHandle, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.length;) {
    const { bytesRead } = await file.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) throw new Error(`A column file ends ${target.length - done} bytes early`);
    done += bytesRead;
  }
}
