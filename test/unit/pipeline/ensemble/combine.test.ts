import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  bestWeights,
  type Combination,
  combineProbabilities,
  combineScores,
  stackingWeights,
  weightsByAuc,
  weightsByNdcg,
} from '../../../../src/pipeline/ensemble/index.js';
import { areaUnderCurve } from '../../../support/area-under-curve.js';

const logit = (p: number) => Math.log(p / (1 - p));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const floats = (...values: number[]) => Float32Array.from(values);
const average = (...weights: number[]): Combination => ({
  method: 'WEIGHTED_AVERAGE',
  weights,
  thresholds: [],
});
const voting = (...thresholds: number[]): Combination => ({
  method: 'VOTING',
  weights: thresholds.map(() => 1 / thresholds.length),
  thresholds,
});
const stacking = (...weights: number[]): Combination => ({ method: 'STACKING', weights, thresholds: [] });

const probability = fc.double({ min: 0.001, max: 0.999, noNaN: true });
/** Members' probabilities for a few examples, and a weight for each member. */
const blends = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }))
  .chain(([members, examples]) =>
    fc.tuple(
      fc.array(
        fc
          .array(probability, { minLength: examples, maxLength: examples })
          .map((row) => Float32Array.from(row)),
        {
          minLength: members,
          maxLength: members,
        },
      ),
      fc
        .array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: members, maxLength: members })
        .map((parts) => parts.map((part) => part / parts.reduce((sum, one) => sum + one, 0))),
      fc.array(probability, { minLength: members, maxLength: members }),
    ),
  );

describe('probabilities by hand', () => {
  test('weighted average: of the logits', () => {
    // Odds 9 and 1/4: (9 ^ 3/4) × (1/4 ^ 1/4) = 3.674.
    const [blend] = combineProbabilities([floats(0.9), floats(0.2)], average(0.75, 0.25));
    expect(blend).toBeCloseTo(3.674 / 4.674, 4);
    // Even weights of p and 1 - p are undecided.
    expect(combineProbabilities([floats(0.8), floats(0.2)], average(0.5, 0.5))[0]).toBeCloseTo(0.5, 6);
  });

  test('voting: the share of members that say yes, the mean probability breaking ties', () => {
    const members = [floats(0.6, 0.1, 0.4), floats(0.3, 0.2, 0.2), floats(0.7, 0.3, 0.9)];
    const found = combineProbabilities(members, voting(0.5, 0.25, 0.8));
    // Votes 2 (0.6 and 0.3), 0, 1 (0.9); means 8/15, 0.2, 0.5; each out of members + 1.
    expect(found[0]).toBeCloseTo((2 + 1.6 / 3) / 4, 6);
    expect(found[1]).toBeCloseTo((0 + 0.2) / 4, 6);
    expect(found[2]).toBeCloseTo((1 + 0.5) / 4, 6);
    // A member votes yes at its very threshold.
    expect(combineProbabilities([floats(0.5)], voting(0.5))[0]).toBeCloseTo(1.5 / 2, 6);
  });

  test('stacking: a logistic regression on the logits, the bias first', () => {
    const [found] = combineProbabilities([floats(0.9), floats(0.2)], stacking(-1, 2, 0.5));
    expect(found).toBeCloseTo(sigmoid(-1 + 2 * logit(0.9) + 0.5 * logit(0.2)), 6);
  });

  test('a certain member stays finite', () => {
    const found = combineProbabilities([floats(1, 0), floats(0.5, 0.5)], average(0.5, 0.5));
    expect(found[0]).toBeGreaterThan(0.99);
    expect(found[0]).toBeLessThan(1);
    expect(found[1]).toBeCloseTo(1 - found[0], 6);
  });
});

