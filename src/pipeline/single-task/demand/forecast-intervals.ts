/** Prediction intervals from past errors: quantiles of actual over forecast, by level of the forecast. */

const BINS = 5;
const LOW = 0.1;
const HIGH = 0.9;
/** Forecasts below this many units a day have no meaningful ratio. */
const LEAST = 0.01;

/** Central 80 % of actual / forecast, by bins of the forecast. */
export interface ErrorQuantiles {
  /** Upper ends of the bins, units a day; the last is open. */
  readonly ends: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Quantiles over past days. @param actual, forecast units a day */
export function errorQuantiles(actual: Float32Array, forecast: Float32Array): ErrorQuantiles {
  const usable = Array.from(forecast, (_, at) => at).filter((at) => forecast[at] >= LEAST);
  // Nothing to learn errors from: from nothing to twice the forecast.
  if (usable.length < BINS) return { ends: [], low: [0], high: [2] };
  usable.sort((a, b) => forecast[a] - forecast[b]);
  const parts = Array.from({ length: BINS }, (_, bin) =>
    usable.slice(Math.floor((bin * usable.length) / BINS), Math.floor(((bin + 1) * usable.length) / BINS)),
  );
  const ratios = parts.map((part) => part.map((at) => actual[at] / forecast[at]).sort((a, b) => a - b));
  return {
    ends: parts.slice(0, -1).map((part) => forecast[part[part.length - 1]]),
    low: ratios.map((sorted) => quantile(sorted, LOW)),
    high: ratios.map((sorted) => quantile(sorted, HIGH)),
  };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** Interval around each forecast; it always holds the forecast itself. */
export function intervals(
  units: Float32Array,
  { ends, low, high }: ErrorQuantiles,
): { low: Float32Array; high: Float32Array } {
  const binOf = (value: number) => {
    const bin = ends.findIndex((end) => value <= end);
    return bin < 0 ? ends.length : bin;
  };
  return {
    low: units.map((value) => Math.min(value, value * low[binOf(value)])),
    high: units.map((value) => Math.max(value, value * high[binOf(value)])),
  };
}
