/** Figures of yes/no predictions, in float64. Labels are 0 or 1; arguments are (labels, probabilities). */
import type { ThresholdRule } from '../../tasks/index.js';
import type { ConfusionMatrix, Numbers } from './metric.js';

/** Keeps a certain and wrong prediction's loss finite, as scikit-learn does for float64. */
const EPSILON = 1e-15;
/** How far above a probability of 1 the threshold lies that nothing reaches. */
const EPSILON_ABOVE = 1e-6;
export const CALIBRATION_BINS = 10;

/** Examples from the highest score to the lowest, with ties marked, ready for weighted counting. */
export interface ScoreOrder {
  /** [examples] indices, highest score first. */
  readonly order: Uint32Array;
  /** [examples] 1 where the score equals the one before it in the order. */
  readonly isTied: Uint8Array;
}

/** Sorts once, so that a bootstrap can count many times. */
export function orderByScore(scores: Numbers): ScoreOrder {
  const order = Uint32Array.from({ length: scores.length }, (_, index) => index).sort(
    (a, b) => scores[b] - scores[a],
  );
  const isTied = new Uint8Array(order.length);
  for (let at = 1; at < order.length; at++) isTied[at] = scores[order[at]] === scores[order[at - 1]] ? 1 : 0;
  return { order, isTied };
}

/**
 * Area under the ROC curve: the probability that a positive scores above a negative, ties counting half.
 *
 * @param weights [examples] how often each example counts; default once
 * @returns NaN where one of the classes is empty
 */
export function auc(
  labels: Numbers,
  scores: Numbers,
  weights?: Numbers,
  sorted = orderByScore(scores),
): number {
  const { order, isTied } = sorted;
  let positives = 0;
  let negatives = 0;
  let pairs = 0;
  for (let from = 0; from < order.length;) {
    let tiedPositives = 0;
    let tiedNegatives = 0;
    let to = from;
    do {
      const weight = weights ? weights[order[to]] : 1;
      if (labels[order[to]] > 0) tiedPositives += weight;
      else tiedNegatives += weight;
      to++;
    } while (to < order.length && isTied[to]);
    pairs += tiedNegatives * (positives + tiedPositives / 2);
    positives += tiedPositives;
    negatives += tiedNegatives;
    from = to;
  }
  return pairs / (positives * negatives);
}

/** Average precision (area under the precision-recall curve, by steps); NaN without positives. */
export function averagePrecision(
  labels: Numbers,
  scores: Numbers,
  weights?: Numbers,
  sorted = orderByScore(scores),
): number {
  const { order, isTied } = sorted;
  let found = 0;
  let seen = 0;
  let area = 0;
  for (let from = 0; from < order.length;) {
    const before = found;
    let to = from;
    do {
      const weight = weights ? weights[order[to]] : 1;
      seen += weight;
      if (labels[order[to]] > 0) found += weight;
      to++;
    } while (to < order.length && isTied[to]);
    if (seen > 0) area += (found - before) * (found / seen);
    from = to;
  }
  return area / found;
}

/** Mean cross-entropy in nats. */
export function logLoss(labels: Numbers, probabilities: Numbers): number {
  return meanOf(labels.length, (at) => logLossOf(labels[at], probabilities[at]));
}

/** Cross-entropy of one example in nats. */
export function logLossOf(label: number, probability: number): number {
  const p = Math.min(1 - EPSILON, Math.max(EPSILON, probability));
  return label > 0 ? -Math.log(p) : -Math.log1p(-p);
}

/** Mean squared error of the probabilities (Brier, 1950). */
export function brier(labels: Numbers, probabilities: Numbers): number {
  return meanOf(labels.length, (at) => ((labels[at] > 0 ? 1 : 0) - probabilities[at]) ** 2);
}

export interface CalibrationBin {
  readonly meanProbability: number;
  readonly rate: number;
  readonly examples: number;
}

