import { type Readable } from 'node:stream';

import { AppError } from '../../errors.js';
import { type Encoding, openText, openTextFile, type TextSource } from './byte-source.js';
import { DelimitedSplitter, type TextRecord } from './delimited.js';
import { jsonColumns, JsonLineSplitter } from './json-lines.js';

export type RecordFormat = 'CSV' | 'NDJSON';

export interface RecordOptions {
  readonly encoding?: Encoding;
  /** Guessed from the first character when not given. */
  readonly format?: RecordFormat;
  /** Guessed from the first lines when not given. */
  readonly delimiter?: string;
}

/** Records of one file or stream, with what its beginning says about it. */
export interface RecordSource {
  readonly name: string;
  readonly format: RecordFormat;
  readonly encoding: Encoding;
  readonly isGzip: boolean;
  /** null for NDJSON. */
  readonly delimiter: string | null;
  /** CSV: the values of the first line. NDJSON: the keys of the first objects, in order of appearance. */
  readonly columns: readonly string[];
  /** The first records behind the header, at most 100, for telling layouts apart. */
  readonly firstRecords: readonly TextRecord[];
  /**
   * All records in batches as they come in, back-pressured; can be read once. `values` are in the order of `columns`, except that
   * with `columns` given, NDJSON objects give the values of these keys (`a.b` reaches into objects).
   *
   * @param options.hasHeader false: the first line of a CSV is a record
   */
  batches(options?: { hasHeader?: boolean; columns?: readonly string[] }): AsyncIterable<TextRecord[]>;
  close(): void;
}

const DELIMITERS = [',', ';', '\t', '|'];
const FIRST_RECORDS = 100;

/** Opens a CSV or NDJSON file, gzip or not. @throws AppError NOT_FOUND, BAD_USER_INPUT as openTextFile and `openRecordStream` */
export async function openRecords(
  path: string,
  options: RecordOptions & { onBytes?: (read: number, total: number) => void } = {},
): Promise<RecordSource> {
  return recordsOfText(await openTextFile(path, options), path, options);
}

/** Opens a stream of CSV or NDJSON. @throws AppError BAD_USER_INPUT when it is empty or neither */
export async function openRecordStream(
  stream: Readable,
  name: string,
  options: RecordOptions = {},
): Promise<RecordSource> {
  return recordsOfText(await openText(stream, { name, encoding: options.encoding }), name, options);
}

/** Records of a text source that is open already. @throws AppError BAD_USER_INPUT when it is empty or neither CSV nor NDJSON */
export function recordsOfText(source: TextSource, name: string, options: RecordOptions): RecordSource {
  const start = source.head.trimStart();
  if (start === '') {
    source.close();
    throw new AppError('BAD_USER_INPUT', `${name} is empty. Expected CSV or NDJSON.`);
  }
  const format = options.format ?? (start[0] === '{' || start[0] === '[' ? 'NDJSON' : 'CSV');
  return format === 'CSV' ? csvRecords(source, name, options) : jsonRecords(source, name);
}

function csvRecords(source: TextSource, name: string, options: RecordOptions): RecordSource {
  const lineEnd = source.head.includes('\n') || !source.head.includes('\r') ? '\n' : '\r';
  const delimiter = options.delimiter ?? guessDelimiter(source.head, lineEnd);
  const probe = new DelimitedSplitter(delimiter, lineEnd);
  const first = [...probe.push(source.head), ...(source.isHeadAll ? probe.end() : [])].slice(
    0,
    FIRST_RECORDS + 1,
  );
  const header = first[0];
  if (header === undefined || header.problem !== null) {
    source.close();
    throw new AppError(
      'BAD_USER_INPUT',
      `${name} is not CSV or NDJSON: ${header?.problem ?? 'it has no line that can be read'}.`,
    );
  }
  const columns = header.values.map((value) => String(value).trim());
  return {
    name,
    format: 'CSV',
    encoding: source.encoding,
    isGzip: source.isGzip,
    delimiter,
    columns,
    firstRecords: first.slice(1),
    close: () => source.close(),
    async *batches({ hasHeader = true } = {}) {
      const splitter = new DelimitedSplitter(delimiter, lineEnd);
      let isHeaderDue = hasHeader;
      const checked = (batch: TextRecord[]): TextRecord[] => {
        const records = isHeaderDue ? batch.slice(1) : batch;
        if (batch.length > 0) isHeaderDue = false;
        for (let index = 0; index < records.length; index++) {
          records[index] = checkRecord(records[index], columns.length, hasHeader);
        }
        return records;
      };
      for await (const text of source.text) {
        const batch = checked(splitter.push(text));
        if (batch.length > 0) yield batch;
      }
      const last = checked(splitter.end());
      if (last.length > 0) yield last;
    },
  };
}

