import { AppError } from '../../errors.js';
import { textOf } from './values.js';

/** Order of the parts in dates such as 03/04/2011. */
export const DATE_ORDERS = ['YMD', 'DMY', 'MDY'] as const;
export type DateOrder = (typeof DATE_ORDERS)[number];

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i;
const PARTS =
  /^(\d{1,4})[/.-](\d{1,2})[/.-](\d{1,4})(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(AM|PM)?)?\s*(Z|UTC|GMT)?$/i;
const EPOCH = /^-?\d{9,19}(\.\d+)?$/;

/**
 * Reads a time: ISO-8601 (without a zone it counts as local time of `timeZone`, UTC where none is given), epoch seconds, milliseconds, microseconds or nanoseconds (told apart by
 * size), or day, month and year in the given order.
 *
 * @returns milliseconds since the epoch; NaN for what is none of these or no day of the calendar
 */
export function timeFrom(value: unknown, order: DateOrder = 'YMD', timeZone?: string): number {
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'number') return epochMs(value);
  const text = textOf(value);
  const iso = ISO.exec(text);
  if (iso !== null) {
    const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '0', zone] = iso;
    const local = utc([year, month, day, hour, minute, second].map(Number));
    const time = local + Math.floor(Number(`0.${fraction}`) * 1000);
    return zone === undefined && timeZone !== undefined ? fromLocal(time, timeZone) : time - zoneMs(zone);
  }
  if (EPOCH.test(text)) return epochMs(Number(text));
  const parts = PARTS.exec(text);
  if (parts === null) return NaN;
  const [, a, b, c, hour = '0', minute = '0', second = '0', half, zone] = parts;
  const [year, month, day] = order === 'YMD' ? [a, b, c] : order === 'DMY' ? [c, b, a] : [c, a, b];
  if (year.length !== 4) return NaN;
  const hours =
    half === undefined ? Number(hour) : (Number(hour) % 12) + (half.toUpperCase() === 'PM' ? 12 : 0);
  const time = utc([Number(year), Number(month), Number(day), hours, Number(minute), Number(second)]);
  return zone === undefined && timeZone !== undefined ? fromLocal(time, timeZone) : time;
}

/** Whether a time is written without its zone, so that it depends on where the shop is. */
export function isLocalTime(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const text = value.trim();
  const iso = ISO.exec(text);
  if (iso !== null) return iso[8] === undefined;
  return !EPOCH.test(text) && PARTS.exec(text)?.[8] === undefined && PARTS.test(text);
}

/** @throws AppError BAD_USER_INPUT for a name that is no IANA time zone */
export function checkTimeZone(timeZone: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone;
  } catch {
    throw new AppError(
      'BAD_USER_INPUT',
      `There is no time zone ${timeZone}; expected a name such as Europe/Berlin or America/New_York.`,
    );
  }
}

const DAY_MS = 86_400_000;
const QUARTER_MS = 900_000;
/** Offsets by zone and quarter of an hour: asking Intl takes microseconds, and neighbouring lines share their answer. */
const offsets = new Map<string, Map<number, number>>();
const MAX_OFFSETS = 200_000;

/**
 * The time at which clocks of the zone show `local`. A time that they show twice (autumn) is the first of the two; one that they skip
 * (spring) counts as if they had gone on.
 */
function fromLocal(local: number, timeZone: string): number {
  if (Number.isNaN(local)) return NaN;
  const [before, behind] = [-DAY_MS, DAY_MS].map((by) => offsetMs(local + by, timeZone));
  const first = local - before;
  // Only a change of clocks nearby makes the offsets differ; then the later one counts where the earlier one leads nowhere.
  const isFirstReal = before === behind || offsetMs(first, timeZone) === before;
  return isFirstReal || offsetMs(local - behind, timeZone) !== behind ? first : local - behind;
}

/** Milliseconds that the zone's clocks are ahead of UTC at a time. */
function offsetMs(time: number, timeZone: string): number {
  const quarter = Math.floor(time / QUARTER_MS);
  let known = offsets.get(timeZone);
  if (known === undefined || known.size > MAX_OFFSETS)
    offsets.set(timeZone, (known = new Map<number, number>()));
  let offset = known.get(quarter);
  if (offset === undefined) {
    const at = quarter * QUARTER_MS;
    const text = clockOf(timeZone).format(at);
    const [, month, day, year, hour, minute, second] = /(\d+)\/(\d+)\/(\d+), (\d+):(\d+):(\d+)/
      .exec(text)!
      .map(Number);
    offset = Date.UTC(year, month - 1, day, hour, minute, second) - at;
    known.set(quarter, offset);
  }
  return offset;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(timeZone: string): Intl.DateTimeFormat {
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    clocks.set(timeZone, clock);
  }
  return clock;
}

/**
 * The order of day and month that the texts allow: 'YMD' when none needs an order, null when both orders fit them all.
 */
export function guessDateOrder(texts: readonly string[]): DateOrder | null {
  const needing = texts.filter((text) => text !== '' && Number.isNaN(timeFrom(text)) && PARTS.test(text));
  if (needing.length === 0) return 'YMD';
  const fits = (order: DateOrder) => needing.every((text) => !Number.isNaN(timeFrom(text, order)));
  const [isDayFirst, isMonthFirst] = [fits('DMY'), fits('MDY')];
  if (isDayFirst && isMonthFirst) return null;
  return isDayFirst ? 'DMY' : isMonthFirst ? 'MDY' : 'YMD';
}

/** From 1e11 on (1973 in milliseconds) a number is milliseconds, from 1e14 microseconds, from 1e17 nanoseconds. */
function epochMs(value: number): number {
  const size = Math.abs(value);
  if (size >= 1e17) return Math.floor(value / 1e6);
  if (size >= 1e14) return Math.floor(value / 1e3);
  return size >= 1e11 ? Math.floor(value) : Math.floor(value * 1000);
}

function utc([year, month, day, hour, minute, second]: number[]): number {
  // Date.UTC takes the years 0 to 99 for those of the last century.
  if (year < 1000) return NaN;
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(time);
  // Date.UTC lets the 31st of April run into May; hour 24 and minute 60 run over likewise.
  const isReal =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 61;
  return isReal ? time : NaN;
}

function zoneMs(zone: string | undefined): number {
  if (zone === undefined || !/^[+-]/.test(zone)) return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  const digits = zone.replace(/[^\d]/g, '');
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))) * 60_000;
}
