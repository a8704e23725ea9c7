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
