/** Aggregates of short lists; NaN for the mean, median and extremes of nothing. */

export function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

export const mean = (values: readonly number[]): number => sum(values) / values.length;

export function max(values: readonly number[]): number {
  let largest = Number.NaN;
  for (const value of values) if (!(value <= largest)) largest = value;
  return largest;
}

export function min(values: readonly number[]): number {
  let smallest = Number.NaN;
  for (const value of values) if (!(value >= smallest)) smallest = value;
  return smallest;
}

export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Of a sample (n − 1); NaN for fewer than two. */
export function standardDeviation(values: readonly number[]): number {
  const centre = mean(values);
  let squares = 0;
  for (const value of values) squares += (value - centre) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}

/** Sum of the values not older than `days`. */
export function sumSince(ages: readonly number[], values: readonly number[], days: number): number {
  let total = 0;
  ages.forEach((age, at) => {
    if (age <= days) total += values[at];
  });
  return total;
}

/** Sum in which a value counts half after every `halfLife` days. */
export function decayedSum(
  ages: readonly number[],
  valueAt: (index: number) => number,
  halfLife: number,
): number {
  let total = 0;
  ages.forEach((age, at) => {
    total += valueAt(at) * 2 ** (-age / halfLife);
  });
  return total;
}