describe('properties of blended probabilities', () => {
  test('a weighted average lies between its members', () => {
    fc.assert(
      fc.property(blends, ([members, weights]) => {
        const found = combineProbabilities(members, average(...weights));
        return found.every((value, at) => {
          const own = members.map((member) => member[at]);
          return value >= Math.min(...own) - 1e-6 && value <= Math.max(...own) + 1e-6;
        });
      }),
    );
  });

  test('one member is itself; members alike are each of them', () => {
    fc.assert(
      fc.property(blends, ([members, weights]) => {
        const [first] = members;
        const alone = combineProbabilities([first], average(1));
        const same = combineProbabilities(
          members.map(() => first),
          average(...weights),
        );
        return first.every(
          (value, at) => Math.abs(alone[at] - value) < 1e-6 && Math.abs(same[at] - value) < 1e-6,
        );
      }),
    );
  });

  test('in another order of members nothing changes; a member of weight 0 says nothing', () => {
    fc.assert(
      fc.property(blends, ([members, weights, thresholds]) => {
        const turn = <T>(list: readonly T[]) => [...list].reverse();
        const same = (a: Float32Array, b: Float32Array) =>
          a.every((value, at) => Math.abs(value - b[at]) < 1e-6);
        const idle = combineProbabilities([...members, members[0].map((p) => 1 - p)], average(...weights, 0));
        return (
          same(
            combineProbabilities(members, average(...weights)),
            combineProbabilities(turn(members), average(...turn(weights))),
          ) &&
          same(
            combineProbabilities(members, voting(...thresholds)),
            combineProbabilities(turn(members), voting(...turn(thresholds))),
          ) &&
          same(combineProbabilities(members, average(...weights)), idle)
        );
      }),
    );
  });

  test('a vote is a probability, and one more yes outweighs any means', () => {
    fc.assert(
      fc.property(blends, ([members, , thresholds]) => {
        const found = combineProbabilities(members, voting(...thresholds));
        const votes = Array.from(
          found,
          (_, at) => members.filter((member, index) => member[at] >= thresholds[index]).length,
        );
        for (let a = 0; a < found.length; a++) {
          expect(found[a]).toBeGreaterThan(0);
          expect(found[a]).toBeLessThan(1);
          for (let b = 0; b < found.length; b++)
            if (votes[a] > votes[b]) expect(found[a]).toBeGreaterThan(found[b]);
        }
      }),
    );
  });
});

describe('rankings by hand', () => {
  const scores = [floats(3, 1, 2, 0, 5, 4), floats(0.1, 0.9, 0.3, 0.2, 0.4, 0.6)];

  test('voting: reciprocal rank fusion, row by row', () => {
    const found = combineScores(scores, 3, voting(0.5, 0.5));
    const rank = (place: number) => 1 / (60 + place);
    // First row: ranks 1, 3, 2 and 3, 1, 2. Second row: 3, 1, 2 and 3, 2, 1.
    const expected = [
      rank(1) + rank(3),
      rank(3) + rank(1),
      2 * rank(2),
      2 * rank(3),
      rank(1) + rank(2),
      rank(2) + rank(1),
    ];
    found.forEach((value, at) => expect(value).toBeCloseTo(expected[at], 6));
  });

  test('weighted average: of the log-softmax, so that the members’ scales do not matter', () => {
    const found = combineScores(scores, 3, average(0.25, 0.75));
    const softmax = (row: number[]) =>
      row.map((x) => x - Math.log(row.reduce((sum, y) => sum + Math.exp(y), 0)));
    const [a, b] = [softmax([3, 1, 2]), softmax([0.1, 0.9, 0.3])];
    [0, 1, 2].forEach((item) => expect(found[item]).toBeCloseTo(0.25 * a[item] + 0.75 * b[item], 5));
    const shifted = combineScores(
      [scores[0].map((x) => x + 100), scores[1].map((x) => x - 7)],
      3,
      average(0.25, 0.75),
    );
    found.forEach((value, at) => expect(shifted[at]).toBeCloseTo(value, 4));
  });

  test('an unknown item stays unknown', () => {
    const unknown = [floats(3, -Infinity, 2), floats(1, -Infinity, 5)];
    for (const combination of [average(0.5, 0.5), voting(0.5, 0.5), average(1, 0)]) {
      const found = combineScores(unknown, 3, combination);
      expect(found[1]).toBe(-Infinity);
      expect(Number.isFinite(found[0]) && Number.isFinite(found[2])).toBe(true);
    }
  });

  test('one member keeps its own order', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 9 }),
        (values) => {
          for (const combination of [average(1), voting(0.5)]) {
            const found = combineScores(
              [Float32Array.from(values, (value) => value / 10)],
              values.length,
              combination,
            );
            for (let a = 0; a < values.length; a++)
              for (let b = 0; b < values.length; b++)
                if (values[a] > values[b]) expect(found[a]).toBeGreaterThan(found[b]);
          }
        },
      ),
    );
  });
});

