import { tooFewData } from '../../../errors.js';
import { DAY_MS, type DemandSeries, type TrainingData } from '../../index.js';
import { dailyUnits, weekdayShares } from '../../preprocess/index.js';

/** Days of a label window: forecasts are judged by their total over two weeks. */
export const DEMAND_DAYS = 14;
const HISTORY_DAYS = 28;
/** Days of history without which no level is known. */
const LEAST_DAYS = HISTORY_DAYS + DEMAND_DAYS;

/** Daily sales of all items of a shop before a cut. */
export interface DemandHistory extends DemandSeries {
  /** [7] share of a week's sales by weekday, Sunday first. */
  readonly weekdays: Float64Array;
}

/** Reads the shop's days up to (not including) the cut's. @throws AppError TOO_FEW_DATA below six weeks of sales */
export function demandHistory({ history, cut }: TrainingData): DemandHistory {
  const { behaviours, items } = history;
  let start = Infinity;
  for (let row = 0; row < behaviours.count; row++) start = Math.min(start, behaviours.occurredAt[row]);
  const from = Math.floor(start / DAY_MS) * DAY_MS;
  const days = start < cut ? Math.floor(cut / DAY_MS) - from / DAY_MS : 0;
  if (days < LEAST_DAYS) throw tooFewData('Days of sales to learn demand from', days, LEAST_DAYS);
  const all = Int32Array.from(items, (_, item) => item);
  const series = dailyUnits(history, all, from, days);
  return { ...series, weekdays: weekdayShares(series.units, days, from) };
}

/** Items (rows) with at least `least` units in the 28 days before a day of the series. */
export function sellingItems({ units, days }: DemandSeries, day: number, least: number): number[] {
  const selling: number[] = [];
  for (let item = 0; item < units.length / days; item++) {
    let sum = 0;
    for (let at = day - HISTORY_DAYS; at < day; at++) sum += units[item * days + at];
    if (sum >= least) selling.push(item);
  }
  return selling;
}

/** Some items' rows of a series, with the days before `end` only. */
export function seriesBefore(series: DemandSeries, items: readonly number[], end: number): DemandSeries {
  const units = new Float32Array(items.length * end);
  items.forEach((item, at) =>
    units.set(series.units.subarray(item * series.days, item * series.days + end), at * end),
  );
  return { itemIds: items.map((item) => series.itemIds[item]), startDay: series.startDay, days: end, units };
}

/** The days from `from` on of some items' rows: [items × length]. */
export function unitsFrom(
  series: DemandSeries,
  items: readonly number[],
  from: number,
  length: number,
): Float32Array {
  const units = new Float32Array(items.length * length);
  items.forEach((item, at) => {
    const start = item * series.days + from;
    units.set(series.units.subarray(start, start + length), at * length);
  });
  return units;
}

/** Spreads a weekly rate over days: [items × horizonDays]. @param weekly units a week per item */
export function spreadOverDays(
  weekly: Float32Array,
  firstDay: number,
  horizonDays: number,
  weekdays: ArrayLike<number>,
): Float32Array {
  const firstWeekday = new Date(firstDay).getUTCDay();
  const units = new Float32Array(weekly.length * horizonDays);
  weekly.forEach((rate, item) => {
    for (let day = 0; day < horizonDays; day++) {
      units[item * horizonDays + day] = rate * weekdays[(firstWeekday + day) % 7];
    }
  });
  return units;
}
