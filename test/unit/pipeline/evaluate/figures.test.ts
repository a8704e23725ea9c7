import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  auc,
  averagePrecision,
  bootstrapMean,
  calibrationBins,
  chooseThreshold,
  confusionMatrix,
  evaluateBinary,
  evaluateDemand,
  evaluateRanking,
  expectedCalibrationError,
  kFolds,
  logLoss,
  pairedBootstrap,
  rankingFigures,
  ratesOf,
  rollingCuts,
  seasonalScale,
  topK,
  wape,
} from '../../../../src/pipeline/evaluate/index.js';

const example = fc.record({ label: fc.integer({ min: 0, max: 1 }), score: fc.integer({ min: 0, max: 20 }) });
const examples = fc.array(example, { minLength: 2, maxLength: 60 }).filter((rows) => {
  const positives = rows.filter((row) => row.label === 1).length;
  return positives > 0 && positives < rows.length;
});
const labelsOf = (rows: { label: number }[]) => rows.map((row) => row.label);
const scoresOf = (rows: { score: number }[]) => rows.map((row) => row.score);

/** AUC by its definition: every pair of a positive and a negative. */
function pairwiseAuc(labels: number[], scores: number[]): number {
  let won = 0;
  let pairs = 0;
  labels.forEach((label, i) => {
    if (label !== 1) return;
    labels.forEach((other, j) => {
      if (other !== 0) return;
      pairs++;
      won += scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0;
    });
  });
  return won / pairs;
}

describe('AUC', () => {
  test('equals the share of pairs in the right order', () => {
    fc.assert(
      fc.property(examples, (rows) => {
        expect(auc(labelsOf(rows), scoresOf(rows))).toBeCloseTo(
          pairwiseAuc(labelsOf(rows), scoresOf(rows)),
          12,
        );
      }),
    );
  });

  test('is unchanged by a monotone map and turns round with the scores', () => {
    fc.assert(
      fc.property(examples, (rows) => {
        const value = auc(labelsOf(rows), scoresOf(rows));
        expect(
          auc(
            labelsOf(rows),
            scoresOf(rows).map((score) => Math.exp(score / 3) - 7),
          ),
        ).toBeCloseTo(value, 12);
        expect(
          auc(
            labelsOf(rows),
            scoresOf(rows).map((score) => -score),
          ),
        ).toBeCloseTo(1 - value, 12);
      }),
    );
  });

  test('with weights equals the AUC of rows repeated so often', () => {
    fc.assert(
      fc.property(examples, fc.infiniteStream(fc.integer({ min: 1, max: 3 })), (rows, stream) => {
        const weights = rows.map(() => stream.next().value as number);
        const repeated = rows.flatMap((row, at) => Array.from({ length: weights[at] }, () => row));
        const weighted = auc(labelsOf(rows), scoresOf(rows), weights);
        expect(weighted).toBeCloseTo(auc(labelsOf(repeated), scoresOf(repeated)), 12);
        const precision = averagePrecision(labelsOf(rows), scoresOf(rows), weights);
        expect(precision).toBeCloseTo(averagePrecision(labelsOf(repeated), scoresOf(repeated)), 12);
      }),
    );
  });
});

test('average precision of a hand-worked order', () => {
  // Places 1, 3 of four are positives: (1/1 + 2/3) / 2.
  expect(averagePrecision([1, 0, 1, 0], [4, 3, 2, 1])).toBeCloseTo((1 + 2 / 3) / 2, 12);
});

test('log loss of certain answers stays finite and of even ones is ln 2', () => {
  expect(logLoss([1, 0], [0.5, 0.5])).toBeCloseTo(Math.log(2), 12);
  expect(logLoss([1], [0])).toBeGreaterThan(30);
  expect(Number.isFinite(logLoss([1], [0]))).toBe(true);
});

