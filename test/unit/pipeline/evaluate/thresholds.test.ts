import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  chooseThreshold,
  confusionMatrix,
  ratesOf,
  thresholdRule,
} from '../../../../src/pipeline/evaluate/index.js';
import { TASK_DEFINITIONS } from '../../../../src/tasks/index.js';

describe('by hand', () => {
  const labels = [1, 0, 1, 0, 1, 0, 0];
  const probabilities = [0.9, 0.8, 0.7, 0.4, 0.4, 0.2, 0.1];

  test('F1: two of three found at 0.7 (F1 2/3), all three at 0.4 (3 of 5 flagged: 3/4)', () => {
    expect(chooseThreshold({ by: 'F1' }, labels, probabilities)).toBe(0.4);
  });

  test('precision: what reaches the target with most found; of none the most precise', () => {
    expect(chooseThreshold({ by: 'PRECISION', target: 0.6 }, labels, probabilities)).toBe(0.4);
    expect(chooseThreshold({ by: 'PRECISION', target: 0.65 }, labels, probabilities)).toBe(0.7);
    expect(chooseThreshold({ by: 'PRECISION', target: 1 }, labels, probabilities)).toBe(0.9);
    expect(chooseThreshold({ by: 'PRECISION', target: 0.9 }, [0, 1, 0], [0.9, 0.8, 0.1])).toBe(0.8);
  });

  test('cost: misses and false alarms by what each costs', () => {
    const at = (costOfMiss: number, costOfFalseAlarm: number) =>
      chooseThreshold({ by: 'COST', costOfMiss, costOfFalseAlarm }, labels, probabilities);
    // At 0.9: 2 misses. At 0.7: 1 miss, 1 alarm. At 0.4: 2 alarms.
    expect(at(5, 1)).toBe(0.4);
    expect(at(1, 1.5)).toBe(0.9);
    expect(at(3, 2)).toBe(0.4);
    expect(at(2, 1.5)).toBe(0.4);
  });

  test('cost: where even the surest is not worth an alarm, nothing is flagged', () => {
    const rule = { by: 'COST', costOfMiss: 1, costOfFalseAlarm: 10 } as const;
    const threshold = chooseThreshold(rule, [0, 1, 0], [0.9, 0.8, 0.1]);
    expect(threshold).toBeCloseTo(0.95, 10);
    expect(confusionMatrix([0, 1, 0], [0.9, 0.8, 0.1], threshold).counts).toEqual([
      [2, 0],
      [1, 0],
    ]);
    expect(chooseThreshold(rule, [0, 1], [1, 0.3])).toBeGreaterThan(1);
  });
});

describe('properties', () => {
  const rows = fc.array(
    fc.tuple(
      fc.constantFrom(0, 1),
      fc.integer({ min: 1, max: 19 }).map((p) => p / 20),
    ),
    {
      minLength: 1,
      maxLength: 40,
    },
  );
  const costs = fc.integer({ min: 1, max: 50 });

  test('no other threshold costs less', () => {
    fc.assert(
      fc.property(rows, costs, costs, (examples, costOfMiss, costOfFalseAlarm) => {
        const [labels, probabilities] = [examples.map(([label]) => label), examples.map(([, p]) => p)];
        const cost = (threshold: number) => {
          const { counts } = confusionMatrix(labels, probabilities, threshold);
          return counts[1][0] * costOfMiss + counts[0][1] * costOfFalseAlarm;
        };
        const chosen = chooseThreshold({ by: 'COST', costOfMiss, costOfFalseAlarm }, labels, probabilities);
        for (const other of [...probabilities, 1.1]) expect(cost(chosen)).toBeLessThanOrEqual(cost(other));
      }),
    );
  });

  test('a dearer miss never flags fewer', () => {
    fc.assert(
      fc.property(rows, costs, costs, (examples, costOfMiss, more) => {
        const [labels, probabilities] = [examples.map(([label]) => label), examples.map(([, p]) => p)];
        const flagged = (miss: number) => {
          const rule = { by: 'COST', costOfMiss: miss, costOfFalseAlarm: 10 } as const;
          const { counts } = confusionMatrix(
            labels,
            probabilities,
            chooseThreshold(rule, labels, probabilities),
          );
          return counts[0][1] + counts[1][1];
        };
        expect(flagged(costOfMiss + more)).toBeGreaterThanOrEqual(flagged(costOfMiss));
      }),
    );
  });

  test('a target precision that can be reached is reached, with no threshold that finds more', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 20 }), (examples, twentieths) => {
        const target = twentieths / 20;
        const [labels, probabilities] = [examples.map(([label]) => label), examples.map(([, p]) => p)];
        const at = (threshold: number) => ratesOf(confusionMatrix(labels, probabilities, threshold));
        const good = probabilities.map(at).filter(({ precision }) => precision >= target);
        fc.pre(good.length > 0);
        const chosen = at(chooseThreshold({ by: 'PRECISION', target }, labels, probabilities));
        expect(chosen.precision).toBeGreaterThanOrEqual(target);
        expect(chosen.recall).toBe(Math.max(...good.map(({ recall }) => recall)));
      }),
    );
  });
});

describe('a run’s own rules', () => {
  test('go before the task’s', () => {
    const given = { CHURN: { by: 'PRECISION', target: 0.7 } };
    expect(thresholdRule('CHURN', given)).toEqual({ by: 'PRECISION', target: 0.7 });
    expect(thresholdRule('FRAUD', given)).toEqual(TASK_DEFINITIONS.FRAUD.threshold);
    expect(thresholdRule('CHURN')).toEqual({ by: 'F1' });
    expect(thresholdRule('DEMAND', given)).toBeNull();
  });

  test.each([
    ['F1', /expected a rule by task, such as \{"CHURN": \{"by": "F1"\}\}; got "F1"/],
    [{ CHURN: { by: 'BEST' } }, /threshold.CHURN.by.*got \{"by":"BEST"\}/],
    [{ CHURN: { by: 'PRECISION' } }, /threshold.CHURN.target/],
    [{ CHURN: { by: 'PRECISION', target: 1.5 } }, /threshold.CHURN.target/],
    [{ CHURN: { by: 'COST', costOfMiss: -1, costOfFalseAlarm: 1 } }, /threshold.CHURN.costOfMiss/],
    [{ CHURN: { by: 'F1', target: 1 } }, /target/],
  ])('%j is refused', (given, message) => {
    expect(() => thresholdRule('CHURN', given)).toThrow(message);
  });

  test('a task that decides nothing takes none', () => {
    expect(() => thresholdRule('DEMAND', { DEMAND: { by: 'F1' } })).toThrow(/DEMAND is no yes\/no task/);
  });
});
