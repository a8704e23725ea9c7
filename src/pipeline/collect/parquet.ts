import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { AppError } from '../../errors.js';
import { PROJECT_ROOT } from '../../root.js';
import { type TextRecord } from './delimited.js';
import { jsonColumns } from './json-lines.js';
import { type PartAnswer, type PartRequest } from './parquet.worker.js';
import { pickValues, type RecordSource } from './record-source.js';
import { isDeeperThan } from './values.js';

const MAGIC = 'PAR1';
/** Rows decoded at once: a row group of millions is read in parts. */
const PART_ROWS = 50_000;
const FIRST_RECORDS = 100;
const MAX_DEPTH = 64;
/** Memory of the decoder; a file that is made to need more ends its thread alone. */
const MAX_MEMORY_MB = 4_096;
const MAX_PART_MS = 120_000;

export interface ParquetOptions {
  /** What messages call the file. Default its path. */
  readonly name?: string;
  readonly onBytes?: (read: number, total: number) => void;
  /** Milliseconds that a part may take to be decoded. */
  readonly timeoutMs?: number;
}

/** Whether a file begins as Parquet does. */
export async function isParquet(path: string): Promise<boolean> {
  const file = await open(path).catch(() => null);
  if (file === null) return false;
  try {
    if (!(await file.stat()).isFile()) return false;
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(MAGIC.length), position: 0 });
    return bytesRead === MAGIC.length && buffer.toString('latin1') === MAGIC;
  } finally {
    await file.close();
  }
}

/**
 * Opens a Parquet file (any codec of hyparquet-compressors: Snappy, gzip, Brotli, Zstandard, LZ4). `line` of its records counts rows from 1.
 * Times come as ISO texts, 64-bit integers as numbers where they are exact and as texts where they are not.
 *
 * @throws AppError BAD_USER_INPUT for a broken file, also while reading
 */
export async function openParquet(path: string, options: ParquetOptions = {}): Promise<RecordSource> {
  const { name = path } = options;
  const decoder = new Decoder(path, name, options.timeoutMs ?? MAX_PART_MS);
  try {
    const { groups, bytes } = await decoder.groups();
    const total = groups.reduce((sum, rows) => sum + rows, 0);
    const first = total === 0 ? [] : await decoder.read(0, Math.min(FIRST_RECORDS, groups[0] || total));
    const objects = first.flatMap(({ values: [value], problem }) =>
      problem === null ? [value as object] : [],
    );
    if (objects.length === 0) throw new AppError('BAD_USER_INPUT', `${name} holds no rows.`);
    const columns = jsonColumns(objects);
    let row = 0;
    return {
      name,
      format: 'PARQUET',
      encoding: 'utf-8',
      isGzip: false,
      delimiter: null,
      columns,
      firstRecords: first.map((record) => pickValues(record, columns)),
      close: () => decoder.close(),
      mark: () => ({ row }),
      async *batches({ columns: wanted = columns, from: mark } = {}) {
        let from = 0;
        const known = Number(mark?.row ?? 0);
        for (const rows of groups) {
          const end = from + rows;
          for (from = Math.max(from, Math.min(known, end)); from < end;) {
            const to = Math.min(from + PART_ROWS, end);
            const records = await decoder.read(from, to);
            row = to;
            yield records.map((record) => pickValues(record, wanted));
            options.onBytes?.(Math.round((bytes * to) / total), bytes);
            from = to;
          }
        }
      },
    };
  } catch (error) {
    decoder.close();
    throw error;
  }
}

/** The thread that decodes, asked one thing at a time. */
class Decoder {
  private readonly worker: Worker;

  constructor(
    path: string,
    private readonly name: string,
    private readonly timeoutMs: number,
  ) {
    this.worker = new Worker(join(PROJECT_ROOT, 'dist', 'src', 'pipeline', 'collect', 'parquet.worker.js'), {
      workerData: { path },
      resourceLimits: { maxOldGenerationSizeMb: MAX_MEMORY_MB },
    });
    this.worker.on('error', () => undefined); // also told to whoever waits for an answer
  }

  async groups(): Promise<{ groups: readonly number[]; bytes: number }> {
    const answer = await this.answer();
    if ('groups' in answer) return answer;
    throw this.broken('problem' in answer ? answer.problem : 'its rows came before its groups');
  }

  async read(from: number, to: number): Promise<TextRecord[]> {
    this.worker.postMessage({ from, to } satisfies PartRequest);
    const answer = await this.answer();
    if (!('rows' in answer))
      throw this.broken('problem' in answer ? answer.problem : 'its groups came twice');
    return answer.rows.map((row, index) => recordOf(row, from + index + 1));
  }

  close(): void {
    void this.worker.terminate();
  }

  private async answer(): Promise<PartAnswer> {
    const answered = new AbortController();
    const timeout = AbortSignal.timeout(this.timeoutMs);
    const signal = AbortSignal.any([timeout, answered.signal]);
    try {
      const [answer] = (await Promise.race([
        once(this.worker, 'message', { signal }),
        once(this.worker, 'exit', { signal }).then(() => [{ problem: 'its decoder ended' }]),
      ])) as [PartAnswer];
      return answer;
    } catch (thrown) {
      const problem = timeout.aborted ? `it took more than ${this.timeoutMs} ms to decode` : String(thrown);
      throw this.broken(problem, thrown);
    } finally {
      answered.abort(); // whichever of the two did not come is waited for no longer
    }
  }

  private broken(problem: string, cause?: unknown): AppError {
    return new AppError(
      'BAD_USER_INPUT',
      `${this.name} is not a whole Parquet file: ${problem}.`,
      {},
      { cause },
    );
  }
}

function recordOf(row: object, line: number): TextRecord {
  return isDeeperThan(row, MAX_DEPTH)
    ? { line, values: [], problem: `The row is more than ${MAX_DEPTH} levels deep.` }
    : { line, values: [row], problem: null };
}
