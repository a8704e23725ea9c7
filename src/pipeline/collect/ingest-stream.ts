import { type Readable } from 'node:stream';

import { AppError } from '../../errors.js';
import { type RowError, type ShopStore, type WriteResult } from '../../store/index.js';
import { type Encoding, openText } from './byte-source.js';
import { type TextRecord } from './delimited.js';
import { csvRows } from './ingest-csv.js';
import { describeIssues, INGEST_SCHEMAS, type IngestKind, type IngestRows } from './ingest-schemas.js';
import { JsonLineSplitter } from './json-lines.js';
import { LateRows } from './late-rows.js';
import { plainBehaviour } from './plain-behaviour.js';
import { RejectedRows } from './quarantine/rejected-rows.js';
import { INGEST_WRITERS } from './write-rows.js';

export interface IngestOptions {
  /** The Content-Type header; CSV and NDJSON are told apart by the contents when it is absent. */
  readonly contentType?: string;
  /** The Content-Encoding header; gzip is recognised without it too. */
  readonly contentEncoding?: string;
  /** Most errors listed; `rejected` counts all. Default 1,000. */
  readonly maxErrors?: number;
  readonly signal?: AbortSignal;
}

/** What became of a stream: accepted + duplicates + rejected = rows sent. */
export interface IngestReport extends WriteResult {
  /** Rejected rows that wait in quarantine, to be mended and replayed: all of them, up to 10,000 a stream. */
  readonly quarantined: number;
}

const CSV_TYPES = ['text/csv', 'application/csv', 'text/tab-separated-values'];
const JSON_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/json'];
/** Rows a write; two batches are in memory at most. */
const BATCH_ROWS = 10_000;

/**
 * Reads a stream of rows of one kind into the shop: NDJSON or CSV, gzip or not, of any size. The stream is read only as fast as the
 * store writes. Valid rows are stored, each refused one is counted, named by its index from 0 and kept in quarantine; rows already
 * there count as duplicates. Rows under the id of an anonymous visitor who is known by now come under the known user.
 *
 * @throws AppError BAD_USER_INPUT for another content type or encoding, binary or broken contents, and a stream that ends early
 * (what was read before is stored: sending all of it again is safe)
 */
export async function ingestStream<Kind extends IngestKind>(
  store: ShopStore,
  kind: Kind,
  stream: Readable,
  options: IngestOptions = {},
): Promise<IngestReport> {
  const format = formatOf(options);
  const source = await openText(stream, {
    name: 'The request body',
    encoding: encodingOf(options.contentType),
    fallback: format === 'CSV' ? 'windows-1252' : 'utf-8',
  });
  const start = source.head.trimStart();
  const batches =
    (format ?? (start[0] === '{' ? 'NDJSON' : 'CSV')) === 'CSV'
      ? csvRows(source, kind)
      : jsonRows(source.text);
  const writer = new IngestWriter(store, kind, options.maxErrors ?? 1_000);
  try {
    for await (const batch of batches) {
      for (const record of batch) writer.take(record);
      if (writer.waiting >= BATCH_ROWS) await writer.flush();
      await writer.keepRejected();
      options.signal?.throwIfAborted();
    }
    return await writer.finish();
  } finally {
    source.close();
  }
}

async function* jsonRows(text: AsyncIterable<string>): AsyncGenerator<TextRecord[]> {
  const splitter = new JsonLineSplitter();
  for await (const piece of text) yield splitter.push(piece);
  yield splitter.end();
}

/** Validates rows and writes them in batches, one write under way while the next rows are read. */
class IngestWriter<Kind extends IngestKind> {
  private rows: IngestRows[Kind][] = [];
  private indices: number[] = [];
  private next = 0;
  private accepted = 0;
  private duplicates = 0;
  private rejected = 0;
  private readonly errors: RowError[] = [];
  private writing: Promise<void> = Promise.resolve();
  private readonly quarantine: RejectedRows;
  private readonly late: LateRows;

  constructor(
    private readonly store: ShopStore,
    private readonly kind: Kind,
    private readonly maxErrors: number,
  ) {
    this.quarantine = new RejectedRows(store, kind, `POST /ingest/${kind}`);
    this.late = new LateRows(store, kind);
  }

  get waiting(): number {
    return this.rows.length;
  }

