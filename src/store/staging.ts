/**
 * Brings many rows into a transaction as a relation to insert from. Few rows go as array parameters; many through COPY into a
 * temporary table, which row-level security would refuse on the tables themselves.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** From so many rows on, COPY is faster than parameters, temporary table included (about 1,000 here). */
const COPY_FROM_ROWS = 1000;
const CHUNK_BYTES = 1 << 16;

export interface StagedColumn<Row> {
  readonly name: string;
  /** PostgreSQL type. */
  readonly type: string;
  /** The value as PostgreSQL reads it from text; null = NULL. */
  readonly text: (row: Row) => string | null;
}

export interface Staged {
  /** What to write after FROM, under an alias; its columns are those staged. */
  readonly from: (alias: string) => string;
  /** To pass with every statement that uses `from`, as the first parameters. */
  readonly parameters: unknown[];
}

/**
 * @param kind names the temporary table: rows of one kind always have the same columns
 * @throws whatever PostgreSQL says of a value that does not fit its column's type
 */
export async function stageRows<Row>(
  client: pg.ClientBase,
  kind: string,
  columns: readonly StagedColumn<Row>[],
  rows: readonly Row[],
): Promise<Staged> {
  if (rows.length < COPY_FROM_ROWS) {
    const parameters = columns.map((column) => rows.map(column.text));
    const arrays = columns.map((_, at) => `$${at + 1}::text[]`).join(', ');
    const names = columns.map((column) => column.name).join(', ');
    const typed = columns.map((column) => `${column.name}::${column.type} AS ${column.name}`).join(', ');
    return {
      from: (alias) => `(SELECT ${typed} FROM unnest(${arrays}) AS raw(${names})) AS ${alias}`,
      parameters,
    };
  }
  const definition = columns.map((column) => `${column.name} ${column.type}`).join(', ');
  // Made once a connection: a table a batch fills the catalogue with dead rows, and takes 3 ms.
  await client.query(
    `CREATE TEMPORARY TABLE IF NOT EXISTS staged_${kind} (${definition}) ON COMMIT DELETE ROWS`,
  );
  await pipeline(
    Readable.from(copyLines(columns, rows)),
    client.query(copyFrom(`COPY pg_temp.staged_${kind} FROM STDIN`)),
  );
  return { from: (alias) => `pg_temp.staged_${kind} AS ${alias}`, parameters: [] };
}

function* copyLines<Row>(columns: readonly StagedColumn<Row>[], rows: readonly Row[]): Generator<string> {
  let chunk = '';
  for (const row of rows) {
    for (let at = 0; at < columns.length; at++) {
      const text = columns[at].text(row);
      if (at > 0) chunk += '\t';
      chunk += text === null ? '\\N' : escapeCopy(text);
    }
    chunk += '\n';
    if (chunk.length > CHUNK_BYTES) {
      yield chunk;
      chunk = '';
    }
  }
  if (chunk) yield chunk;
}

const SPECIAL = /[\\\t\n\r]/g;
const ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A value in COPY's text format. */
export function escapeCopy(text: string): string {
  return SPECIAL.test(text) ? text.replace(SPECIAL, (character) => ESCAPES[character]) : text;
}
