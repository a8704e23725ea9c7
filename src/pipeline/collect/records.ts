import { type Readable } from 'node:stream';

import { AppError } from '../../errors.js';
import { type JsonObject } from '../../store/index.js';
import { openText, openTextFile, type TextSource } from './byte-source.js';
import { DelimitedSplitter, type SplitterState, type TextRecord } from './delimited.js';
import { jsonColumns, JsonLineSplitter } from './json-lines.js';
import { JsonValueSplitter } from './json-values.js';
import { isParquet, openParquet } from './parquet.js';
import { pickValues, type RecordFormat, type RecordOptions, type RecordSource } from './record-source.js';

export { type RecordFormat, type RecordOptions, type RecordSource } from './record-source.js';

const DELIMITERS = [',', ';', '\t', '|', '::'];
const FIRST_RECORDS = 100;

/**
 * Opens a file of CSV, NDJSON or JSON, gzip or not, or of Parquet.
 *
 * @param options.name what messages call the file, where its path would say nothing
 * @throws AppError NOT_FOUND, BAD_USER_INPUT as openTextFile and `openRecordStream`
 */
export async function openRecords(
  path: string,
  options: RecordOptions & { name?: string; onBytes?: (read: number, total: number) => void } = {},
): Promise<RecordSource> {
  if (options.format === 'PARQUET' || (options.format === undefined && (await isParquet(path))))
    return openParquet(path, options);
  return recordsOfText(await openTextFile(path, options), options.name ?? path, options);
}

/** Opens a stream of CSV or NDJSON. @throws AppError BAD_USER_INPUT when it is empty or neither */
export async function openRecordStream(
  stream: Readable,
  name: string,
  options: RecordOptions = {},
): Promise<RecordSource> {
  return recordsOfText(await openText(stream, { name, encoding: options.encoding }), name, options);
}

/** Records of a text source that is open already. @throws AppError BAD_USER_INPUT when it is empty or none of CSV, NDJSON and JSON */
export function recordsOfText(source: TextSource, name: string, options: RecordOptions): RecordSource {
  const start = source.head.trimStart();
  if (start === '') {
    source.close();
    throw new AppError('BAD_USER_INPUT', `${name} is empty. Expected CSV, NDJSON, JSON or Parquet.`);
  }
  const format = options.format ?? guessFormat(start);
  return format === 'CSV' ? csvRecords(source, name, options) : jsonRecords(source, name, format);
}

/** An object that is whole within the first line is NDJSON; an array, or an object over several lines, is JSON. */
function guessFormat(start: string): RecordFormat {
  if (start[0] === '[') return 'JSON';
  if (start[0] !== '{') return 'CSV';
  const [first] = start.split('\n', 1);
  return first.length < start.length && first.trim() === '{' ? 'JSON' : 'NDJSON';
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
      `${name} is not CSV, NDJSON or JSON: ${header?.problem ?? 'it has no line that can be read'}.`,
    );
  }
  const columns = header.values.map((value) => String(value).trim());
  const splitter = new DelimitedSplitter(delimiter, lineEnd);
  return {
    name,
    format: 'CSV',
    encoding: source.encoding,
    isGzip: source.isGzip,
    delimiter,
    columns,
    firstRecords: first.slice(1),
    close: () => source.close(),
    mark: () => markOf(source, splitter),
    async *batches({ hasHeader = true, from } = {}) {
      const text = textFrom(source, splitter, from);
      let isHeaderDue = hasHeader && from === undefined;
      const checked = (batch: TextRecord[]): TextRecord[] => {
        const records = isHeaderDue ? batch.slice(1) : batch;
        if (batch.length > 0) isHeaderDue = false;
        for (let index = 0; index < records.length; index++) {
          records[index] = checkRecord(records[index], columns.length, hasHeader);
        }
        return records;
      };
      for await (const piece of text) {
        const batch = checked(splitter.push(piece));
        if (batch.length > 0) yield batch;
      }
      const last = checked(splitter.end());
      if (last.length > 0) yield last;
    },
  };
}

/** A splitter whose state is enough to go on. */
type LineSplitter = DelimitedSplitter | JsonLineSplitter;

function markOf(source: TextSource, splitter: LineSplitter): JsonObject | null {
  const offset = source.offset();
  return offset === null ? null : { offset, splitter: { ...splitter.state() } };
}

function textFrom(
  source: TextSource,
  splitter: LineSplitter,
  mark: JsonObject | undefined,
): AsyncIterable<string> {
  if (mark === undefined) return source.text;
  splitter.restore(mark.splitter as unknown as SplitterState);
  return source.textFrom(Number(mark.offset));
}

/** A record with another number of values than the header, or with bytes that are no text, is a problem. */
function checkRecord(record: TextRecord, width: number, hasHeader: boolean): TextRecord {
  const { values, line } = record;
  if (record.problem !== null) return record;
  if (values.length !== width) {
    const than = hasHeader ? `the header has ${width}` : `the first line has ${width}`;
    return {
      line,
      values: [],
      problem: `The line has ${values.length} values; ${than}.`,
      text: textOfLine(values),
    };
  }
  for (const value of values) {
    if ((value as string).includes('\ufffd')) {
      return {
        line,
        values: [],
        problem: 'The line holds bytes that are not valid in the file’s encoding.',
        text: textOfLine(values),
      };
    }
  }
  return record;
}

/** The values of a line that does not fit its header, as a list in JSON. */
function textOfLine(values: readonly unknown[]): string {
  return JSON.stringify(values);
}

function jsonRecords(source: TextSource, name: string, format: RecordFormat): RecordSource {
  const createSplitter = () => (format === 'JSON' ? new JsonValueSplitter() : new JsonLineSplitter());
  const probe = createSplitter();
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
      `${name} is not CSV, NDJSON or JSON: ${first[0]?.problem ?? 'no line holds a JSON object'}`,
    );
  }
  const columns = jsonColumns(objects);
  const splitter = createSplitter();
  return {
    name,
    format,
    encoding: source.encoding,
    isGzip: source.isGzip,
    delimiter: null,
    columns,
    firstRecords: first.map((record) => pickValues(record, columns)),
    close: () => source.close(),
    mark: () => (splitter instanceof JsonLineSplitter ? markOf(source, splitter) : null),
    async *batches({ columns: wanted = columns, from } = {}) {
      const text = splitter instanceof JsonLineSplitter ? textFrom(source, splitter, from) : source.text;
      for await (const piece of text) {
        const batch = splitter.push(piece);
        if (batch.length > 0) yield batch.map((record) => pickValues(record, wanted));
      }
      const last = splitter.end();
      if (last.length > 0) yield last.map((record) => pickValues(record, wanted));
    },
  };
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