  take(record: TextRecord): void {
    const index = this.next++;
    if (record.problem !== null) {
      this.reject({ index, code: 'BAD_USER_INPUT', message: record.problem }, record.text ?? '');
      return;
    }
    const row = record.values[0] as object;
    if (this.kind === 'behaviours') {
      const behaviour = plainBehaviour(row);
      if (behaviour !== null) {
        this.rows.push(behaviour as IngestRows[Kind]);
        this.indices.push(index);
        return;
      }
    }
    const parsed = INGEST_SCHEMAS[this.kind].safeParse(row);
    if (parsed.success) {
      this.rows.push(parsed.data);
      this.indices.push(index);
    } else this.reject({ index, code: 'BAD_USER_INPUT', message: describeIssues(parsed.error) }, row);
  }

  async keepRejected(): Promise<void> {
    await this.quarantine.flushFull();
  }

  async flush(): Promise<void> {
    const { rows, indices } = this;
    this.rows = [];
    this.indices = [];
    await this.writing;
    this.writing = this.write(rows, indices);
    // The failure is met at the next flush or at the end; until then it must not count as unhandled.
    this.writing.catch(() => undefined);
  }

  async finish(): Promise<IngestReport> {
    await this.flush();
    await this.writing;
    await this.late.bringHome();
    await this.quarantine.flush();
    this.errors.sort((a, b) => a.index - b.index);
    const { accepted, duplicates, rejected, errors } = this;
    return { accepted, duplicates, rejected, quarantined: this.quarantine.kept, errors };
  }

  private async write(rows: IngestRows[Kind][], indices: readonly number[]): Promise<void> {
    if (rows.length === 0) return;
    const result = await INGEST_WRITERS[this.kind](this.store, rows);
    await this.late.look(rows);
    this.accepted += result.accepted;
    this.duplicates += result.duplicates;
    for (const error of result.errors)
      this.reject({ ...error, index: indices[error.index] }, rows[error.index]);
    // The store may list fewer errors than it counts.
    this.rejected += result.rejected - result.errors.length;
  }

  private reject(error: RowError, row: object | string): void {
    this.rejected++;
    this.quarantine.add(error, row);
    if (this.errors.length < this.maxErrors) this.errors.push(error);
  }
}

/** Encodings that a Content-Type may name, by the names that the Encoding Standard knows for them. */
const CHARSETS: ReadonlyMap<string, Encoding> = new Map([
  ['iso-8859-1', 'windows-1252'],
  ['latin1', 'windows-1252'],
  ['windows-1252', 'windows-1252'],
  ['us-ascii', 'windows-1252'],
  ['utf-16le', 'utf-16le'],
  ['utf-16be', 'utf-16be'],
]);

/** The encoding that the Content-Type names; absent where the contents tell it: no name, UTF-8, or UTF-16 with its byte order mark. */
function encodingOf(contentType: string | undefined): Encoding | undefined {
  const name = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType ?? '')?.[1].toLowerCase();
  if (name === undefined || name === 'utf-8' || name === 'utf8' || name === 'utf-16') return undefined;
  const encoding = CHARSETS.get(name);
  if (encoding !== undefined) return encoding;
  throw new AppError(
    'BAD_USER_INPUT',
    `The charset of the Content-Type must be utf-8, utf-16, iso-8859-1 or windows-1252; it is ${name}.`,
  );
}

/** The format that the headers name; null when they leave it open. */
function formatOf(options: IngestOptions): 'CSV' | 'NDJSON' | null {
  const encoding = (options.contentEncoding ?? 'identity').trim().toLowerCase();
  if (encoding !== 'identity' && encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new AppError('BAD_USER_INPUT', `Content-Encoding must be gzip or absent; it is ${encoding}.`);
  }
  const type = (options.contentType ?? '').split(';')[0].trim().toLowerCase();
  if (CSV_TYPES.includes(type)) return 'CSV';
  if (JSON_TYPES.includes(type)) return 'NDJSON';
  if (
    type === '' ||
    type === 'application/octet-stream' ||
    type === 'application/gzip' ||
    type === 'text/plain'
  )
    return null;
  throw new AppError(
    'BAD_USER_INPUT',
    `Content-Type must be application/x-ndjson or text/csv; it is ${type}.`,
  );
}
