/** How good expected counts are. Arguments are (actual, predicted). */
import { bootstrapInterval, bootstrapMean } from './bootstrap.js';
import type { EvaluationReport, Metric, Numbers } from './metric.js';
import { meanAbsoluteError, wape } from './regression.js';
import { meanStatistic, meanUnits, type UnitStatistic } from './unit-statistic.js';

/** Keeps the deviance of an expectation of 0 finite. */
const LEAST = 1e-9;

/**
 * Deviance of a count under a Poisson distribution (Generalized Linear Models, 2nd edition, 1989): 0 where the expectation is the count, and lowest on average where
 * the expectation is the mean.
 */
export function poissonDeviance(actual: number, predicted: number): number {
  const expected = Math.max(predicted, LEAST);
  const ratio = actual > 0 ? actual * Math.log(actual / expected) : 0;
  return 2 * (ratio - (actual - expected));
}

/** Mean Poisson deviance. @param actual [examples] counts @param predicted [examples] expected counts */
export function devianceStatistic(actual: Numbers, predicted: Numbers): UnitStatistic {
  const deviances = Float64Array.from({ length: actual.length }, (_, at) =>
    poissonDeviance(actual[at], predicted[at]),
  );
  return meanStatistic('POISSON_DEVIANCE', deviances);
}

export interface CountEvaluation {
  /** [examples] counts. */
  readonly actual: Numbers;
  /** [examples] expected counts. */
  readonly predicted: Numbers;
  readonly seed: number;
}

/** Loss: mean Poisson deviance. */
export function evaluateCounts({ actual, predicted, seed }: CountEvaluation): EvaluationReport {
  const count = actual.length;
  const deviances = Float64Array.from({ length: count }, (_, at) =>
    poissonDeviance(actual[at], predicted[at]),
  );
  const errors = Float64Array.from({ length: count }, (_, at) => Math.abs(actual[at] - predicted[at]));
  const loss = deviances.reduce((sum, value) => sum + value, 0) / count;
  const share: Metric = {
    name: 'WAPE',
    value: wape(actual, predicted),
    ...bootstrapInterval(
      count,
      (weights) => {
        let error = 0;
        let total = 0;
        for (let at = 0; at < count; at++) {
          error += weights[at] * errors[at];
          total += weights[at] * actual[at];
        }
        return error / total;
      },
      { seed },
    ),
  };
  return {
    examples: count,
    loss,
    metrics: [
      { name: 'POISSON_DEVIANCE', value: loss, ...bootstrapMean(deviances, { seed }) },
      { name: 'MAE', value: meanAbsoluteError(actual, predicted), ...bootstrapMean(errors, { seed }) },
      share,
    ],
    confusionMatrix: null,
    curves: {},
    segments: [],
    units: meanUnits('POISSON_DEVIANCE', deviances, Array.from(actual)),
  };
}
