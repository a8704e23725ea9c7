import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  correctLogit,
  correctParts,
  focalLogOdds,
  priorShift,
  resamplingOf,
} from '../../../../src/pipeline/single-task/base-rate.js';

const logit = (p: number) => Math.log(p / (1 - p));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

test('prior shift by hand: taught at even odds, one in ten in truth', () => {
  expect(priorShift(0.1, 0.5)).toBeCloseTo(Math.log(1 / 9), 10);
  // Bayes: a model that says 0.8 where classes are even means 0.8 · 0.1 / (0.8 · 0.1 + 0.2 · 0.9) where they are not.
  const corrected = sigmoid(correctLogit(logit(0.8), { shift: priorShift(0.1, 0.5), focalGamma: 0 }));
  expect(corrected).toBeCloseTo(0.08 / (0.08 + 0.18), 10);
  expect(priorShift(0.3, 0.3)).toBe(0);
  expect(priorShift(0, 0.5)).toBe(0);
});

describe('focal loss', () => {
  /** Expected focal loss at output p where yes has the probability `eta`. */
  const risk = (p: number, eta: number, gamma: number) =>
    -eta * (1 - p) ** gamma * Math.log(p) - (1 - eta) * p ** gamma * Math.log(1 - p);

  test('the true probability comes back from what minimises the expected loss', () => {
    for (const gamma of [0.5, 1, 2, 4]) {
      for (const eta of [0.01, 0.1, 0.3, 0.5, 0.8, 0.97]) {
        // Golden-section search for the minimiser.
        let [low, high] = [1e-6, 1 - 1e-6];
        for (let step = 0; step < 120; step++) {
          const [a, b] = [high - (high - low) * 0.618034, low + (high - low) * 0.618034];
          if (risk(a, eta, gamma) < risk(b, eta, gamma)) high = b;
          else low = a;
        }
        const minimiser = (low + high) / 2;
        expect(sigmoid(focalLogOdds(logit(minimiser), gamma))).toBeCloseTo(eta, 4);
        if (eta < 0.5) expect(minimiser).toBeGreaterThan(eta);
      }
    }
  });

  test('rises, is odd, and is the logit itself without an exponent; no logit overflows', () => {
    const numbers = fc.double({ min: -700, max: 700, noNaN: true });
    fc.assert(
      fc.property(numbers, numbers, fc.double({ min: 0, max: 6, noNaN: true }), (a, b, gamma) => {
        expect(focalLogOdds(a, 0)).toBeCloseTo(a, 6);
        expect(Number.isFinite(focalLogOdds(a, gamma))).toBe(true);
        expect(focalLogOdds(-a, gamma)).toBeCloseTo(-focalLogOdds(a, gamma), 6);
        if (a > b + 1e-6) expect(focalLogOdds(a, gamma)).toBeGreaterThan(focalLogOdds(b, gamma));
      }),
    );
  });
});

test('parts of a corrected logit add up to its difference', () => {
  const corrected = (value: number) => correctLogit(value, { shift: -1, focalGamma: 2 });
  const parts = correctParts(Float64Array.of(0.5, -2, 3), { start: -1, corrected });
  const sum = parts.reduce((total, part) => total + part, 0);
  expect(sum).toBeCloseTo(corrected(0.5) - corrected(-1), 10);
  expect(parts[2] / parts[0]).toBeCloseTo(6, 10);
});

test('the method for a task', () => {
  const given = { FRAUD: 'SMOTE' };
  expect(resamplingOf(given, 'FRAUD', 'x')).toBe('SMOTE');
  expect(resamplingOf(given, 'CHURN', 'x')).toBe('NONE');
  expect(resamplingOf(undefined, 'FRAUD', 'x')).toBe('NONE');
  expect(() => resamplingOf(given, 'FRAUD', 'x', ['NONE', 'CLASS_WEIGHTS'])).toThrow(
    'resampling of FRAUD for x: expected one of NONE, CLASS_WEIGHTS; got "SMOTE".',
  );
});
