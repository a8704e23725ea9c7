import { describe, expect, test } from '@jest/globals';

import { Random } from '../../../../src/nn/random.js';
import {
  aucUnits,
  differenceOf,
  meanUnits,
  type ModelDifference,
  pairedSeedBootstrap,
  rankingOf,
  ratioUnits,
  type SeededFigures,
  spreadOf,
  unitStatistic,
} from '../../../../src/pipeline/evaluate/index.js';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** A model's values: quality + luck of its start + luck of each unit (shared by both models) + noise. */
function values(random: Random, shared: Float64Array, quality: number, luck: number): number[] {
  const start = luck * random.normal();
  return Array.from(shared, (unit) => quality + start + unit + 0.3 * random.normal());
}

describe('the paired bootstrap over seeds', () => {
  test.each([
    [2, 0.86],
    [3, 0.88],
    [5, 0.88],
  ])('holds the true difference as often as it says, from %s seeds', (seeds, least) => {
    const tries = 150;
    let held = 0;
    for (let attempt = 0; attempt < tries; attempt++) {
      const random = new Random(attempt).fork(seeds);
      const shared = Float64Array.from({ length: 60 }, () => random.normal());
      const of = (quality: number) =>
        Array.from({ length: seeds }, () => {
          const own = values(random, shared, quality, 0.1);
          return (weights: Float64Array) =>
            own.reduce((sum, value, at) => sum + weights[at] * value, 0) / own.length;
        });
      const found = pairedSeedBootstrap([{ units: 60, first: of(0), second: of(0.2) }], {
        seed: attempt,
        resamples: 120,
      });
      if (found.low <= 0.2 && found.high >= 0.2) held++;
    }
    expect(held / tries).toBeGreaterThan(least);
  });

  test('never calls one seed clear, and wants the same seeds in all parts', () => {
    const own = (quality: number) => (weights: Float64Array) => quality * mean([...weights]);
    const one = pairedSeedBootstrap([{ units: 10, first: [own(0)], second: [own(1)] }], { seed: 1 });
    expect(one).toMatchObject({ difference: 1, seeds: 1, isClear: false });
    const two = pairedSeedBootstrap(
      [{ units: 10, first: [own(0), own(0.01)], second: [own(1), own(1.01)] }],
      { seed: 1 },
    );
    expect(two).toMatchObject({ seeds: 2, isClear: true });
    expect(() =>
      pairedSeedBootstrap([{ units: 10, first: [own(0), own(0)], second: [own(1)] }], { seed: 1 }),
    ).toThrow(RangeError);
  });
});

const figure = (model: string, fold: number, seed: number, ndcg: number[]): SeededFigures => ({
  model,
  fold,
  seed,
  metrics: [{ name: 'NDCG@10', value: mean(ndcg), low: 0, high: 1 }],
  units: meanUnits(
    'NDCG@10',
    ndcg,
    ndcg.map((_, at) => at + fold),
  ),
});

describe('models over folds and seeds', () => {
  const rows = [1, 2].flatMap((fold) =>
    [1, 2, 3].flatMap((seed) => [
      figure(
        'good',
        fold,
        seed,
        Array.from({ length: 30 }, (_, at) => 0.5 + 0.1 * fold + 0.01 * seed + 0.001 * (at % 7)),
      ),
      figure(
        'bad',
        fold,
        seed,
        Array.from({ length: 30 }, (_, at) => 0.3 + 0.1 * fold + 0.01 * seed + 0.001 * (at % 5)),
      ),
    ]),
  );

  test('have a mean, a spread over folds and one over seeds', () => {
    const [good] = spreadOf(rows);
    expect(good).toMatchObject({ model: 'good', folds: 2, seeds: 3 });
    const [ndcg] = good.metrics;
    expect(ndcg.mean).toBeCloseTo(0.673, 2);
    expect(ndcg.overFolds).toBeCloseTo(0.1 / Math.SQRT2, 6);
    expect(ndcg.overSeeds).toBeCloseTo(0.01, 6);
    expect(ndcg.lowest).toBeLessThan(ndcg.mean);
    expect(spreadOf(rows.slice(0, 1))[0].metrics[0]).toMatchObject({ overFolds: null, overSeeds: null });
  });

  test('are ranked by several seeds on the same units, never by one', () => {
    const difference = differenceOf(rows, 'good', 'bad') as ModelDifference;
    expect(difference).toMatchObject({
      better: 'good',
      worse: 'bad',
      metric: 'NDCG@10',
      seeds: 3,
      isClear: true,
    });
    expect(difference.difference).toBeCloseTo(0.2, 2);
    expect(differenceOf(rows, 'bad', 'good')).toMatchObject({ better: 'good' });
    expect(rankingOf('good', ['good', 'bad'], [difference])).toBe('RANKED');
    const ofOneSeed = rows.filter(({ seed }) => seed === 1);
    const one = differenceOf(ofOneSeed, 'good', 'bad') as ModelDifference;
    expect(one.isClear).toBe(false);
    expect(rankingOf('good', ['good', 'bad'], [one])).toBe('ONE_SEED');
    expect(rankingOf('good', ['good'], [])).toBe('ALONE');
    const elsewhere = rows.map((row) =>
      row.model === 'bad' && row.units ? { ...row, units: { ...row.units, key: 'other users' } } : row,
    );
    expect(differenceOf(elsewhere, 'good', 'bad')).toBeNull();
    expect(
      differenceOf(
        rows.filter(({ model, seed }) => model === 'good' || seed > 1),
        'good',
        'bad',
      ),
    ).toMatchObject({ seeds: 2 });
  });
});

test('units make up the figure that they are of', () => {
  const labels = [0, 1, 0, 1, 1];
  const scores = [0.1, 0.7, 0.3, 0.2, 0.9];
  const once = new Float64Array(5).fill(1);
  expect(unitStatistic(aucUnits(labels, scores)).value(once)).toBeCloseTo(5 / 6, 6);
  const ratio = unitStatistic(ratioUnits('WAPE', [1, 2, 3, 4, 5], [10, 10, 10, 10, 20]));
  expect(ratio.value(once)).toBeCloseTo(0.25, 6);
  expect(ratio.isLessBetter).toBe(true);
  expect(aucUnits(labels, scores).key).not.toBe(aucUnits([1, 0, 0, 1, 1], scores).key);
  expect(aucUnits(labels, scores).key).toBe(aucUnits(labels, [1, 2, 3, 4, 5]).key);
});
