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

/** One statistic of two models on the same units, each model fitted from the same seeds. */
export interface PairedSeeds {
  readonly units: number;
  /** [seeds] value of the first model when unit i counts weights[i] times */
  readonly first: readonly ((weights: Float64Array) => number)[];
  readonly second: readonly ((weights: Float64Array) => number)[];
}

export interface SeededDifference extends PairedDifference {
  /** Seeds that both models were fitted from: with one, nothing is known of the luck of a start, and nothing is called clear. */
  readonly seeds: number;
}

/**
 * Second minus first, mean over seeds and parts (folds, cuts), with a 95 % interval over seeds and units. Units are drawn anew within each part, the
 * same for both models and all seeds; the luck of a start is added as Student's t of the differences between seeds, since a bootstrap of two or
 * three seeds would be far too sure of itself.
 *
 * @throws RangeError without a part, or where seeds are missing
 */
export function pairedSeedBootstrap(
  parts: readonly PairedSeeds[],
  options: BootstrapOptions,
): SeededDifference {
  const seeds = parts[0]?.first.length ?? 0;
  if (seeds === 0 || parts.some(({ first, second }) => first.length !== seeds || second.length !== seeds))
    throw new RangeError('Expected at least one part, all of the same seeds.');
  const random = new Random(options.seed).fork('paired seeds');
  const differencesOf = (weights: readonly Float64Array[]): number[] =>
    Array.from({ length: seeds }, (_, seed) =>
      meanOf(
        parts.map(({ first, second }, part) => second[seed](weights[part]) - first[seed](weights[part])),
      ),
    );
  const once = differencesOf(parts.map(({ units }) => new Float64Array(units).fill(1)));
  const difference = meanOf(once);
  const spread =
    seeds > 1
      ? Math.sqrt(once.reduce((sum, own) => sum + (own - difference) ** 2, 0) / (seeds - 1) / seeds)
      : 0;
  const weights = parts.map(({ units }) => new Float64Array(units));
  const values: number[] = [];
  for (let resample = 0; resample < (options.resamples ?? RESAMPLES); resample++) {
    for (const own of weights) {
      own.fill(0);
      for (let draw = 0; draw < own.length; draw++) own[random.integer(own.length)]++;
    }
    const value = meanOf(differencesOf(weights)) + (spread > 0 ? spread * studentT(random, seeds - 1) : 0);
    if (!Number.isNaN(value)) values.push(value);
  }
  const { low, high } = percentiles(values);
  return { difference, low, high, seeds, isClear: seeds > 1 && (low > 0 || high < 0) };
}

function studentT(random: Random, degrees: number): number {
  let squares = 0;
  for (let degree = 0; degree < degrees; degree++) squares += random.normal() ** 2;
  return random.normal() / Math.sqrt(squares / degrees);
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function percentiles(values: number[]): Interval {
  if (values.length === 0) return { low: Number.NaN, high: Number.NaN };
  values.sort((a, b) => a - b);
  const at = (share: number) =>
    values[Math.min(values.length - 1, Math.max(0, Math.round(share * (values.length - 1))))];
  return { low: at(TAIL), high: at(1 - TAIL) };
}
