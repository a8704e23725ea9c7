import { type JsonObject } from '../../store/index.js';
import { type Encoding } from './byte-source.js';
import { type TextRecord } from './delimited.js';

/** JSON: objects in an array or one behind the other, over any number of lines. */
export type RecordFormat = 'CSV' | 'NDJSON' | 'JSON' | 'PARQUET';

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
  /** null for all but CSV. */
  readonly delimiter: string | null;
  /** CSV: the values of the first line. Others: the keys of the first objects, in order of appearance. */
  readonly columns: readonly string[];
  /** The first records behind the header, at most 100, for telling layouts apart. */
  readonly firstRecords: readonly TextRecord[];
  /**
   * All records in batches as they come in, back-pressured; can be read once. `values` are in the order of `columns`, except that
   * with `columns` given, objects give the values of these keys (`a.b` reaches into objects).
   *
   * @param options.hasHeader false: the first line of a CSV is a record
   * @param options.from a mark of the same source: only the records behind it
   */
  batches(options?: {
    hasHeader?: boolean;
    columns?: readonly string[];
    from?: JsonObject;
  }): AsyncIterable<TextRecord[]>;
  /** Where reading stands behind the last batch, to go on from; null for what can only be read from its beginning, such as gzip. */
  mark(): JsonObject | null;
  close(): void;
}

/** The values of the named keys of a record's object; `a.b` is the key b of the object under a. */
export function pickValues(record: TextRecord, columns: readonly string[]): TextRecord {
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