describe('weights', () => {
  test('are found on the simplex; of equals the most even', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(5), (members, favourite) => {
        const best = bestWeights(members, (weights) => weights[favourite % members]);
        expect(best.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 8);
        expect(best[favourite % members]).toBe(1);
        expect(bestWeights(members, () => 0.5)).toEqual(best.map(() => 1 / members));
      }),
    );
  });

  test('by AUC: never worse than any member alone or the even blend', () => {
    const cases = fc.array(fc.tuple(fc.boolean(), probability, probability, probability), {
      minLength: 8,
      maxLength: 30,
    });
    fc.assert(
      fc.property(cases, (rows) => {
        const labels = rows.map(([isYes], at) => (at === 0 ? 1 : at === 1 ? 0 : isYes ? 1 : 0));
        const members = [1, 2, 3].map((column) => Float32Array.from(rows, (row) => row[column] as number));
        const weights = weightsByAuc(labels, members);
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 8);
        const blended = combineProbabilities(members, average(...weights));
        const reached = areaUnderCurve(labels, blended);
        const even = areaUnderCurve(labels, combineProbabilities(members, average(1 / 3, 1 / 3, 1 / 3)));
        for (const alone of [...members.map((member) => areaUnderCurve(labels, member)), even])
          expect(reached).toBeGreaterThan(alone - 0.02);
      }),
      { numRuns: 30 },
    );
  });

  test('by AUC: all on the member that knows', () => {
    const labels = [1, 0, 1, 0, 1, 0];
    const knows = floats(0.51, 0.49, 0.52, 0.48, 0.53, 0.47);
    const wrong = floats(0.1, 0.9, 0.1, 0.9, 0.1, 0.9);
    expect(weightsByAuc(labels, [wrong, knows])).toEqual([0, 1]);
  });

  test('by NDCG: all on the ranking that finds the targets', () => {
    const right = floats(9, 0, 0, 0, 0, 9, 0, 0);
    const wrong = floats(0, 9, 9, 9, 9, 0, 9, 9);
    const targets = [new Set([0]), new Set([1])];
    const [good, bad] = weightsByNdcg(targets, [right, wrong], 4);
    expect(good).toBeGreaterThan(bad);
    expect(good + bad).toBeCloseTo(1, 8);
  });

  test('stacking: recovers how the truth was made of the members, where data is plenty', () => {
    // Truth: logit = -0.5 + 1.5 a + 0.5 b, every combination as often as it happens out of 200.
    const [labels, a, b]: number[][] = [[], [], []];
    for (const x of [-2, -1, 0, 1, 2]) {
      for (const y of [-1.5, 0, 1.5]) {
        const yes = Math.round(200 * sigmoid(-0.5 + 1.5 * x + 0.5 * y));
        for (let at = 0; at < 200; at++) {
          labels.push(at < yes ? 1 : 0);
          a.push(sigmoid(x));
          b.push(sigmoid(y));
        }
      }
    }
    const [bias, first, second] = stackingWeights(labels, [Float32Array.from(a), Float32Array.from(b)]);
    expect(bias).toBeCloseTo(-0.5, 1);
    expect(first).toBeCloseTo(1.5, 1);
    expect(second).toBeCloseTo(0.5, 1);
  });
});
