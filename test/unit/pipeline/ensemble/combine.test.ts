import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  type Combination,
  combineClasses,
  combineProbabilities,
  combineQuantities,
  combineScores,
  evenWeights,
  majorityThreshold,
  stackProbabilities,
} from '../../../../src/pipeline/ensemble/index.js';

const logit = (p: number) => Math.log(p / (1 - p));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const floats = (...values: number[]) => Float32Array.from(values);
const average = (...weights: number[]): Combination => ({
  method: 'WEIGHTED_AVERAGE',
  weights,
  thresholds: [],
});
const voting = (...thresholds: number[]): Combination => ({
  method: 'HARD_VOTING',
  weights: thresholds.map(() => 1 / thresholds.length),
  thresholds,
});
const softly = (members: number): Combination => ({
  method: 'SOFT_VOTING',
  weights: evenWeights(members),
  thresholds: [],
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

  test('hard voting: the share of members that say yes, the mean probability breaking ties', () => {
    const members = [floats(0.6, 0.1, 0.4), floats(0.3, 0.2, 0.2), floats(0.7, 0.3, 0.9)];
    const found = combineProbabilities(members, voting(0.5, 0.25, 0.8));
    // Votes 2 (0.6 and 0.3), 0, 1 (0.9); means 8/15, 0.2, 0.5; each out of members + 1.
    expect(found[0]).toBeCloseTo((2 + 1.6 / 3) / 4, 6);
    expect(found[1]).toBeCloseTo((0 + 0.2) / 4, 6);
    expect(found[2]).toBeCloseTo((1 + 0.5) / 4, 6);
    // A member votes yes at its very threshold.
    expect(combineProbabilities([floats(0.5)], voting(0.5))[0]).toBeCloseTo(1.5 / 2, 6);
  });

  test('soft voting: the mean probability', () => {
    const [found] = combineProbabilities([floats(0.9), floats(0.2), floats(0.4)], softly(3));
    expect(found).toBeCloseTo(0.5, 6);
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

test('a hard vote reaches its threshold exactly where more than half of the members say yes', () => {
  fc.assert(
    fc.property(blends, ([members, , thresholds]) => {
      const found = combineProbabilities(members, voting(...thresholds));
      const threshold = majorityThreshold(members.length);
      return found.every((score, at) => {
        const votes = members.filter((member, index) => member[at] >= thresholds[index]).length;
        return score >= threshold === votes > members.length / 2;
      });
    }),
  );
});

test('several classes: a hard vote is a distribution led by the class that most members hold likeliest', () => {
  const row = fc.array(probability, { minLength: 4, maxLength: 4 }).map((values) => {
    const sum = values.reduce((total, value) => total + value, 0);
    return Float32Array.from(values, (value) => value / sum);
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (members) => {
      const thresholds = members.map(() => 0.5);
      const found = combineClasses(members, 4, voting(...thresholds));
      expect(found.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4);
      const votes = [0, 0, 0, 0];
      for (const member of members) votes[member.indexOf(Math.max(...member))]++;
      const winner = found.indexOf(Math.max(...found));
      expect(votes[winner]).toBe(Math.max(...votes));
    }),
  );
});

test('quantities: the mean by weights, a hard vote’s median', () => {
  const members = [floats(1, 8), floats(2, 0), floats(9, 4)];
  expect([...combineQuantities(members, average(0.5, 0.25, 0.25))]).toEqual([3.25, 5]);
  expect([...combineQuantities(members, voting(0.5, 0.5, 0.5))]).toEqual([2, 4]);
  expect([...combineQuantities(members.slice(0, 2), voting(0.5, 0.5))]).toEqual([1.5, 4]);
  expect([...combineQuantities(members, stacking(0, 1, 1, 0))]).toEqual([3, 8]);
});

describe('rankings by hand', () => {
  const scores = [floats(3, 1, 2, 0, 5, 4), floats(0.1, 0.9, 0.3, 0.2, 0.4, 0.6)];

  test('hard voting: reciprocal rank fusion, row by row', () => {
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

  test('soft voting: of the softmax, so that one sure member is heard', () => {
    const found = combineScores(scores, 3, softly(2));
    const softmax = (row: number[]) => {
      const powers = row.map(Math.exp);
      return powers.map((power) => power / powers.reduce((sum, one) => sum + one, 0));
    };
    const [a, b] = [softmax([3, 1, 2]), softmax([0.1, 0.9, 0.3])];
    [0, 1, 2].forEach((item) => expect(Math.exp(found[item])).toBeCloseTo((a[item] + b[item]) / 2, 5));
  });

  test('an unknown item stays unknown', () => {
    const unknown = [floats(3, -Infinity, 2), floats(1, -Infinity, 5)];
    for (const combination of [average(0.5, 0.5), voting(0.5, 0.5), average(1, 0), softly(2)]) {
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
  const [bias, first, second] = stackProbabilities(labels, [Float32Array.from(a), Float32Array.from(b)]);
  expect(bias).toBeCloseTo(-0.5, 1);
  expect(first).toBeCloseTo(1.5, 1);
  expect(second).toBeCloseTo(0.5, 1);
});
