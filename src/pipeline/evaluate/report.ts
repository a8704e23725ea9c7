/** Predictions against what happened, as rows for the store. A model never grades itself: these take plain arrays. */
import type { ThresholdRule } from '../../tasks/index.js';
import {
  auc,
  averagePrecision,
  brier,
  chooseThreshold,
  confusionMatrix,
  expectedCalibrationError,
  logLossOf,
  orderByScore,
  ratesOf,
} from './binary.js';
import { bootstrapInterval, bootstrapMean } from './bootstrap.js';
import { binaryCurves } from './curves.js';
import type { EvaluationReport, Metric, Numbers } from './metric.js';
import { type RankingFigures, rankingFigures, topK } from './ranking.js';
import { coverage, groupSums, meanAbsoluteError, wape } from './regression.js';

const K = 10;

export interface BinaryEvaluation {
  /** [examples] 0 or 1. */
  readonly labels: Numbers;
  /** [examples] */
  readonly probabilities: Numbers;
  /** Fixed beforehand (on validation), or a rule to choose it by here. */
  readonly threshold: number | ThresholdRule;
  readonly seed: number;
}

/** Loss: mean cross-entropy in nats. */
export function evaluateBinary(evaluation: BinaryEvaluation): EvaluationReport {
  const { labels, probabilities, seed } = evaluation;
  const threshold =
    typeof evaluation.threshold === 'number'
      ? evaluation.threshold
      : chooseThreshold(evaluation.threshold, labels, probabilities);
  const sorted = orderByScore(probabilities);
  const matrix = confusionMatrix(labels, probabilities, threshold);
  const rates = ratesOf(matrix);
  const losses = Float64Array.from({ length: labels.length }, (_, at) =>
    logLossOf(labels[at], probabilities[at]),
  );
  const loss = losses.reduce((sum, value) => sum + value, 0) / losses.length;
  const within = (name: string, value: number, statistic: (weights: Float64Array) => number): Metric => ({
    name,
    value,
    ...bootstrapInterval(labels.length, statistic, { seed }),
  });
  const rate = (name: keyof typeof rates): Metric =>
    within(
      name.toUpperCase(),
      rates[name],
      (weights) => ratesOf(weightedMatrix(labels, probabilities, threshold, weights))[name],
    );
  const squares = Float64Array.from(
    { length: labels.length },
    (_, at) => ((labels[at] > 0 ? 1 : 0) - probabilities[at]) ** 2,
  );
  return {
    examples: labels.length,
    loss,
    metrics: [
      within('AUC', auc(labels, probabilities, undefined, sorted), (weights) =>
        auc(labels, probabilities, weights, sorted),
      ),
      within('PR_AUC', averagePrecision(labels, probabilities, undefined, sorted), (weights) =>
        averagePrecision(labels, probabilities, weights, sorted),
      ),
      { name: 'LOG_LOSS', value: loss, ...bootstrapMean(losses, { seed }) },
      { name: 'BRIER', value: brier(labels, probabilities), ...bootstrapMean(squares, { seed }) },
      calibrationMetric(labels, probabilities, seed),
      rate('accuracy'),
      rate('precision'),
      rate('recall'),
      rate('f1'),
    ],
    confusionMatrix: matrix,
    curves: binaryCurves(labels, probabilities),
  };
}

function weightedMatrix(labels: Numbers, probabilities: Numbers, threshold: number, weights: Float64Array) {
  const counts = [
    [0, 0],
    [0, 0],
  ];
  for (let at = 0; at < labels.length; at++) {
    counts[labels[at] > 0 ? 1 : 0][probabilities[at] >= threshold ? 1 : 0] += weights[at];
  }
  return { labels: [], counts, threshold };
}

/** Expected calibration error. Binning a resample sorts it anew, so that fewer resamples are drawn than for the other figures. */
export function calibrationMetric(labels: Numbers, probabilities: Numbers, seed: number): Metric {
  const statistic = (weights: Float64Array): number => {
    const drawn: number[] = [];
    weights.forEach((times, at) => {
      for (let time = 0; time < times; time++) drawn.push(at);
    });
    return expectedCalibrationError(
      drawn.map((at) => labels[at]),
      drawn.map((at) => probabilities[at]),
    );
  };
  return {
    name: 'ECE',
    value: expectedCalibrationError(labels, probabilities),
    ...bootstrapInterval(labels.length, statistic, { seed, resamples: 60 }),
  };
}

export interface RankedUser {
  /** Items that the user went on to buy. */
  readonly targets: ReadonlySet<number>;
  /** Items that the user bought before the cut. */
  readonly bought: ReadonlySet<number>;
}

export interface RankingEvaluation {
  /** [users × items] row by row; -Infinity for items not known before the cut. */
  readonly scores: Float32Array;
  readonly items: number;
  readonly users: readonly RankedUser[];
  readonly seed: number;
}

/**
 * Full ranking. `NEW_…`: items bought before are left out of ranking and targets; `REPEAT_…`: nothing is left out. Loss: mean
 * cross-entropy of the softmax over all items, averaged over each user's targets.
 */
