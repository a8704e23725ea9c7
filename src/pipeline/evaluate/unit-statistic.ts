/** A task's deciding figure as a function of how often each unit counts, so that two models can be resampled alike. */
import { createHash } from 'node:crypto';

import { auc, orderByScore } from './binary.js';
import { isLessBetter } from './comparison.js';
import type { MeasuredUnits, Numbers } from './metric.js';
import { rankingFigures, topK } from './ranking.js';
import { groupSums } from './regression.js';

export interface UnitStatistic {
  /** Users, transactions or items. */
  readonly units: number;
  /** The metric's name, as in evaluations. */
  readonly metric: string;
  readonly isLessBetter: boolean;
  /** @param weights [units] how often each counts */
  value(weights: Numbers): number;
}

const K = 10;

/** AUC of yes/no predictions. @param labels [examples] @param scores [examples] */
export function aucStatistic(labels: Numbers, scores: Numbers): UnitStatistic {
  const sorted = orderByScore(scores);
  return {
    units: labels.length,
    metric: 'AUC',
    isLessBetter: false,
    value: (weights) => auc(labels, scores, weights, sorted),
  };
}

/** NDCG@10, mean over users. @param scores [users × items] @param targets [users] */
export function ndcgStatistic(
  targets: readonly ReadonlySet<number>[],
  scores: Float32Array,
  items: number,
): UnitStatistic {
  const gains = targets.map((own, user) => {
    const ranked = topK(scores.subarray(user * items, (user + 1) * items), K);
    return rankingFigures(ranked, own, K).ndcg;
  });
  return meanStatistic('NDCG@10', gains);
}

/** A mean over units. @param values [units] */
export function meanStatistic(metric: string, values: Numbers): UnitStatistic {
  return {
    units: values.length,
    metric,
    isLessBetter: isLessBetter(metric),
    value: (weights) => weighted(values, weights),
  };
}

/** WAPE of totals over the horizon. @param actual [items × days] @param predicted the same */
export function wapeStatistic(actual: Float32Array, predicted: Float32Array, days: number): UnitStatistic {
  const totals = groupSums(actual, days);
  const forecasts = groupSums(predicted, days);
  const errors = totals.map((total, item) => Math.abs(total - forecasts[item]));
  return {
    units: totals.length,
    metric: 'WAPE',
    isLessBetter: true,
    value: (weights) => sum(errors, weights) / sum(totals, weights),
  };
}

function sum(values: Numbers, weights: Numbers): number {
  let all = 0;
  for (let unit = 0; unit < values.length; unit++) all += weights[unit] * values[unit];
  return all;
}

function weighted(values: Numbers, weights: Numbers): number {
  let count = 0;
  for (let unit = 0; unit < weights.length; unit++) count += weights[unit];
  return sum(values, weights) / count;
}

/** Units kept of an evaluation at most: every so many-th, the same of all models. */
const MOST_UNITS = 5_000;

/** @param labels [examples] @param scores [examples] */
export function aucUnits(labels: Numbers, scores: Numbers): MeasuredUnits {
  const kept = thinned(labels);
  return { metric: 'AUC', kind: 'AUC', key: keyOf([...kept]), columns: [kept, thinned(scores)] };
}

/** @param values [units] @param outcome [units] what they were measured on */
export function meanUnits(metric: string, values: Numbers, outcome: readonly unknown[]): MeasuredUnits {
  return { metric, kind: 'MEAN', key: keyOf(outcome), columns: [thinned(values)] };
}

/** @param parts [units] @param wholes [units] */
export function ratioUnits(metric: string, parts: Numbers, wholes: Numbers): MeasuredUnits {
  const kept = thinned(wholes);
  return { metric, kind: 'RATIO', key: keyOf([...kept]), columns: [thinned(parts), kept] };
}

/** The figure that units make up, ready to be resampled. */
export function unitStatistic({ metric, kind, columns: [first, second] }: MeasuredUnits): UnitStatistic {
  if (kind === 'AUC') return { ...aucStatistic(first, second), metric };
  if (kind === 'MEAN') return meanStatistic(metric, first);
  const value = (weights: Numbers) => sum(first, weights) / sum(second, weights);
  return { units: first.length, metric, isLessBetter: isLessBetter(metric), value };
}

function thinned(values: Numbers): Float32Array {
  const step = Math.max(1, Math.ceil(values.length / MOST_UNITS));
  return Float32Array.from({ length: Math.ceil(values.length / step) }, (_, at) => values[at * step]);
}

const keyOf = (outcome: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(outcome)).digest('hex').slice(0, 32);
