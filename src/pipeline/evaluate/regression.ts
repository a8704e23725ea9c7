/** Figures of forecasts. Arguments are (actual, predicted). */
import type { Numbers } from './metric.js';

/** Weighted absolute percentage error: the sum of absolute errors over the sum of actual values. */
export function wape(actual: Numbers, predicted: Numbers): number {
  let errors = 0;
  let total = 0;
  for (let at = 0; at < actual.length; at++) {
    errors += Math.abs(actual[at] - predicted[at]);
    total += Math.abs(actual[at]);
  }
  return errors / total;
}

/** Mean absolute error, in the unit of the values. */
export function meanAbsoluteError(actual: Numbers, predicted: Numbers): number {
  let errors = 0;
  for (let at = 0; at < actual.length; at++) errors += Math.abs(actual[at] - predicted[at]);
  return errors / actual.length;
}

/**
 * Per series, the mean absolute difference between a day and the one a season before it: what the mean absolute scaled error divides by
 * (Hyndman and Koehler, 2006). NaN for a series without any change, which no error can be scaled by.
 *
 * @param units [series × days] row by row, all before the forecast
 * @param from first day to look at: the shop's first
 * @returns [series]
 */
export function seasonalScale(units: Numbers, days: number, seasonDays = 7, from = 0): Float64Array {
  return Float64Array.from({ length: units.length / days }, (_, series) => {
    let sum = 0;
    for (let day = from + seasonDays; day < days; day++) {
      sum += Math.abs(units[series * days + day] - units[series * days + day - seasonDays]);
    }
    return sum > 0 ? sum / (days - seasonDays - from) : Number.NaN;
  });
}

/** Share of values inside their interval, ends included. */
export function coverage(actual: Numbers, low: Numbers, high: Numbers): number {
  let inside = 0;
  for (let at = 0; at < actual.length; at++) if (actual[at] >= low[at] && actual[at] <= high[at]) inside++;
  return inside / actual.length;
}

/** Sums of consecutive groups: [groups × size] → [groups]. */
export function groupSums(values: Numbers, size: number): Float64Array {
  const sums = new Float64Array(values.length / size);
  for (let at = 0; at < values.length; at++) sums[Math.floor(at / size)] += values[at];
  return sums;
}