/** Bins with equally many examples each, from the lowest probability up. */
export function calibrationBins(
  labels: Numbers,
  probabilities: Numbers,
  bins = CALIBRATION_BINS,
): CalibrationBin[] {
  const { order } = orderByScore(probabilities);
  const count = Math.min(bins, order.length);
  return Array.from({ length: count }, (_, bin) => {
    const from = Math.floor(((count - 1 - bin) * order.length) / count);
    const to = Math.floor(((count - bin) * order.length) / count);
    const at = (index: number) => order[from + index];
    return {
      meanProbability: meanOf(to - from, (index) => probabilities[at(index)]),
      rate: meanOf(to - from, (index) => (labels[at(index)] > 0 ? 1 : 0)),
      examples: to - from,
    };
  });
}

/** Expected calibration error over bins of equal size (Naeini et al., AAAI 2015; equal-mass bins as in Nixon et al., 2019). */
export function expectedCalibrationError(
  labels: Numbers,
  probabilities: Numbers,
  bins = CALIBRATION_BINS,
): number {
  const parts = calibrationBins(labels, probabilities, bins);
  return (
    parts.reduce((sum, bin) => sum + bin.examples * Math.abs(bin.rate - bin.meanProbability), 0) /
    labels.length
  );
}

/** Predicted yes where the probability reaches the threshold. */
export function confusionMatrix(labels: Numbers, probabilities: Numbers, threshold: number): ConfusionMatrix {
  const counts = [
    [0, 0],
    [0, 0],
  ];
  for (let at = 0; at < labels.length; at++) {
    counts[labels[at] > 0 ? 1 : 0][probabilities[at] >= threshold ? 1 : 0]++;
  }
  return { labels: ['no', 'yes'], counts, threshold };
}

export interface Rates {
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** Rates of a confusion matrix; a rate over nothing is 0. */
export function ratesOf({ counts }: ConfusionMatrix): Rates {
  const [[trueNegatives, falsePositives], [falseNegatives, truePositives]] = counts;
  const share = (part: number, whole: number) => (whole > 0 ? part / whole : 0);
  return {
    accuracy: share(
      trueNegatives + truePositives,
      trueNegatives + falsePositives + falseNegatives + truePositives,
    ),
    precision: share(truePositives, truePositives + falsePositives),
    recall: share(truePositives, truePositives + falseNegatives),
    f1: share(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives),
  };
}

/**
 * The threshold that a rule asks for, out of the probabilities given. By precision: the lowest that reaches the target, so that recall is
 * largest; where none does, the one of the highest precision. By cost: the cheapest, which may be one that no probability reaches.
 */
export function chooseThreshold(rule: ThresholdRule, labels: Numbers, probabilities: Numbers): number {
  const { order, isTied } = orderByScore(probabilities);
  const positives = meanOf(labels.length, (at) => (labels[at] > 0 ? 1 : 0)) * labels.length;
  let best = { threshold: 0.5, worth: -Infinity };
  if (rule.by === 'COST' && order.length > 0) {
    const highest = probabilities[order[0]];
    const beyond = highest < 1 ? (highest + 1) / 2 : highest + EPSILON_ABOVE;
    best = { threshold: beyond, worth: worthOf(rule, 0, 0, positives) };
  }
  let found = 0;
  for (let at = 0; at < order.length; at++) {
    if (labels[order[at]] > 0) found++;
    if (at + 1 < order.length && isTied[at + 1]) continue;
    const worth = worthOf(rule, found, at + 1, positives);
    if (worth > best.worth) best = { threshold: probabilities[order[at]], worth };
  }
  return best.threshold;
}

/** @param found positives among the `flagged` highest */
function worthOf(rule: ThresholdRule, found: number, flagged: number, positives: number): number {
  switch (rule.by) {
    case 'F1':
      return (2 * found) / (flagged + positives);
    case 'PRECISION': {
      const precision = found / flagged;
      return precision >= rule.target ? 1 + found : precision;
    }
    case 'COST':
      return -((positives - found) * rule.costOfMiss + (flagged - found) * rule.costOfFalseAlarm);
  }
}

function meanOf(count: number, valueAt: (index: number) => number): number {
  let sum = 0;
  for (let index = 0; index < count; index++) sum += valueAt(index);
  return sum / count;
}