export function evaluateRanking(evaluation: RankingEvaluation): EvaluationReport {
  const fresh: RankingFigures[] = [];
  const all: RankingFigures[] = [];
  const losses: number[] = [];
  const shown = new Set<number>();
  evaluation.users.forEach(({ targets, bought }, user) => {
    const row = evaluation.scores.subarray(user * evaluation.items, (user + 1) * evaluation.items);
    if (targets.size === 0) return;
    const ranked = topK(row, K);
    all.push(rankingFigures(ranked, targets, K));
    losses.push(softmaxLoss(row, targets));
    const news = new Set([...targets].filter((item) => !bought.has(item)));
    const newRanked = topK(row, K, (item) => bought.has(item));
    newRanked.forEach((item) => shown.add(item));
    if (news.size > 0) fresh.push(rankingFigures(newRanked, news, K));
  });
  const figure = (name: string, users: readonly RankingFigures[], key: keyof RankingFigures): Metric => {
    const values = users.map((user) => user[key]);
    const value = values.reduce((sum, part) => sum + part, 0) / values.length;
    return { name, value, ...bootstrapMean(values, { seed: evaluation.seed }) };
  };
  const known = evaluation.items;
  const covered = {
    name: 'COVERAGE',
    value: shown.size / known,
    low: shown.size / known,
    high: shown.size / known,
  };
  return {
    examples: all.length,
    loss: losses.reduce((sum, value) => sum + value, 0) / losses.length,
    metrics: [
      figure('NDCG@10', all, 'ndcg'),
      figure('HR@10', all, 'hit'),
      figure('RECALL@10', all, 'recall'),
      figure('NEW_NDCG@10', fresh, 'ndcg'),
      figure('NEW_HR@10', fresh, 'hit'),
      figure('NEW_RECALL@10', fresh, 'recall'),
      covered,
    ],
    confusionMatrix: null,
    curves: {},
  };
}

function softmaxLoss(row: Float32Array, targets: ReadonlySet<number>): number {
  let highest = -Infinity;
  for (const score of row) if (score > highest) highest = score;
  let sum = 0;
  for (const score of row) if (score !== -Infinity) sum += Math.exp(score - highest);
  const normaliser = highest + Math.log(sum);
  let loss = 0;
  let counted = 0;
  for (const item of targets) {
    if (row[item] === -Infinity) continue;
    loss += normaliser - row[item];
    counted++;
  }
  return counted > 0 ? loss / counted : 0;
}

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
}

/**
 * Loss: mean absolute error a day, in units. `WAPE` is over totals of the horizon, `DAILY_WAPE` over item-days; `MASE` is the mean over
 * items of a day's error against that of "as a week ago" before the forecast.
 */
export function evaluateDemand(evaluation: DemandEvaluation): EvaluationReport {
  const { actual, predicted, low, high, days, seed } = evaluation;
  const items = actual.length / days;
  const actualTotals = groupSums(actual, days);
  const predictedTotals = groupSums(predicted, days);
  const errors = groupSums(
    actual.map((value, at) => Math.abs(value - predicted[at])),
    days,
  );
  const ratio = (name: string, parts: Numbers, value: number): Metric => ({
    name,
    value,
    ...bootstrapInterval(
      items,
      (weights) => {
        let error = 0;
        let total = 0;
        for (let item = 0; item < items; item++) {
          error += weights[item] * parts[item];
          total += weights[item] * actualTotals[item];
        }
        return error / total;
      },
      { seed },
    ),
  });
  const inside = groupSums(
    actual.map((value, at) => (value >= low[at] && value <= high[at] ? 1 / days : 0)),
    days,
  );
  return {
    examples: items,
    loss: meanAbsoluteError(actual, predicted),
    metrics: [
      ratio(
        'WAPE',
        actualTotals.map((total, item) => Math.abs(total - predictedTotals[item])),
        wape(actualTotals, predictedTotals),
      ),
      ratio('DAILY_WAPE', errors, wape(actual, predicted)),
      {
        name: 'MAE',
        value: meanAbsoluteError(actual, predicted),
        ...bootstrapMean(
          errors.map((error) => error / days),
          { seed },
        ),
      },
      ...(evaluation.scale ? [scaledError(errors, evaluation.scale, days, seed)] : []),
      { name: 'INTERVAL_COVERAGE', value: coverage(actual, low, high), ...bootstrapMean(inside, { seed }) },
    ],
    confusionMatrix: null,
    curves: {},
  };
}

/** Items whose scale is not a number are left out. */
function scaledError(errors: Numbers, scale: Numbers, days: number, seed: number): Metric {
  const scaled = Array.from(errors, (error, item) => error / days / scale[item]).filter(Number.isFinite);
  const value = scaled.reduce((sum, part) => sum + part, 0) / scaled.length;
  return { name: 'MASE', value, ...bootstrapMean(scaled, { seed }) };
}
