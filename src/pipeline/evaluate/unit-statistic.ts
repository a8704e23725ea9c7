/** A task's deciding figure as a function of how often each unit counts, so that two models can be resampled alike. */
import { auc, orderByScore } from './binary.js';
import type { Numbers } from './metric.js';
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
  return {
    units: gains.length,
    metric: 'NDCG@10',
    isLessBetter: false,
    value: (weights) => weighted(gains, weights),
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
