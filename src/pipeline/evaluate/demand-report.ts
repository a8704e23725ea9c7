/** Forecasts against what was sold, as rows for the store. */
import { bootstrapInterval, bootstrapMean } from './bootstrap.js';
import type { EvaluationReport, Metric, Numbers, Segment, SegmentMask } from './metric.js';
import { groupSums, meanAbsoluteError } from './regression.js';
import { ratioUnits } from './unit-statistic.js';

const SEGMENT_RESAMPLES = 100;

export interface DemandEvaluation {
  /** [items × days] units. */
  readonly actual: Float32Array;
  readonly predicted: Float32Array;
  readonly low: Float32Array;
  readonly high: Float32Array;
  readonly days: number;
  readonly seed: number;
  /** [items] from `seasonalScale` over what was before the forecast; without it there is no `MASE`. */
  readonly scale?: Numbers;
  /** Parts of the items to look at by themselves. */
  readonly segments?: readonly SegmentMask[];
}

/**
 * Loss: mean absolute error a day, in units. `WAPE` is over totals of the horizon, `DAILY_WAPE` over item-days; `MASE` is the mean over
 * items of a day's error against that of "as a week ago" before the forecast. `INTERVAL_COVERAGE` is the share of item-days inside the
 * 80 % interval, `INTERVAL_WIDTH` the sum of the widths over that of the forecasts; both leave out days on which the shop sold nothing at
 * all, as a closed day is inside any interval.
 */
export function evaluateDemand(evaluation: DemandEvaluation): EvaluationReport {
  const parts = itemParts(evaluation);
  const all = Int32Array.from(parts.actual, (_, item) => item);
  return {
    examples: parts.actual.length,
    loss: meanAbsoluteError(evaluation.actual, evaluation.predicted),
    metrics: demandMetrics(parts, all, { seed: evaluation.seed }),
    confusionMatrix: null,
    curves: {},
    segments: (evaluation.segments ?? []).flatMap((mask): Segment[] => {
      const own = all.filter((item) => mask.isIn[item] > 0);
      if (own.length === 0) return [];
      const metrics = demandMetrics(parts, own, { seed: evaluation.seed, resamples: SEGMENT_RESAMPLES });
      return [{ dimension: mask.dimension, name: mask.name, examples: own.length, metrics }];
    }),
    units: ratioUnits('WAPE', parts.totalErrors, parts.actual),
  };
}

/** Sums of each item over its days. */
interface ItemParts {
  readonly days: number;
  readonly actual: Numbers;
  readonly predicted: Numbers;
  readonly totalErrors: Numbers;
  readonly dailyErrors: Numbers;
  /** Days inside the interval, among open ones. */
  readonly inside: Numbers;
  readonly width: Numbers;
  readonly openDays: number;
  readonly scale: Numbers | null;
}

function itemParts({ actual, predicted, low, high, days, scale }: DemandEvaluation): ItemParts {
  const isOpen = new Uint8Array(days);
  actual.forEach((units, at) => {
    if (units > 0) isOpen[at % days] = 1;
  });
  const openDays = isOpen.reduce((sum, flag) => sum + flag, 0);
  const perItem = (valueOf: (at: number) => number) =>
    groupSums(
      Float64Array.from(actual, (_, at) => valueOf(at)),
      days,
    );
  const actualTotals = groupSums(actual, days);
  const predictedTotals = groupSums(predicted, days);
  return {
    days,
    actual: actualTotals,
    predicted: predictedTotals,
    totalErrors: actualTotals.map((total, item) => Math.abs(total - predictedTotals[item])),
    dailyErrors: perItem((at) => Math.abs(actual[at] - predicted[at])),
    inside: perItem((at) => (isOpen[at % days] && actual[at] >= low[at] && actual[at] <= high[at] ? 1 : 0)),
    width: perItem((at) => (isOpen[at % days] ? high[at] - low[at] : 0)),
    openDays,
    scale: scale ?? null,
  };
}

/** Figures of some of the items. @param items [items] indices */
function demandMetrics(
  parts: ItemParts,
  items: Int32Array,
  options: { readonly seed: number; readonly resamples?: number },
): Metric[] {
  const pick = (values: Numbers) => Float64Array.from(items, (item) => values[item]);
  const ratio = (name: string, above: Numbers, below: Numbers): Metric => {
    const [top, bottom] = [pick(above), pick(below)];
    const statistic = (weights?: Float64Array) => weighted(top, weights) / weighted(bottom, weights);
    return { name, value: statistic(), ...bootstrapInterval(items.length, statistic, options) };
  };
  const mean = (name: string, values: Float64Array): Metric => ({
    name,
    value: weighted(values) / values.length,
    ...bootstrapMean(values, options),
  });
  const { days, scale, openDays } = parts;
  const scaled = scale
    ? pick(parts.dailyErrors)
        .map((error, at) => error / days / scale[items[at]])
        .filter(Number.isFinite)
    : null;
  return [
    ratio('WAPE', parts.totalErrors, parts.actual),
    ratio('DAILY_WAPE', parts.dailyErrors, parts.actual),
    mean(
      'MAE',
      pick(parts.dailyErrors).map((error) => error / days),
    ),
    // Items whose scale is not a number are left out.
    ...(scaled ? [mean('MASE', scaled)] : []),
    ...(openDays > 0
      ? [
          mean(
            'INTERVAL_COVERAGE',
            pick(parts.inside).map((count) => count / openDays),
          ),
        ]
      : []),
    ratio('INTERVAL_WIDTH', parts.width, parts.predicted),
  ];
}

function weighted(values: Float64Array, weights?: Float64Array): number {
  return values.reduce((sum, value, at) => sum + value * (weights?.[at] ?? 1), 0);
}
