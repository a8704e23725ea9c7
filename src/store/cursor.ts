import { AppError } from '../errors.js';
import type { Page } from './shop-store.js';

/** Version of the cursors' form; a cursor of another version is refused rather than misread. */
const VERSION = 1;

type Key = readonly (string | number)[];

/** Opaque cursor of a row's sort key. */
export function encodeCursor(key: Key): string {
  return Buffer.from(JSON.stringify([VERSION, ...key])).toString('base64url');
}

/**
 * The sort key in a cursor.
 *
 * @throws AppError BAD_USER_INPUT for anything that `encodeCursor` did not make for the same list
 */
export function decodeCursor(cursor: string, types: readonly ('string' | 'number')[]): Key {
  try {
    const [version, ...key] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Key;
    const isFine =
      version === VERSION &&
      key.length === types.length &&
      key.every((part, at) => typeof part === types[at]);
    if (isFine) return key;
  } catch {
    // Not JSON: refused below, like any other foreign text.
  }
  throw new AppError(
    'BAD_USER_INPUT',
    `"${cursor}" is not a cursor of this list. Pass an endCursor that it returned.`,
  );
}

/** A page from one row more than asked for. */
export function pageOf<Row>(rows: readonly Row[], first: number, keyOf: (row: Row) => Key): Page<Row> {
  return {
    rows: rows.slice(0, first).map((row) => ({ ...row, cursor: encodeCursor(keyOf(row)) })),
    hasNextPage: rows.length > first,
  };
}