describe('confusion matrix', () => {
  test('counts every example once, actual by row', () => {
    fc.assert(
      fc.property(examples, fc.integer({ min: 0, max: 20 }), (rows, threshold) => {
        const { counts } = confusionMatrix(labelsOf(rows), scoresOf(rows), threshold);
        expect(counts.flat().reduce((sum, part) => sum + part)).toBe(rows.length);
        expect(counts[1][0] + counts[1][1]).toBe(rows.filter((row) => row.label === 1).length);
      }),
    );
  });

  test('rates of a hand-worked one', () => {
    const rates = ratesOf({
      labels: ['no', 'yes'],
      counts: [
        [50, 10],
        [5, 35],
      ],
      threshold: 0.5,
    });
    expect(rates.precision).toBeCloseTo(35 / 45, 12);
    expect(rates.recall).toBeCloseTo(35 / 40, 12);
    expect(rates.accuracy).toBeCloseTo(0.85, 12);
    expect(rates.f1).toBeCloseTo(70 / 85, 12);
  });
});

describe('threshold', () => {
  test('by F1 is the best of all', () => {
    fc.assert(
      fc.property(examples, (rows) => {
        const [labels, scores] = [labelsOf(rows), scoresOf(rows)];
        const f1At = (threshold: number) => ratesOf(confusionMatrix(labels, scores, threshold)).f1;
        const best = Math.max(...scores.map(f1At));
        expect(f1At(chooseThreshold({ by: 'F1' }, labels, scores))).toBeCloseTo(best, 12);
      }),
    );
  });

  test('by precision reaches the target with the largest recall', () => {
    const labels = [1, 1, 0, 1, 0, 0];
    const scores = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4];
    expect(chooseThreshold({ by: 'PRECISION', target: 0.75 }, labels, scores)).toBe(0.6);
    expect(chooseThreshold({ by: 'PRECISION', target: 0.9 }, labels, scores)).toBe(0.8);
  });

  test('by cost flags more where a miss is dear', () => {
    const labels = [1, 0, 0, 1];
    const scores = [0.9, 0.6, 0.4, 0.2];
    expect(chooseThreshold({ by: 'COST', costOfMiss: 10, costOfFalseAlarm: 1 }, labels, scores)).toBe(0.2);
    expect(chooseThreshold({ by: 'COST', costOfMiss: 1, costOfFalseAlarm: 10 }, labels, scores)).toBe(0.9);
  });
});

describe('calibration', () => {
  test('bins hold every example, lowest first', () => {
    const probabilities = Array.from({ length: 95 }, (_, at) => ((at * 37) % 95) / 95);
    const bins = calibrationBins(
      probabilities.map(() => 1),
      probabilities,
    );
    expect(bins.reduce((sum, bin) => sum + bin.examples, 0)).toBe(95);
    const means = bins.map((bin) => bin.meanProbability);
    expect(means).toEqual([...means].sort((a, b) => a - b));
  });

  test('error is the distance where all are equally wrong', () => {
    expect(expectedCalibrationError([1, 0, 0, 0], [0.75, 0.75, 0.75, 0.75], 1)).toBeCloseTo(0.5, 12);
  });
});

describe('ranking', () => {
  test('the k best, ties by index, excluded and unknown left out', () => {
    expect(topK([1, 5, 5, -Infinity, 9, 0], 3, (item) => item === 4)).toEqual([1, 2, 0]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 30 }), (scores) => {
        const expected = scores
          .map((score, item) => ({ score, item }))
          .sort((a, b) => b.score - a.score || a.item - b.item);
        expect(topK(scores, 5)).toEqual(expected.slice(0, 5).map(({ item }) => item));
      }),
    );
  });

  test('a perfect order has NDCG 1, none found has 0, and a hand-worked one its value', () => {
    expect(rankingFigures([3, 1, 2], new Set([1, 3]), 10)).toEqual({ hit: 1, recall: 1, ndcg: 1 });
    expect(rankingFigures([7, 8], new Set([1]), 10)).toEqual({ hit: 0, recall: 0, ndcg: 0 });
    const { ndcg } = rankingFigures([9, 1], new Set([1, 2]), 10);
    expect(ndcg).toBeCloseTo(1 / Math.log2(3) / (1 + 1 / Math.log2(3)), 12);
  });

  test('new items leave out what was bought from ranking and targets', () => {
    const scores = Float32Array.from([9, 8, 7, 1]);
    const users = [{ targets: new Set([0, 1]), bought: new Set([0]) }];
    const report = evaluateRanking({ scores, items: 4, users, seed: 1 });
    const value = (name: string) => report.metrics.find((metric) => metric.name === name)?.value;
    expect(value('NDCG@10')).toBe(1);
    expect(value('NEW_NDCG@10')).toBe(1);
    expect(report.loss).toBeCloseTo(Math.log(1 + Math.exp(-1) + Math.exp(-2) + Math.exp(-8)) + 0.5, 5);
  });
});

