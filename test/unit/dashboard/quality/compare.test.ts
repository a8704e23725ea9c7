import { describe, expect, test } from '@jest/globals';

import {
  type Entry,
  qualityGroups,
  scaleOf,
  type TaskComparison,
  verdictOf,
} from '../../../../src/dashboard/quality/compare.js';

const entry = (model: string, versionId: string, value: number, halfWidth = 0.125): Entry => ({
  model,
  family: model.split(':')[0].toUpperCase(),
  architecture: model.split(': ')[1],
  isServed: false,
  value,
  low: value - halfWidth,
  high: value + halfWidth,
  modelVersion: { id: versionId },
});

const [BEST, OTHER, THIRD] = ['single: dense', 'baseline: recency', 'multi: mmoe'];

function comparison(change: Partial<TaskComparison> = {}): TaskComparison {
  return {
    task: 'CHURN',
    customTask: null,
    metric: 'AUC',
    higherIsBetter: true,
    protocol: 'cut A',
    ranking: 'RANKED',
    entries: [entry(BEST, 'v1', 0.75), entry(OTHER, 'v1', 0.5)],
    models: [BEST, OTHER].map((model) => ({ model, seeds: 2, metrics: [{ name: 'AUC', mean: 0.7 }] })),
    differences: [{ better: BEST, worse: OTHER, seeds: 2, isClear: true }],
    ...change,
  };
}

describe('verdicts are those of the ranking, whatever single intervals do', () => {
  test('ranked: the first is best, the others behind, though their intervals overlap', () => {
    const ranked = comparison();
    expect([BEST, OTHER].map((model) => verdictOf(ranked, model))).toEqual(['BEST', 'BEHIND']);
  });

  test('undecided: who is clearly behind is told from who is not', () => {
    const undecided = comparison({
      ranking: 'UNDECIDED',
      models: [BEST, OTHER, THIRD].map((model) => ({ model, seeds: 3, metrics: [] })),
      differences: [
        { better: BEST, worse: OTHER, seeds: 3, isClear: true },
        { better: BEST, worse: THIRD, seeds: 3, isClear: false },
      ],
    });
    expect([BEST, OTHER, THIRD].map((model) => verdictOf(undecided, model))).toEqual([
      'LEADS',
      'BEHIND',
      'TIED',
    ]);
  });

  test('one seed ranks nothing, however far apart the intervals lie', () => {
    const single = comparison({
      ranking: 'ONE_SEED',
      entries: [entry(BEST, 'v1', 0.9, 0.001), entry(OTHER, 'v1', 0.5, 0.001)],
      differences: [{ better: BEST, worse: OTHER, seeds: 1, isClear: false }],
    });
    expect([BEST, OTHER].map((model) => verdictOf(single, model))).toEqual(['ONE_SEED', 'ONE_SEED']);
    expect(verdictOf(comparison({ ranking: 'ALONE' }), BEST)).toBe('ALONE');
  });
});

describe('groups of the quality table', () => {
  test('families in order, the newest version of each model, its seeds and mean', () => {
    const [group] = qualityGroups(
      [comparison({ entries: [entry(BEST, 'old', 0.7), entry(BEST, 'new', 0.8), entry(OTHER, 'old', 0.5)] })],
      ['new', 'old'],
    );
    expect(
      group.rows.map(({ entry: { family, value, modelVersion }, seeds, mean }) => [
        family,
        modelVersion.id,
        value,
        seeds,
        mean,
      ]),
    ).toEqual([
      ['BASELINE', 'old', 0.5, 2, 0.7],
      ['SINGLE', 'new', 0.8, 2, 0.7],
    ]);
  });

  test('of a task measured by several protocols the newest is shown; custom tasks stand by themselves', () => {
    const at = (protocol: string, versionId: string, customTask: string | null = null) =>
      comparison({
        protocol,
        customTask,
        task: customTask ? 'CUSTOM' : 'CHURN',
        entries: [entry(BEST, versionId, 0.7)],
      });
    const groups = qualityGroups(
      [at('cut A', 'old'), at('gifts', 'old', 'GIFTS'), at('cut B', 'new'), at('looks', 'new', 'LOOKS')],
      ['new', 'old'],
    );
    expect(groups.map(({ comparison: { protocol } }) => protocol)).toEqual(['cut B', 'gifts', 'looks']);
  });

  test('the scale reaches from the lowest to the highest end', () => {
    const [group] = qualityGroups([comparison()], ['v1']);
    expect(scaleOf(group.rows)).toEqual([0.375, 0.875]);
  });

  test('nothing measured, nothing shown', () => {
    expect(qualityGroups([comparison({ entries: [] })], ['v1'])).toEqual([]);
  });
});
