import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { Random } from '../../../../src/nn/random.js';
import {
  calibrate,
  fitIsotonic,
  fitSoftmaxTemperature,
  fitTemperature,
  poolAdjacentViolators,
} from '../../../../src/pipeline/ensemble/index.js';
import { logLoss } from '../../../../src/pipeline/evaluate/index.js';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const logit = (p: number) => Math.log(p / (1 - p));
const probability = fc.double({ min: 0.001, max: 0.999, noNaN: true });
const examples = fc
  .array(fc.tuple(fc.boolean(), probability), { minLength: 2, maxLength: 40 })
  .map((rows) => ({
    labels: rows.map(([isYes]) => (isYes ? 1 : 0)),
    probabilities: rows.map(([, p]) => p),
  }));

/** The never falling fit by its min-max formula (Robertson et al., 1988): quadratic, in float64, unlike pooling. */
function minMaxFit(values: number[], weights: number[]): number[] {
  const mean = (from: number, to: number) => {
    let [sum, weight] = [0, 0];
    for (let at = from; at <= to; at++) {
      sum += weights[at] * values[at];
      weight += weights[at];
    }
    return sum / weight;
  };
  return values.map((_, at) => {
    let highest = -Infinity;
    for (let from = 0; from <= at; from++) {
      let lowest = Infinity;
      for (let to = at; to < values.length; to++) lowest = Math.min(lowest, mean(from, to));
      highest = Math.max(highest, lowest);
    }
    return highest;
  });
}

describe('pooling adjacent violators', () => {
  const sequences = fc.array(
    fc.tuple(fc.double({ min: -5, max: 5, noNaN: true }), fc.double({ min: 0.1, max: 4, noNaN: true })),
    { minLength: 1, maxLength: 25 },
  );

  test('never falls, and is the least squares fit of all that do not', () => {
    fc.assert(
      fc.property(sequences, (rows) => {
        const [values, weights] = [rows.map(([value]) => value), rows.map(([, weight]) => weight)];
        const found = poolAdjacentViolators(values, weights);
        const expected = minMaxFit(values, weights);
        found.forEach((value, at) => {
          expect(value).toBeCloseTo(expected[at], 9);
          if (at > 0) expect(value).toBeGreaterThanOrEqual(found[at - 1]);
        });
      }),
    );
  });

  test('leaves alone what does not fall', () => {
    expect([...poolAdjacentViolators([1, 2, 2, 5], [1, 1, 1, 1])]).toEqual([1, 2, 2, 5]);
    expect([...poolAdjacentViolators([3, 1], [1, 3])]).toEqual([1.5, 1.5]);
  });
});

describe('isotonic calibration', () => {
  test('never turns an order round and stays between 0 and 1', () => {
    fc.assert(
      fc.property(examples, probability, probability, ({ labels, probabilities }, a, b) => {
        const calibration = fitIsotonic(labels, probabilities);
        const [low, high] = [calibrate(Math.min(a, b), calibration), calibrate(Math.max(a, b), calibration)];
        expect(low).toBeLessThanOrEqual(high + 1e-12);
        expect(low).toBeGreaterThan(0);
        expect(high).toBeLessThan(1);
      }),
    );
  });

  test('at the scores it was fitted to, gives the pooled rates', () => {
    const probabilities = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
    const labels = [0, 1, 0, 0, 1, 1];
    const calibration = fitIsotonic(labels, probabilities);
    const found = probabilities.map((p) => calibrate(p, calibration));
    const margin = 1 / 14;
    [margin, 1 / 3, 1 / 3, 1 / 3, 1 - margin, 1 - margin].forEach((value, at) =>
      expect(found[at]).toBeCloseTo(value, 9),
    );
    // Between two steps, on the line that joins them.
    expect(calibrate(0.45, calibration)).toBeCloseTo((1 / 3 + 1 - margin) / 2, 9);
  });
});

describe('temperature scaling', () => {
  test('keeps the order of all predictions', () => {
    fc.assert(
      fc.property(examples, probability, probability, ({ labels, probabilities }, a, b) => {
        const calibration = fitTemperature(labels, probabilities);
        const [low, high] = [calibrate(Math.min(a, b), calibration), calibrate(Math.max(a, b), calibration)];
        expect(low).toBeLessThanOrEqual(high);
        if (Math.abs(a - b) > 1e-6) expect(low).toBeLessThan(high);
      }),
    );
  });

  test('no other temperature within its range costs less', () => {
    fc.assert(
      fc.property(
        examples,
        fc.double({ min: 0.06, max: 19, noNaN: true }),
        ({ labels, probabilities }, other) => {
          const at = (temperature: number) =>
            logLoss(
              labels,
              probabilities.map((p) => sigmoid(logit(p) / temperature)),
            );
          const calibration = fitTemperature(labels, probabilities);
          if (calibration.method !== 'TEMPERATURE') throw new Error('It is a temperature.');
          expect(at(calibration.temperature)).toBeLessThanOrEqual(at(other) + 1e-6);
        },
      ),
    );
  });

  test('finds how much too sure predictions are', () => {
    const random = new Random(4);
    const logits = Array.from({ length: 20_000 }, () => 4 * random.uniform() - 2);
    const labels = logits.map((value) => (random.uniform() < sigmoid(value) ? 1 : 0));
    const calibration = fitTemperature(
      labels,
      logits.map((value) => sigmoid(2.5 * value)),
    );
    if (calibration.method !== 'TEMPERATURE') throw new Error('It is a temperature.');
    expect(calibration.temperature).toBeGreaterThan(2.3);
    expect(calibration.temperature).toBeLessThan(2.7);
  });

  test('of a softmax: finds it too, and passes over candidates that are not known', () => {
    const random = new Random(5);
    const width = 6;
    const scores = new Float32Array(4000 * width);
    const targets = Array.from({ length: 4000 }, (_, row) => {
      const own = Array.from({ length: width - 1 }, () => 3 * random.uniform());
      const powers = own.map(Math.exp);
      let draw = random.uniform() * powers.reduce((sum, power) => sum + power, 0);
      let target = 0;
      while (draw > powers[target] && target < own.length - 1) draw -= powers[target++];
      scores.set([...own.map((value) => 3 * value), -Infinity], row * width);
      return new Set([target, width - 1]);
    });
    const calibration = fitSoftmaxTemperature(targets, scores, width);
    if (calibration.method !== 'TEMPERATURE') throw new Error('It is a temperature.');
    expect(calibration.temperature).toBeGreaterThan(2.7);
    expect(calibration.temperature).toBeLessThan(3.3);
  });
});
