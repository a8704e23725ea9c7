import { AppError } from '../../../errors.js';

/**
 * Positions of the named columns, found without regard to case.
 *
 * @throws AppError BAD_USER_INPUT naming what is missing and what the file has
 */
export function columnPositions<Name extends string>(
  layout: string,
  columns: readonly string[],
  names: readonly Name[],
): Record<Name, number> {
  const lower = columns.map((column) => column.toLowerCase());
  const missing = names.filter((name) => !lower.includes(name.toLowerCase()));
  if (missing.length > 0) {
    throw new AppError(
      'BAD_USER_INPUT',
      `The layout ${layout} needs the columns ${missing.join(', ')}; the file has ${columns.join(', ') || 'none'}.`,
      { missing, columns },
    );
  }
  return Object.fromEntries(names.map((name) => [name, lower.indexOf(name.toLowerCase())])) as Record<
    Name,
    number
  >;
}

/** Whether all names are among the columns, without regard to case. */
export function hasColumns(columns: readonly string[], names: readonly string[]): boolean {
  const lower = new Set(columns.map((column) => column.toLowerCase()));
  return names.every((name) => lower.has(name.toLowerCase()));
}
