import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { Random } from '../../../../src/nn/random.js';
import {
  averageWeights,
  type CombinationPlan,
  combineHeldOut,
  decidingStatistic,
  fitCombination,
  forwardSelection,
  gainOf,
  type HeldOut,
  isWorthIt,
  joinHeldOut,
  pruneMembers,
  stackingWeights,
  takeMembers,
  takeRows,
  valueOf,
} from '../../../../src/pipeline/ensemble/index.js';
import { auc, expectedCalibrationError } from '../../../../src/pipeline/evaluate/index.js';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const normal = (random: Random) =>
  Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());

/** Yes/no examples; each member sees the truth with noise of its own. */
function yesNo(count: number, noises: readonly number[], seed: number, sureness = 1): HeldOut {
  const random = new Random(seed);
  const truth = Array.from({ length: count }, () => 1.5 * normal(random));
  return {
    kind: 'PROBABILITY',
    count,
    width: 1,
    members: noises.map((noise) =>
      Float32Array.from(truth, (value) => sigmoid(sureness * (value + noise * normal(random)))),
    ),
    labels: Float32Array.from(truth, (value) => (random.uniform() < sigmoid(value) ? 1 : 0)),
    targets: null,
    actual: null,
  };
}

/** Choices among a few candidates. */
function choices(rows: number, width: number, noises: readonly number[], seed: number): HeldOut {
  const random = new Random(seed);
  const worth = Array.from({ length: rows * width }, () => 2 * normal(random));
  const targets = Array.from({ length: rows }, (_, row) => {
    const powers = worth.slice(row * width, (row + 1) * width).map(Math.exp);
    let draw = random.uniform() * powers.reduce((sum, power) => sum + power, 0);
    let target = 0;
    while (target < width - 1 && draw > powers[target]) draw -= powers[target++];
    return new Set([target]);
  });
  const members = noises.map((noise) => Float32Array.from(worth, (value) => value + noise * normal(random)));
  return { kind: 'RANKING', count: rows, width, members, labels: null, targets, actual: null };
}

const plan = (method: CombinationPlan['method'], calibration: CombinationPlan['calibration'] = 'NONE') =>
  ({ method, calibration, rule: { by: 'F1' }, seed: 3 }) as const;

