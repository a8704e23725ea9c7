import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  isLowerBetter,
  type MeasuredEvaluation,
  type MeasuredMetric,
  type MeasuredRun,
  qualityGroups,
  scaleOf,
  verdictsOf,
} from '../../../../src/dashboard/quality/compare.js';

function metric(value: number, halfWidth: number, name = 'auc'): MeasuredMetric {
  return { name, value, low: value - halfWidth, high: value + halfWidth };
}

function evaluation(change: Partial<MeasuredEvaluation>): MeasuredEvaluation {
  return {
    task: 'CHURN',
    split: 'TEST',
    family: 'SINGLE',
    architecture: 'dense',
    isServed: true,
    protocol: 'cut A',
    examples: 100,
    metrics: [metric(0.75, 0.01)],
    ...change,
  };
}

const run = (id: string, ...evaluations: MeasuredEvaluation[]): MeasuredRun => ({
  finishedAt: '2026-01-01T00:00:00Z',
  modelVersion: { id },
  evaluations,
});

describe('verdicts', () => {
  test('best is said only where its interval lies clear of every other one', () => {
    expect(verdictsOf([metric(0.66, 0.01), metric(0.75, 0.01)], false)).toEqual(['BEHIND', 'BEST']);
    expect(verdictsOf([metric(0.66, 0.01), metric(0.74, 0.01), metric(0.75, 0.01)], false)).toEqual([
      'BEHIND',
      'TIED',
      'LEADS',
    ]);
  });

  test('of an error, the lowest is best', () => {
    expect(verdictsOf([metric(0.8, 0.01), metric(0.6, 0.01)], true)).toEqual(['BEHIND', 'BEST']);
  });

  test('one model alone is neither', () => {
    expect(verdictsOf([metric(0.7, 0.01)], false)).toEqual(['ALONE']);
  });

  test('at most one is best, and then all others are behind; a mirrored metric gives the same verdicts', () => {
    const anyMetric = fc.record({
      value: fc.double({ min: 0, max: 1, noNaN: true }),
      width: fc.double({ min: 0, max: 0.2, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(anyMetric, { minLength: 2, maxLength: 6, selector: ({ value }) => value }),
        (drawn) => {
          const metrics = drawn.map(({ value, width }) => metric(value, width));
          const mirrored = metrics.map(({ name, value, low, high }) => ({
            name,
            value: -value,
            low: -high,
            high: -low,
          }));
          const verdicts = verdictsOf(metrics, false);
          expect(verdictsOf(mirrored, true)).toEqual(verdicts);
          const best = verdicts.filter((verdict) => verdict === 'BEST').length;
          const behind = verdicts.filter((verdict) => verdict === 'BEHIND').length;
          expect(best === 1 ? behind : 0).toBe(best === 1 ? metrics.length - 1 : 0);
          expect(best + verdicts.filter((verdict) => verdict === 'LEADS').length).toBe(1);
        },
      ),
    );
  });

  test.each([
    ['wape', true],
    ['logLoss', true],
    ['calibrationError', true],
    ['auc', false],
    ['NDCG@10', false],
  ])('%s: lower is better: %s', (name, isLower) => {
    expect(isLowerBetter(name)).toBe(isLower);
  });
});

describe('groups of the quality table', () => {
  test('families in order, test split only, the newest of each model', () => {
    const [group] = qualityGroups([
      run('new', evaluation({ family: 'MULTI', metrics: [metric(0.76, 0.01)] })),
      run(
        'old',
        evaluation({ family: 'MULTI', metrics: [metric(0.5, 0.01)] }),
        evaluation({ family: 'BASELINE', architecture: 'recency', metrics: [metric(0.68, 0.01)] }),
        evaluation({ split: 'TRAIN', metrics: [metric(0.99, 0.001)] }),
      ),
    ]);
    expect(
      group?.rows.map(({ evaluation: { family }, modelVersionId, metric: { value } }) => [
        family,
        modelVersionId,
        value,
      ]),
    ).toEqual([
      ['BASELINE', 'old', 0.68],
      ['MULTI', 'new', 0.76],
    ]);
  });

  test('a figure measured by another protocol or on other examples is not compared', () => {
    const [group] = qualityGroups([
      run('new', evaluation({ protocol: 'cut B' })),
      run('old', evaluation({ protocol: 'cut A', family: 'BASELINE' })),
      run('older', evaluation({ protocol: 'cut B', examples: 99, family: 'MULTI' })),
    ]);
    expect(group?.protocol).toBe('cut B');
    expect(group?.rows.map(({ evaluation: { family } }) => family)).toEqual(['SINGLE']);
  });

  test('a task is judged by its own metric, however that is spelled', () => {
    const [recommendation, demand] = qualityGroups([
      run(
        'v',
        evaluation({ task: 'DEMAND', metrics: [metric(0.4, 0.1, 'mae'), metric(0.6, 0.02, 'WAPE')] }),
        evaluation({
          task: 'RECOMMENDATION',
          metrics: [metric(0.3, 0.1, 'hr@10'), metric(0.1, 0.01, 'ndcgAt10')],
        }),
      ),
    ]);
    expect(recommendation).toMatchObject({
      task: 'RECOMMENDATION',
      metric: 'ndcgAt10',
      isLowerBetter: false,
    });
    expect(demand).toMatchObject({ task: 'DEMAND', metric: 'WAPE', isLowerBetter: true });
  });

  test('the scale reaches from the lowest to the highest end', () => {
    const [group] = qualityGroups([
      run(
        'v',
        evaluation({ metrics: [metric(0.7, 0.125)] }),
        evaluation({ family: 'MULTI', metrics: [metric(0.75, 0.25)] }),
      ),
    ]);
    expect(scaleOf(group?.rows ?? [])).toEqual([0.5, 1]);
  });

  test('nothing evaluated, nothing shown', () => {
    expect(qualityGroups([run('v', evaluation({ split: 'VALIDATION' }))])).toEqual([]);
  });
});
