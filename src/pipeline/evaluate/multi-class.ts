import { bootstrapInterval, bootstrapMean } from './bootstrap.js';
import type { EvaluationReport, Metric, Numbers } from './metric.js';
import { meanUnits } from './unit-statistic.js';

/** Keeps a certain and wrong prediction's loss finite. */
const EPSILON = 1e-12;

export interface MultiClassEvaluation {
  /** [examples] index of the class that happened. */
  readonly labels: Numbers;
  /** [examples × classes] row by row: log probabilities, or logits: each row is normalised. */
  readonly logits: Float32Array;
  readonly classes: readonly string[];
  readonly seed: number;
}

/**
 * Predictions of one class out of several. Loss: mean cross-entropy in nats. MACRO_F1: the mean over the classes that happen of their F1, so that
 * rare ones count as much as views do. HR@3: the class is among the three most probable.
 */
export function evaluateMultiClass({
  labels,
  logits,
  classes,
  seed,
}: MultiClassEvaluation): EvaluationReport {
  const width = classes.length;
  const count = labels.length;
  const losses = new Float64Array(count);
  const hits = new Float64Array(count);
  const inTopThree = new Float64Array(count);
  const predicted = new Int32Array(count);
  for (let at = 0; at < count; at++) {
    const row = logits.subarray(at * width, (at + 1) * width);
    const highest = Math.max(...row);
    const sum = row.reduce((total, logit) => total + Math.exp(logit - highest), 0);
    const own = row[labels[at]];
    losses[at] = -Math.log(Math.max(EPSILON, Math.exp(own - highest) / sum));
    predicted[at] = row.indexOf(highest);
    hits[at] = predicted[at] === labels[at] ? 1 : 0;
    // Ties go by the order of the classes, as in `predicted`.
    const ahead = row.filter((logit, other) => logit > own || (logit === own && other < labels[at])).length;
    inTopThree[at] = ahead < 3 ? 1 : 0;
  }
  const counts = (weights?: Float64Array) => confusion(labels, predicted, width, weights);
  const mean = (values: Float64Array) => values.reduce((total, value) => total + value, 0) / count;
  const averaged = (name: string, values: Float64Array): Metric => ({
    name,
    value: mean(values),
    ...bootstrapMean(values, { seed }),
  });
  const f1 = (weights?: Float64Array) => macroF1(counts(weights));
  return {
    examples: count,
    loss: mean(losses),
    metrics: [
      averaged('LOG_LOSS', losses),
      averaged('ACCURACY', hits),
      averaged('HR@3', inTopThree),
      { name: 'MACRO_F1', value: f1(), ...bootstrapInterval(count, f1, { seed, resamples: 100 }) },
    ],
    confusionMatrix: { labels: [...classes], counts: counts(), threshold: 0.5 },
    curves: {},
    segments: [],
    units: meanUnits('LOG_LOSS', losses, Array.from(labels)),
  };
}

function confusion(labels: Numbers, predicted: Numbers, width: number, weights?: Numbers): number[][] {
  const counts = Array.from({ length: width }, () => new Array<number>(width).fill(0));
  for (let at = 0; at < labels.length; at++) counts[labels[at]][predicted[at]] += weights ? weights[at] : 1;
  return counts;
}

/** Mean F1 over the classes that happen. @param counts [actual][predicted] */
export function macroF1(counts: readonly (readonly number[])[]): number {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const scores = counts.flatMap((row, own) => {
    const actual = sum(row);
    const flagged = sum(counts.map((other) => other[own]));
    return actual > 0 ? (2 * row[own]) / (actual + flagged) : [];
  });
  return sum(scores) / scores.length;
}