describe('weights of an average', () => {
  test('lie on the simplex, whatever is blended', () => {
    const values = fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }))
      .chain(([members, size]) =>
        fc.array(
          fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: size, maxLength: size }),
          {
            minLength: members,
            maxLength: members,
          },
        ),
      );
    fc.assert(
      fc.property(values, (members) => {
        const found = forwardSelection(
          members.map((member) => Float64Array.from(member)),
          (blend) => -blend.reduce((sum, value) => sum + Math.abs(value - 1), 0),
        );
        expect(found.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
        for (const weight of found) expect(weight).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('forward selection is never worse than the best member', () => {
    const members = [1, 2, 3, 4].map((value) => Float64Array.of(value, 5 - value));
    const worth = (blend: Float64Array) => -Math.abs(blend[0] - 2.4) - Math.abs(blend[1] - 2.6);
    const weights = forwardSelection(members, worth);
    const blend = [0, 1].map((at) =>
      members.reduce((sum, own, member) => sum + weights[member] * own[at], 0),
    );
    expect(worth(Float64Array.from(blend))).toBeGreaterThanOrEqual(Math.max(...members.map(worth)) - 1e-12);
    expect(worth(Float64Array.from(blend))).toBeGreaterThan(-0.11);
  });

  test('stay even between equals, and go to the member that knows', () => {
    expect(averageWeights(yesNo(1500, [0.6, 0.6], 1), 1)).toEqual([0.5, 0.5]);
    const [knows, guesses] = averageWeights(yesNo(1500, [0.1, 4], 2), 1);
    expect(knows).toBeGreaterThan(0.8);
    expect(knows + guesses).toBeCloseTo(1, 9);
    const [good, bad] = averageWeights(choices(200, 20, [0.1, 5], 3), 1);
    expect(good).toBeGreaterThan(bad);
  });
});

describe('stacking', () => {
  test('of rankings: weighs the member that knows, and corrects its scale', () => {
    const held = choices(2500, 8, [0, 3], 5);
    const sharp: HeldOut = { ...held, members: [held.members[0].map((value) => 2 * value), held.members[1]] };
    const [bias, first, second] = stackingWeights(sharp);
    expect(bias).toBe(0);
    expect(first).toBeCloseTo(0.5, 1);
    expect(Math.abs(second)).toBeLessThan(0.05);
  });

  test('of quantities: weights of 0 and more that bring totals to what was sold', () => {
    const random = new Random(6);
    const width = 7;
    const actual = Float32Array.from({ length: 300 * width }, () => 20 * random.uniform());
    const held: HeldOut = {
      kind: 'QUANTITY',
      count: 300,
      width,
      members: [actual.map((value) => 2 * value), actual.map(() => 20 * random.uniform())],
      labels: null,
      targets: null,
      actual,
    };
    const [bias, first, second] = stackingWeights(held);
    expect([bias, second >= 0, first >= 0]).toEqual([0, true, true]);
    const combination = { method: 'STACKING', weights: [bias, first, second], thresholds: [] } as const;
    const error = valueOf(decidingStatistic(held, combineHeldOut(held, combination)));
    expect(error).toBeLessThan(valueOf(decidingStatistic(held, held.members[0])) / 4);
  });

  test('learns from earlier windows alone what it is judged by', () => {
    const [earlier, now] = [yesNo(900, [0.3, 2], 7), yesNo(900, [0.3, 2], 8)];
    const { honest, combination } = fitCombination(plan('STACKING'), now, earlier);
    const alone = combineHeldOut(now, {
      method: 'STACKING',
      weights: stackingWeights(earlier),
      thresholds: [],
    });
    expect(honest).toEqual(alone);
    expect(combination.weights).toEqual(stackingWeights(joinHeldOut([earlier, now])));
  });
});

describe('what is said of validation', () => {
  test('is not what the weights were fitted to: labels without meaning cannot be learnt', () => {
    const held = yesNo(60, [3, 3, 3, 3, 3, 3, 3, 3, 3, 3], 9);
    const random = new Random(10);
    const senseless = { ...held, labels: held.labels!.map(() => (random.uniform() < 0.5 ? 1 : 0)) };
    const { honest, combination } = fitCombination(plan('STACKING'), senseless);
    const fitted = auc(senseless.labels, combineHeldOut(senseless, combination));
    expect(fitted).toBeGreaterThan(0.6);
    expect(auc(senseless.labels, honest)).toBeLessThan(fitted - 0.05);
  });

  test.each(['TEMPERATURE', 'ISOTONIC'] as const)('%s: the calibration error falls', (calibration) => {
    const held = yesNo(3000, [0.2, 0.3], 11, 3);
    const { honest, uncalibrated, combination } = fitCombination(plan('SOFT_VOTING', calibration), held);
    expect(combination.calibration?.method).toBe(calibration);
    const error = (values: Float32Array) => expectedCalibrationError(held.labels!, values);
    expect(error(honest)).toBeLessThan(error(uncalibrated) / 3);
  });

  test('a hard vote chooses its members’ thresholds by the rule', () => {
    const held = yesNo(400, [0.2, 0.9], 12);
    const at = (rule: CombinationPlan['rule']) =>
      fitCombination({ ...plan('HARD_VOTING'), rule }, held).combination.thresholds;
    const strict = at({ by: 'PRECISION', target: 0.95 });
    at({ by: 'COST', costOfMiss: 20, costOfFalseAlarm: 1 }).forEach((threshold, member) =>
      expect(threshold).toBeLessThan(strict[member]),
    );
  });
});

describe('pruning', () => {
  const held = yesNo(2500, [0.8, 0.8, 6, 6], 13);
  const measure = (members: readonly number[]) => {
    const some = takeMembers(held, members);
    return { members, statistic: decidingStatistic(some, fitCombination(plan('SOFT_VOTING'), some).honest) };
  };

  test.each(['FORWARD_SELECTION', 'BACKWARD_ELIMINATION'] as const)(
    '%s keeps the two that know and leaves out the two that guess',
    (method) => {
      const { kept, path } = pruneMembers(method, 4, measure, 1);
      expect(kept).toEqual([0, 1]);
      expect(path.map(({ members }) => members.length).sort()).toEqual([1, 2, 3, 4]);
    },
  );

  test('NONE keeps all', () => {
    expect(pruneMembers('NONE', 4, measure, 1).kept).toEqual([0, 1, 2, 3]);
  });

  test('members that say the same do not pay twice', () => {
    const same: HeldOut = { ...held, members: [held.members[0], held.members[0]] };
    const twice = (members: readonly number[]) => ({
      members,
      statistic: decidingStatistic(
        same,
        fitCombination(plan('SOFT_VOTING'), takeMembers(same, members)).honest,
      ),
    });
    expect(pruneMembers('FORWARD_SELECTION', 2, twice, 1).kept).toEqual([0]);
    expect(pruneMembers('BACKWARD_ELIMINATION', 2, twice, 1).kept).toHaveLength(1);
  });

  test('a gain pays only above its standard error', () => {
    const [better, worse] = [measure([0]), measure([2])];
    expect(isWorthIt(gainOf(worse.statistic, better.statistic, 1))).toBe(true);
    expect(isWorthIt(gainOf(better.statistic, worse.statistic, 1))).toBe(false);
    expect(isWorthIt(gainOf(better.statistic, better.statistic, 1))).toBe(false);
  });
});

test('rows that are taken keep members, labels and choices together', () => {
  const held = choices(5, 3, [0, 1], 14);
  const some = takeRows(held, [4, 1]);
  expect(some.targets).toEqual([held.targets![4], held.targets![1]]);
  expect([...some.members[1].subarray(0, 3)]).toEqual([...held.members[1].subarray(12, 15)]);
});
