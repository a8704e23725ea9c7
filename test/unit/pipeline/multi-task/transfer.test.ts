import { describe, expect, test } from '@jest/globals';

import { Random } from '../../../../src/nn/index.js';
import {
  aucStatistic,
  ndcgStatistic,
  type UnitStatistic,
  wapeStatistic,
} from '../../../../src/pipeline/evaluate/index.js';
import {
  bestGrouping,
  type TogetherMeasured,
  type TransferGain,
  transferReport,
} from '../../../../src/pipeline/multi-task/index.js';
import type { TaskName } from '../../../../src/tasks/index.js';

const near = (value: number): number => expect.closeTo(value, 9) as unknown as number;
const EXAMPLES = 800;
const TASKS: TaskName[] = ['PURCHASE_INTENT', 'CHURN', 'FRAUD'];

/** Scores whose part of truth grows when intent and churn are learnt together, and shrinks when fraud is learnt with either. */
function measure(
  tasks: readonly TaskName[],
  seed: number,
  areGradientsCompared: boolean,
): Promise<TogetherMeasured> {
  const statisticOf = (task: TaskName): UnitStatistic => {
    const random = new Random(7).fork(task);
    const noise = new Random(seed).fork(`${task} in ${tasks.join('+')}`);
    const others = tasks.filter((other) => other !== task);
    const isFraud = (name: TaskName) => name === 'FRAUD';
    const isHarmed = others.length > 0 && (isFraud(task) || others.some(isFraud));
    const strength = isHarmed ? 0.3 : others.length > 0 ? 1.4 : 0.8;
    const labels = Float32Array.from({ length: EXAMPLES }, () => (random.uniform() < 0.3 ? 1 : 0));
    const scores = labels.map((label) => strength * label + noise.normal());
    return aucStatistic(labels, scores);
  };
  const pairs = tasks.flatMap((task, at) => tasks.slice(at + 1).map((other) => ({ task, other })));
  return Promise.resolve({
    figures: Object.fromEntries(tasks.map((task) => [task, statisticOf(task)])),
    affinities: areGradientsCompared
      ? pairs.map((pair) => ({ ...pair, cosine: (pair.other === 'FRAUD' ? -0.1 : 0.1) * seed }))
      : [],
  });
}

describe('transfer report', () => {
  test('says which tasks help and harm each other, and groups them so', async () => {
    const shares: number[] = [];
    const report = await transferReport({
      tasks: TASKS,
      seeds: [1, 2, 3],
      architecture: 'shared-bottom',
      protocol: 'constructed',
      measure,
      onProgress: (share) => shares.push(share),
    });
    const verdict = (task: TaskName, other: TaskName) =>
      report.gains.find(
        ({ task: own, together }) => own === task && together.length === 2 && together.includes(other),
      )?.verdict;
    expect(verdict('PURCHASE_INTENT', 'CHURN')).toBe('HELPS');
    expect(verdict('CHURN', 'PURCHASE_INTENT')).toBe('HELPS');
    expect(verdict('CHURN', 'FRAUD')).toBe('HARMS');
    expect(verdict('FRAUD', 'CHURN')).toBe('HARMS');
    expect(report.groups.map(({ tasks, sharing }) => `${tasks.join('+')}: ${sharing}`).sort()).toEqual([
      'FRAUD: APART',
      'PURCHASE_INTENT+CHURN: SHARE',
    ]);
    const affinity = report.affinities.map(({ task, other, ...cosines }) => [task, other, cosines]);
    expect(affinity).toEqual([
      ['PURCHASE_INTENT', 'CHURN', { cosine: near(0.2), low: 0.1, high: near(0.3) }],
      ['PURCHASE_INTENT', 'FRAUD', { cosine: near(-0.2), low: near(-0.3), high: -0.1 }],
      ['CHURN', 'FRAUD', { cosine: near(-0.2), low: near(-0.3), high: -0.1 }],
    ]);
    expect(report.gains.every(({ low, gain, high }) => low <= gain && gain <= high)).toBe(true);
    expect([...shares].sort((a, b) => a - b)).toEqual(shares);
    expect(shares.at(-1)).toBe(1);
  });

  test('leaves apart what sharing does nothing for or harms', async () => {
    const report = await transferReport({
      tasks: ['CHURN', 'FRAUD'],
      seeds: [1, 2],
      architecture: 'shared-bottom',
      protocol: 'constructed',
      measure,
    });
    expect(report.groups.map(({ sharing }) => sharing)).toEqual(['APART', 'APART']);
  });

  test('measures a group that was guessed from its pairs before it is recommended', async () => {
    const sets: string[] = [];
    const four: TaskName[] = ['PURCHASE_INTENT', 'CHURN', 'RECOMMENDATION', 'FRAUD'];
    const report = await transferReport({
      tasks: four,
      seeds: [1],
      architecture: 'shared-bottom',
      protocol: 'constructed',
      measure: (tasks, seed, areGradientsCompared) => {
        sets.push(tasks.join('+'));
        return measure(tasks, seed, areGradientsCompared);
      },
    });
    expect(sets).toContain('PURCHASE_INTENT+CHURN+RECOMMENDATION');
    const group = report.groups.find(({ tasks }) => tasks.length === 3);
    expect(group).toMatchObject({ tasks: ['PURCHASE_INTENT', 'CHURN', 'RECOMMENDATION'], isMeasured: true });
  });
});

describe('grouping', () => {
  const gain = (task: TaskName, other: TaskName, value: number): TransferGain => ({
    task,
    together: [task, other],
    metric: 'AUC',
    alone: 0.7,
    shared: 0.7 + value,
    gain: value,
    low: value - 0.01,
    high: value + 0.01,
    verdict: value > 0.01 ? 'HELPS' : value < -0.01 ? 'HARMS' : 'UNDECIDED',
  });

  test('what gains a little but not clearly shares partly', () => {
    const groups = bestGrouping(
      ['CHURN', 'DEMAND'],
      [gain('CHURN', 'DEMAND', 0.004), gain('DEMAND', 'CHURN', 0.001)],
    );
    expect(groups).toEqual([{ tasks: ['CHURN', 'DEMAND'], sharing: 'SHARE_PARTLY', isMeasured: true }]);
  });

  test('one task’s great gain never pays for another’s clear harm', () => {
    const groups = bestGrouping(
      ['CHURN', 'DEMAND'],
      [gain('CHURN', 'DEMAND', 0.2), gain('DEMAND', 'CHURN', -0.02)],
    );
    expect(groups.map(({ sharing }) => sharing)).toEqual(['APART', 'APART']);
  });
});

describe('figures by unit', () => {
  test('count each unit as often as it is weighed', () => {
    const auc = aucStatistic([1, 0, 1, 0], [0.9, 0.8, 0.3, 0.1]);
    expect(auc.value([1, 1, 1, 1])).toBeCloseTo(3 / 4, 12);
    expect(auc.value([1, 1, 0, 1])).toBe(1);
    const scores = Float32Array.of(3, 2, 1, 1, 2, 3);
    const ndcg = ndcgStatistic([new Set([0]), new Set([1])], scores, 3);
    expect(ndcg.value([1, 0])).toBe(1);
    expect(ndcg.value([1, 1])).toBeCloseTo((1 + 1 / Math.log2(3)) / 2, 12);
    const wape = wapeStatistic(Float32Array.of(1, 3, 10, 0), Float32Array.of(2, 4, 4, 4), 2);
    expect(wape.value([1, 0])).toBeCloseTo(2 / 4, 6);
    expect(wape.value([1, 1])).toBeCloseTo((2 + 2) / 14, 6);
  });
});
