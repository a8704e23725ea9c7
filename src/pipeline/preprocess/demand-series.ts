import type { DemandSeries } from '../index.js';

/** What an item's past sales say of its next ones: several robust levels, as wholesale orders make plain means bad. */

const WEEKS = 16;
const FORTNIGHT = 14;
/** Days with more than this many times the usual day of sales are taken for single large orders. */
const CAP = 3;

const LEVELS = [
  'mean2Weeks',
  'mean4Weeks',
  'mean8Weeks',
  'mean12Weeks',
  'median4Weeks',
  'median6Weeks',
  'median8Weeks',
  'lastWeek',
  'capped8Weeks',
  'smoothed10',
  'smoothed30',
  'logSmoothed10',
  'logSmoothed30',
] as const;
const SHAPES = [
  'level',
  'shareOfDays4Weeks',
  'shareOfDays1Week',
  'shareOfDays8Weeks',
  'largestDay',
  'age',
] as const;

/** Columns of a series' row: log-ratios of levels to the reference, then the shape of the series. */
export const DEMAND_FEATURES = [...LEVELS, ...SHAPES] as const;
export const DEMAND_FEATURE_COUNT = DEMAND_FEATURES.length;

export interface DemandFeatures {
  /** [items × DEMAND_FEATURES] */
  readonly features: Float32Array;
  /** [items] units in 14 days at the level of the last 28 days, large single days capped; above 0. */
  readonly references: Float32Array;
}

/**
 * Features of series as of a day.
 *
 * @param series its units are [items × days], row by row
 * @param start first day to look at (the shop's first), in days of the series
 * @param end the day that the features are as of: only days before it are read
 */
export function demandFeatures(
  { units, days, itemIds }: Pick<DemandSeries, 'units' | 'days' | 'itemIds'>,
  start: number,
  end: number,
): DemandFeatures {
  const items = itemIds.length;
  const features = new Float32Array(items * DEMAND_FEATURE_COUNT);
  const references = new Float32Array(items);
  for (let item = 0; item < items; item++) {
    const past = units.subarray(item * days + start, item * days + end);
    const reference = FORTNIGHT * cappedMean(past, 28) + 0.5;
    references[item] = reference;
    features.set(describe(past, reference), item * DEMAND_FEATURE_COUNT);
  }
  return { features, references };
}

function describe(past: Float32Array, reference: number): number[] {
  const weeks = weeklyUnits(past);
  const levels = [
    mean(weeks, 2),
    mean(weeks, 4),
    mean(weeks, 8),
    mean(weeks, 12),
    median(weeks.slice(0, 4)),
    median(weeks.slice(0, 6)),
    median(weeks.slice(0, 8)),
    weeks[0] ?? 0,
    7 * cappedMean(past, 56),
    smoothed(weeks, 0.1, (value) => value),
    smoothed(weeks, 0.3, (value) => value),
    Math.expm1(smoothed(weeks, 0.1, Math.log1p)),
    Math.expm1(smoothed(weeks, 0.3, Math.log1p)),
  ].map((weekly) => Math.log((2 * weekly + 1) / (reference + 1)));
  const firstSale = past.findIndex((units) => units > 0);
  const age = firstSale < 0 ? 0 : past.length - firstSale;
  return [
    ...levels,
    Math.log(reference),
    shareOfDays(past, 28),
    shareOfDays(past, 7),
    shareOfDays(past, 56),
    Math.log(past.subarray(-28).reduce((most, units) => Math.max(most, units), 0) / reference + 0.1),
    Math.min(age, 90) / 90,
  ];
}

/** Units of whole weeks, the latest first. */
function weeklyUnits(past: Float32Array): number[] {
  const count = Math.min(Math.floor(past.length / 7), WEEKS);
  return Array.from({ length: count }, (_, back) => {
    const end = past.length - 7 * back;
    let sum = 0;
    for (let day = end - 7; day < end; day++) sum += past[day];
    return sum;
  });
}

/** Units a day over the last days, each day at most CAP times the median day with sales. */
function cappedMean(past: Float32Array, days: number): number {
  const recent = past.subarray(-days);
  const selling = Array.from(recent).filter((units) => units > 0);
  if (selling.length === 0) return 0;
  const cap = CAP * median(selling);
  return selling.reduce((sum, units) => sum + Math.min(units, cap), 0) / Math.min(days, recent.length);
}

function mean(weeks: readonly number[], count: number): number {
  const used = weeks.slice(0, count);
  return used.length === 0 ? 0 : used.reduce((sum, units) => sum + units, 0) / used.length;
}

function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Exponential smoothing of weeks, the latest first (Brown, 1959), with weights that sum to 1. */
function smoothed(weeks: readonly number[], rate: number, transform: (units: number) => number): number {
  let sum = 0;
  let weights = 0;
  weeks.forEach((units, back) => {
    const weight = (1 - rate) ** back;
    sum += weight * transform(units);
    weights += weight;
  });
  return weights === 0 ? 0 : sum / weights;
}

function shareOfDays(past: Float32Array, days: number): number {
  const recent = past.subarray(-days);
  if (recent.length === 0) return 0;
  return recent.reduce((count, units) => count + (units > 0 ? 1 : 0), 0) / recent.length;
}

/** Share of a week's sales that falls on each weekday, Sunday first: of item-days with sales, which large orders do not move. */
export function weekdayShares(units: Float32Array, days: number, startDay: number): Float64Array {
  const counts = new Float64Array(7);
  const firstWeekday = new Date(startDay).getUTCDay();
  for (let at = 0; at < units.length; at++) if (units[at] > 0) counts[(firstWeekday + (at % days)) % 7]++;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return total === 0 ? counts.fill(1 / 7) : counts.map((count) => count / total);
}
