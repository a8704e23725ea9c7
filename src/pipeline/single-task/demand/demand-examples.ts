import { DEMAND_FEATURE_COUNT, demandFeatures } from '../../preprocess/index.js';
import { DEMAND_DAYS, type DemandHistory, sellingItems, seriesBefore, unitsFrom } from './demand-history.js';
import type { DemandSettings } from './demand-settings.js';

const WEEK = 7;
/** Days of sales before the first origin to learn from. */
const LEAST_HISTORY = 28;
/** Standardised features beyond this many deviations tell nothing more. */
export const DEMAND_CLIP = 4;

/** Items at past origins with the units of the fortnight that followed. */
export interface DemandExamples {
  readonly count: number;
  /** [examples] the shop's ids. */
  readonly itemIds: readonly string[];
  /** [examples] days from the history's first to the origin. */
  readonly days: Int32Array;
  /** [examples × DEMAND_FEATURES] */
  readonly features: Float32Array;
  readonly references: Float32Array;
  /** Units in the 14 days from the origin. */
  readonly actual: Float32Array;
  /** Such that each origin weighs the same, as WAPE is judged an origin at a time. */
  readonly weights: Float32Array;
}

/** Examples at origins a week apart, whose fortnights end by the end of the history. */
export function demandExamples(
  history: DemandHistory,
  settings: Pick<DemandSettings, 'origins' | 'leastUnits'>,
): DemandExamples {
  const parts = [];
  for (let back = 0; back < settings.origins; back++) {
    const day = history.days - DEMAND_DAYS - back * WEEK;
    // Young shops have few origins: the latest is always used.
    if (day < LEAST_HISTORY + (back === 0 ? 0 : 5 * WEEK)) break;
    const items = sellingItems(history, day, settings.leastUnits);
    const past = seriesBefore(history, items, day);
    const after = unitsFrom(history, items, day, DEMAND_DAYS);
    const actual = new Float32Array(items.length);
    after.forEach((units, at) => (actual[Math.floor(at / DEMAND_DAYS)] += units));
    const total = actual.reduce((sum, units) => sum + units, 0);
    const weights = new Float32Array(items.length).fill(total > 0 ? items.length / total : 0);
    parts.push({ ...demandFeatures(past, 0, day), itemIds: past.itemIds, day, actual, weights });
  }
  return {
    count: parts.reduce((sum, part) => sum + part.actual.length, 0),
    itemIds: parts.flatMap((part) => part.itemIds),
    days: Int32Array.from(parts.flatMap((part) => part.itemIds.map(() => part.day))),
    features: join(parts.map((part) => part.features)),
    references: join(parts.map((part) => part.references)),
    actual: join(parts.map((part) => part.actual)),
    weights: join(parts.map((part) => part.weights)),
  };
}

function join(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Mean and deviation of each demand feature. */
export interface DemandScales {
  readonly means: Float32Array;
  readonly deviations: Float32Array;
}

export function demandScales(features: Float32Array): DemandScales {
  const rows = features.length / DEMAND_FEATURE_COUNT;
  const sums = new Float64Array(DEMAND_FEATURE_COUNT);
  const squares = new Float64Array(DEMAND_FEATURE_COUNT);
  features.forEach((value, at) => {
    sums[at % DEMAND_FEATURE_COUNT] += value;
    squares[at % DEMAND_FEATURE_COUNT] += value * value;
  });
  return {
    means: Float32Array.from(sums, (sum) => sum / rows),
    deviations: Float32Array.from(
      squares,
      (square, at) => Math.sqrt(Math.max(square / rows - (sums[at] / rows) ** 2, 0)) + 1e-3,
    ),
  };
}

/** Standardises rows in place. */
export function standardiseDemand(features: Float32Array, { means, deviations }: DemandScales): void {
  for (let at = 0; at < features.length; at++) {
    const column = at % DEMAND_FEATURE_COUNT;
    const value = (features[at] - means[column]) / deviations[column];
    features[at] = Math.min(DEMAND_CLIP, Math.max(-DEMAND_CLIP, value));
  }
}