test('WAPE over totals forgives errors that cancel, over days it does not', () => {
  const actual = Float32Array.from([2, 0, 4, 4]);
  const predicted = Float32Array.from([1, 1, 4, 2]);
  expect(wape(actual, predicted)).toBeCloseTo(0.4, 12);
  const report = evaluateDemand({ actual, predicted, low: predicted, high: actual, days: 2, seed: 1 });
  expect(report.metrics.find((metric) => metric.name === 'WAPE')?.value).toBeCloseTo(0.2, 12);
  expect(report.metrics.find((metric) => metric.name === 'DAILY_WAPE')?.value).toBeCloseTo(0.4, 6);
});

test('MASE: 1 for an error as large as "as a week ago" had, and silent items are left out', () => {
  // Two items over three seasons of two days: differences of a season are 2 on average for the first, 0 for the second.
  const scale = seasonalScale([1, 5, 3, 3, 1, 5, 4, 4, 4, 4, 4, 4], 6, 2);
  expect(scale[0]).toBeCloseTo(2, 12);
  expect(scale[1]).toBeNaN();
  const actual = Float32Array.from([3, 3, 9, 9]);
  const predicted = Float32Array.from([1, 5, 0, 0]);
  const report = evaluateDemand({ actual, predicted, low: actual, high: actual, days: 2, seed: 1, scale });
  expect(report.metrics.find((metric) => metric.name === 'MASE')).toEqual({
    name: 'MASE',
    value: 1,
    low: 1,
    high: 1,
  });
});

describe('intervals', () => {
  const labels = Array.from({ length: 400 }, (_, at) => (at % 3 === 0 ? 1 : 0));
  const probabilities = labels.map((label, at) => (label ? 0.5 : 0.3) + ((at * 7919) % 100) / 250);

  test('hold the value, repeat with the seed, and narrow with more examples', () => {
    const report = evaluateBinary({ labels, probabilities, threshold: { by: 'F1' }, seed: 3 });
    for (const metric of report.metrics.filter(({ name }) => name !== 'ECE')) {
      expect(metric.low).toBeLessThanOrEqual(metric.value);
      expect(metric.high).toBeGreaterThanOrEqual(metric.value);
    }
    expect(evaluateBinary({ labels, probabilities, threshold: { by: 'F1' }, seed: 3 })).toEqual(report);
    const wide = bootstrapMean(probabilities.slice(0, 40), { seed: 1 });
    const narrow = bootstrapMean(probabilities, { seed: 1 });
    expect(narrow.high - narrow.low).toBeLessThan(wide.high - wide.low);
  });

  test('paired: a model that is better everywhere is clearly better; the same one is not', () => {
    const statistic = (model: 0 | 1, weights: Float64Array) =>
      weights.reduce((sum, weight, at) => sum + weight * (probabilities[at] + (model ? 0.01 : 0)), 0) /
      weights.length;
    expect(pairedBootstrap(400, statistic, { seed: 1 })).toMatchObject({ isClear: true });
    expect(pairedBootstrap(400, (_model, weights) => statistic(0, weights), { seed: 1 }).isClear).toBe(false);
  });
});

describe('folds', () => {
  test('cover every unit once as test and never train on it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 8, max: 50 }), (folds, units) => {
        const parts = kFolds(units, folds, 5);
        expect(parts.flatMap((fold) => [...fold.test]).sort((a, b) => a - b)).toEqual(
          Array.from({ length: units }, (_, at) => at),
        );
        for (const { train, test: held } of parts) {
          expect(train.length + held.length).toBe(units);
          expect([...train].some((unit) => held.includes(unit))).toBe(false);
        }
      }),
    );
    expect(() => kFolds(3, 4, 1)).toThrow(RangeError);
  });

  test('rolling cuts end where the newest label window ends', () => {
    expect(rollingCuts(100, 30, 10, 3)).toEqual([50, 60, 70]);
  });
});
