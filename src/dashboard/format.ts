/** Numbers, money and times in the reader's own manner. Everything the API sends is UTC, and is shown so. */
/** The browser's own locale; `navigator.language` is not always one that Intl takes (`en-US@posix`). */
const LOCALE = undefined;
const MISSING = '–';

const count = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const percent = new Intl.NumberFormat(LOCALE, { style: 'percent', maximumFractionDigits: 1 });
const date = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeZone: 'UTC' });
const dateTime = new Intl.DateTimeFormat(LOCALE, {
  dateStyle: 'medium',
  timeStyle: 'short',
  timeZone: 'UTC',
});
const month = new Intl.DateTimeFormat(LOCALE, { year: 'numeric', month: 'short', timeZone: 'UTC' });
const dayMonth = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', timeZone: 'UTC' });
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' });

export function formatCount(value: number | null | undefined): string {
  return value === null || value === undefined ? MISSING : count.format(value);
}

/** @param value 0 to 1 */
export function formatShare(value: number | null | undefined): string {
  return value === null || value === undefined ? MISSING : percent.format(value);
}

/** A probability, which is never shown as impossible or certain unless it is. */
export function formatProbability(value: number): string {
  const smallest = 0.001;
  if (value > 0 && value < smallest) return `< ${percent.format(smallest)}`;
  if (value < 1 && value > 1 - smallest) return `> ${percent.format(1 - smallest)}`;
  return percent.format(value);
}

/** A metric or loss; digits after the point stay the same within a table. */
export function formatNumber(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING;
  return new Intl.NumberFormat(LOCALE, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** A feature's value: whole numbers as they are, others with two digits. */
export function formatValue(value: number): string {
  return Number.isInteger(value) ? count.format(value) : formatNumber(value, 2);
}

/** @param amount decimal string as the API sends it; @param currency ISO 4217, unknown or odd codes fall back to a bare number */
export function formatMoney(amount: string | null, currency: string | null): string {
  if (amount === null) return MISSING;
  const value = Number(amount);
  if (!currency || !/^[A-Za-z]{3}$/.test(currency)) return formatNumber(value, 2);
  return new Intl.NumberFormat(LOCALE, { style: 'currency', currency }).format(value);
}

function parse(iso: string | null | undefined): Date | null {
  if (!iso) return null;
  const parsed = new Date(iso);
  return Number.isNaN(parsed.getTime()) ? null : parsed;
}

function formatted(format: Intl.DateTimeFormat, iso: string | null | undefined): string {
  const parsed = parse(iso);
  return parsed ? format.format(parsed) : MISSING;
}

export const formatDate = (iso: string | null | undefined): string => formatted(date, iso);
export const formatDateTime = (iso: string | null | undefined): string => formatted(dateTime, iso);
export const formatMonth = (iso: string | null | undefined): string => formatted(month, iso);
export const formatDayMonth = (iso: string | null | undefined): string => formatted(dayMonth, iso);

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** "3 minutes ago". */
export function formatAgo(iso: string | null | undefined, now = Date.now()): string {
  const parsed = parse(iso);
  if (!parsed) return MISSING;
  const elapsedMs = parsed.getTime() - now;
  const [unit, unitMs] = UNITS.find(([, ms]) => Math.abs(elapsedMs) >= ms) ?? ['second', 1_000];
  return relative.format(Math.round(elapsedMs / unitMs), unit);
}

/** Time between two moments, such as "1 m 52 s"; until now when it has not ended. */
export function formatDuration(from: string | null, to: string | null, now = Date.now()): string {
  const start = parse(from);
  if (!start) return MISSING;
  const seconds = Math.max(0, Math.round(((parse(to)?.getTime() ?? now) - start.getTime()) / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} m ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} m`;
}

const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

export function formatBytes(bytes: number): string {
  const power = Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const unit = BYTE_UNITS[power] ?? 'byte';
  return new Intl.NumberFormat(LOCALE, {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: 1,
  }).format(bytes / 1000 ** power);
}
