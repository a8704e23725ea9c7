/** Yes/no predictions against what happened, as rows for the store. A model never grades itself: this takes plain arrays. */
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
import type { EvaluationReport, Metric, Numbers, Segment, SegmentMask } from './metric.js';
import { aucUnits } from './unit-statistic.js';

/** A part with fewer examples says nothing by itself. */
const LEAST_OF_SEGMENT = 20;
const SEGMENT_RESAMPLES = 100;

export interface BinaryEvaluation {
  /** [examples] 0 or 1. */
  readonly labels: Numbers;
  /** [examples] */
  readonly probabilities: Numbers;
  /** Fixed beforehand (on validation), or a rule to choose it by here. */
  readonly threshold: number | ThresholdRule;
  readonly seed: number;
  /** Parts of the examples to look at by themselves. */
  readonly segments?: readonly SegmentMask[];
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
    segments: (evaluation.segments ?? []).flatMap(
      (mask) => binarySegment(mask, labels, probabilities, threshold, seed) ?? [],
    ),
    units: aucUnits(labels, probabilities),
  };
}

/** Figures of a part; null where it has too few examples or one class only. */
function binarySegment(
  { dimension, name, isIn }: SegmentMask,
  allLabels: Numbers,
  allProbabilities: Numbers,
  threshold: number,
  seed: number,
): Segment | null {
  const rows = Array.from(isIn, (flag, at) => (flag > 0 ? at : -1)).filter((at) => at >= 0);
  const labels = Float64Array.from(rows, (at) => allLabels[at]);
  const probabilities = Float64Array.from(rows, (at) => allProbabilities[at]);
  const positives = labels.reduce((sum, label) => sum + (label > 0 ? 1 : 0), 0);
  if (rows.length < LEAST_OF_SEGMENT || positives === 0 || positives === rows.length) return null;
  const sorted = orderByScore(probabilities);
  const options = { seed, resamples: SEGMENT_RESAMPLES };
  const within = (figure: string, statistic: (weights?: Float64Array) => number): Metric => ({
    name: figure,
    value: statistic(),
    ...bootstrapInterval(rows.length, statistic, options),
  });
  const rate = (figure: 'precision' | 'recall') =>
    within(
      figure.toUpperCase(),
      (weights) => ratesOf(weightedMatrix(labels, probabilities, threshold, weights))[figure],
    );
  return {
    dimension,
    name,
    examples: rows.length,
    metrics: [
      within('AUC', (weights) => auc(labels, probabilities, weights, sorted)),
      within('PR_AUC', (weights) => averagePrecision(labels, probabilities, weights, sorted)),
      { name: 'POSITIVE_RATE', value: positives / rows.length, ...bootstrapMean(labels, options) },
      {
        name: 'MEAN_PROBABILITY',
        value: probabilities.reduce((sum, value) => sum + value, 0) / rows.length,
        ...bootstrapMean(probabilities, options),
      },
      rate('precision'),
      rate('recall'),
    ],
  };
}

function weightedMatrix(labels: Numbers, probabilities: Numbers, threshold: number, weights?: Float64Array) {
  const counts = [
    [0, 0],
    [0, 0],
  ];
  for (let at = 0; at < labels.length; at++) {
    counts[labels[at] > 0 ? 1 : 0][probabilities[at] >= threshold ? 1 : 0] += weights?.[at] ?? 1;
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
