/** Decodes Parquet in a thread of its own: a file that was made to mislead the decoder may keep it busy for ever, and then is cut off. */
import { stat } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';

import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** Unpacked bytes that a row group may claim; writers aim at 128 MiB to 1 GiB. */
const MAX_GROUP_BYTES = 4 * 1024 ** 3;

/** What the thread is asked for: rows of the file, from 0. */
export interface PartRequest {
  readonly from: number;
  readonly to: number;
}

/** The rows in the form of JSON, or what is wrong. The first answer, which nobody asked for, is `groups`. */
export type PartAnswer =
  | { readonly groups: readonly number[]; readonly bytes: number }
  | { readonly rows: readonly object[] }
  | { readonly problem: string };

const { path } = workerData as { path: string };
const file = await asyncBufferFromFile(path);

function answer(message: PartAnswer): void {
  parentPort?.postMessage(message);
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Rows of each group; what a group claims must be possible. */
function groupsOf(metadata: FileMetaData): number[] {
  return metadata.row_groups.map((group) => {
    const [count, bytes] = [Number(group.num_rows), Number(group.total_byte_size)];
    if (!(count >= 0 && bytes >= 0 && bytes <= MAX_GROUP_BYTES))
      throw new Error(`a row group claims ${count} rows and ${bytes} bytes, of at most ${MAX_GROUP_BYTES}`);
    return count;
  });
}

/** Values as JSON has them. */
function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString();
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainValue(inner)]));
}

try {
  const metadata = await parquetMetadataAsync(file);
  const groups = groupsOf(metadata);
  parentPort?.on('message', ({ from, to }: PartRequest) => {
    parquetReadObjects({
      file,
      metadata,
      compressors,
      rowStart: from,
      rowEnd: to,
      useOffsetIndex: true,
    }).then(
      (rows) => {
        if (rows.length === to - from) answer({ rows: rows.map((row) => plainValue(row) as object) });
        else answer({ problem: `it ends after ${from + rows.length} of its rows` });
      },
      (thrown: unknown) => answer({ problem: messageOf(thrown) }),
    );
  });
  answer({ groups, bytes: (await stat(path)).size });
} catch (thrown) {
  answer({ problem: messageOf(thrown) });
}
