/** Intervals by resampling units (users, items, transactions) with replacement (Efron, 1979; percentile intervals). */
import { Random } from '../../nn/random.js';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  readonly seed: number;
  readonly resamples?: number;
}

const RESAMPLES = 300;
const TAIL = 0.025;

/**
 * Central 95 % interval of a statistic.
 *
 * @param units number of units
 * @param statistic its value when unit i counts weights[i] times
 */
export function bootstrapInterval(
  units: number,
  statistic: (weights: Float64Array) => number,
  options: BootstrapOptions,
): Interval {
  const values: number[] = [];
  const random = new Random(options.seed).fork('bootstrap');
  const weights = new Float64Array(units);
  for (let resample = 0; resample < (options.resamples ?? RESAMPLES); resample++) {
    weights.fill(0);
    for (let draw = 0; draw < units; draw++) weights[random.integer(units)]++;
    const value = statistic(weights);
    if (!Number.isNaN(value)) values.push(value);
  }
  return percentiles(values);
}

/** Central 95 % interval of a mean over units. */
export function bootstrapMean(values: ArrayLike<number>, options: BootstrapOptions): Interval {
  return bootstrapInterval(
    values.length,
    (weights) => {
      let sum = 0;
      for (let unit = 0; unit < weights.length; unit++) sum += weights[unit] * values[unit];
      return sum / values.length;
    },
    options,
  );
}

export interface PairedDifference extends Interval {
  readonly difference: number;
  /** Whether the interval leaves zero out. */
  readonly isClear: boolean;
}

/**
 * Difference of one statistic between two models on the same units, both resampled alike.
 *
 * @param statistic value for model 0 or 1 when unit i counts weights[i] times
 */
export function pairedBootstrap(
  units: number,
  statistic: (model: 0 | 1, weights: Float64Array) => number,
  options: BootstrapOptions,
): PairedDifference {
  const once = new Float64Array(units).fill(1);
  const { low, high } = bootstrapInterval(
    units,
    (weights) => statistic(1, weights) - statistic(0, weights),
    options,
  );
  return { difference: statistic(1, once) - statistic(0, once), low, high, isClear: low > 0 || high < 0 };
}

function percentiles(values: number[]): Interval {
  if (values.length === 0) return { low: Number.NaN, high: Number.NaN };
  values.sort((a, b) => a - b);
  const at = (share: number) =>
    values[Math.min(values.length - 1, Math.max(0, Math.round(share * (values.length - 1))))];
  return { low: at(TAIL), high: at(1 - TAIL) };
}
