/** Checks of single arguments; rows of batches are checked by the store, row by row. */
import { AppError } from '../../errors.js';
import type { ItemFilter as StoreItemFilter, JsonObject } from '../../store/index.js';
import { isDecimal } from '../scalars.js';
import type { DateRange, ItemFilter } from './filters.input.js';

/** Longest range that analytics look at. */
const MAX_RANGE_DAYS = 3660;
const DAY_MS = 86_400_000;

/** @throws AppError BAD_USER_INPUT for text that was no time */
export function requireTime(name: string, time: Date): Date {
  if (!Number.isNaN(time.getTime())) return time;
  throw new AppError('BAD_USER_INPUT', `${name}: expected an ISO-8601 time such as "2011-12-09T12:50:00Z".`);
}

/** @throws AppError BAD_USER_INPUT for text that is no amount */
export function requireDecimal(name: string, text: string): string {
  if (isDecimal(text)) return text;
  throw new AppError(
    'BAD_USER_INPUT',
    `${name}: expected a decimal such as "12.50"; got ${JSON.stringify(text)}.`,
  );
}

/**
 * An amount as the store keeps it, to four decimals, halves away from zero: what is asked about before it is stored is to the bit what training
 * sees of it afterwards.
 *
 * @throws AppError BAD_USER_INPUT when it is no decimal
 */
export function requireKeptAmount(name: string, text: string): number {
  const [whole, fraction = ''] = requireDecimal(name, text).replace(/^[+-]/, '').split('.');
  const millionths = BigInt(whole + fraction.padEnd(6, '0'));
  const digits = String((millionths + 50n) / 100n).padStart(5, '0');
  return Number(`${text.startsWith('-') ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`);
}

/** @throws AppError BAD_USER_INPUT when the range is empty, backwards or longer than ten years */
export function requireRange(range: DateRange): { from: Date; to: Date } {
  const from = requireTime('range.from', range.from);
  const to = requireTime('range.to', range.to);
  if (to <= from) {
    throw new AppError(
      'BAD_USER_INPUT',
      `range.to must be after range.from; got ${from.toISOString()} to ${to.toISOString()}.`,
    );
  }
  if (to.getTime() - from.getTime() > MAX_RANGE_DAYS * DAY_MS) {
    throw new AppError('BAD_USER_INPUT', `A range may be at most ${MAX_RANGE_DAYS} days long.`);
  }
  return { from, to };
}

/** @throws AppError BAD_USER_INPUT outside [low, high] */
export function requireBetween(name: string, value: number, low: number, high: number): number {
  if (value >= low && value <= high) return value;
  throw new AppError('BAD_USER_INPUT', `${name} must be from ${low} to ${high}; got ${value}.`);
}

/** @throws AppError BAD_USER_INPUT for JSON that is no object */
export function requireObject(name: string, value: JsonObject): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new AppError('BAD_USER_INPUT', `${name}: expected a JSON object; got ${JSON.stringify(value)}.`);
}

/** Leaves out what is null or undefined: in GraphQL both mean "not given". */
export function given<T extends object>(input: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(
    Object.entries(input).filter(([, value]) => value !== null && value !== undefined),
  ) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}

/** The store's filter. @throws AppError BAD_USER_INPUT for a malformed price */
export function toItemFilter(filter: ItemFilter | null | undefined): StoreItemFilter {
  const known = given<ItemFilter>(filter ?? {});
  if (known.minPrice !== undefined) requireDecimal('filter.minPrice', known.minPrice);
  if (known.maxPrice !== undefined) requireDecimal('filter.maxPrice', known.maxPrice);
  return known;
}