/** A record with another number of values than the header, or with bytes that are no text, is a problem. */
function checkRecord(record: TextRecord, width: number, hasHeader: boolean): TextRecord {
  const { values, line } = record;
  if (record.problem !== null) return record;
  if (values.length !== width) {
    const than = hasHeader ? `the header has ${width}` : `the first line has ${width}`;
    return { line, values: [], problem: `The line has ${values.length} values; ${than}.` };
  }
  for (const value of values) {
    if ((value as string).includes('\ufffd')) {
      return { line, values: [], problem: 'The line holds bytes that are not valid in the file’s encoding.' };
    }
  }
  return record;
}

function jsonRecords(source: TextSource, name: string): RecordSource {
  const probe = new JsonLineSplitter();
  const first = [...probe.push(source.head), ...(source.isHeadAll ? probe.end() : [])].slice(
    0,
    FIRST_RECORDS,
  );
  const objects = first.flatMap(({ values: [value], problem }) =>
    problem === null ? [value as object] : [],
  );
  if (objects.length === 0) {
    source.close();
    throw new AppError(
      'BAD_USER_INPUT',
      `${name} is not CSV or NDJSON: ${first[0]?.problem ?? 'no line holds a JSON object'}`,
    );
  }
  const columns = jsonColumns(objects);
  return {
    name,
    format: 'NDJSON',
    encoding: source.encoding,
    isGzip: source.isGzip,
    delimiter: null,
    columns,
    firstRecords: first.map((record) => pick(record, columns)),
    close: () => source.close(),
    async *batches({ columns: wanted = columns } = {}) {
      const splitter = new JsonLineSplitter();
      for await (const text of source.text) {
        const batch = splitter.push(text);
        if (batch.length > 0) yield batch.map((record) => pick(record, wanted));
      }
      const last = splitter.end();
      if (last.length > 0) yield last.map((record) => pick(record, wanted));
    },
  };
}

/** The values of the named keys of a record's object; `a.b` is the key b of the object under a. */
function pick(record: TextRecord, columns: readonly string[]): TextRecord {
  if (record.problem !== null) return record;
  const object = record.values[0] as Record<string, unknown>;
  const values = columns.map((column) => {
    if (Object.hasOwn(object, column)) return object[column];
    return column.split('.').reduce<unknown>((value, key) => {
      return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined;
    }, object);
  });
  return { line: record.line, values, problem: null };
}

/** The delimiter that splits most of the first lines into the same number of values, more values winning. */
function guessDelimiter(head: string, lineEnd: '\n' | '\r'): string {
  const scores = DELIMITERS.map((delimiter) => {
    const records = new DelimitedSplitter(delimiter, lineEnd)
      .push(head.slice(0, 1 << 15) + lineEnd)
      .slice(0, 20);
    const width = records[0]?.values.length ?? 0;
    const agreeing = records.filter((record) => record.values.length === width).length;
    return { delimiter, width, share: records.length === 0 ? 0 : agreeing / records.length };
  }).filter(({ width }) => width > 1);
  scores.sort((a, b) => b.share - a.share || b.width - a.width);
  return scores[0]?.delimiter ?? ',';
}
