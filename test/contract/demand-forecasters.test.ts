import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import {
  DAY_MS,
  type DemandForecaster,
  type DemandSeries,
  type FitContext,
  type Model,
  type ModelType,
} from '../../src/pipeline/index.js';
import { dailyUnits } from '../../src/pipeline/preprocess/index.js';
import { demandRegression, mean28, seasonalNaive } from '../../src/pipeline/single-task/index.js';
import { shopWithTastes, TASTE_START } from '../support/shop-with-tastes.js';

const WORLD = { users: 150, items: 30, groups: 3, days: 160, seed: 5 };
const history = shopWithTastes(WORLD);
const DAYS = 140;
const cut = TASTE_START + DAYS * DAY_MS;
const all = Int32Array.from({ length: WORLD.items }, (_, item) => item);
const past = dailyUnits(history, all, TASTE_START, DAYS);
const TYPES: readonly [string, ModelType][] = [seasonalNaive, mean28, demandRegression].map((type) => [
  type.architecture,
  type,
]);
const context: FitContext = {
  seed: 1,
  signal: new AbortController().signal,
  onEpoch: () => undefined,
  onProgress: () => undefined,
};

async function fit(type: ModelType, of = history): Promise<Model & { demand: DemandForecaster }> {
  const model = type.create(['DEMAND'], { epochs: 10 });
  await model.fit({ history: of, cut }, context);
  return model as Model & { demand: DemandForecaster };
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'demand-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe.each(TYPES)('%s', (_name, type) => {
  test('forecasts about what is sold, with an interval that holds it', async () => {
    const model = await fit(type);
    const { units, low, high } = await model.demand.forecast(past, 14);
    const actual = dailyUnits(history, all, cut, 14).units;
    const sum = (values: Float32Array) => values.reduce((total, value) => total + value, 0);
    expect(Math.abs(sum(units) / sum(actual) - 1)).toBeLessThan(0.15);
    expect(units.every((value, at) => low[at] >= 0 && low[at] <= value && value <= high[at])).toBe(true);
    const inside = actual.filter((value, at) => value >= low[at] && value <= high[at]).length / actual.length;
    expect(inside).toBeGreaterThan(0.6);
    model.dispose();
  });

  test('answers for one item as for many, for 56 days, and for an item that was never sold', async () => {
    const model = await fit(type);
    const many = await model.demand.forecast(past, 56);
    const one: DemandSeries = { ...past, itemIds: ['i4'], units: past.units.slice(4 * DAYS, 5 * DAYS) };
    const alone = await model.demand.forecast(one, 56);
    expect(alone.units).toEqual(many.units.slice(4 * 56, 5 * 56));
    const unsold = { ...one, itemIds: ['i99'], units: new Float32Array(DAYS) };
    expect((await model.demand.forecast(unsold, 56)).units).toEqual(new Float32Array(56));
    const nothing = { ...one, days: 0, units: new Float32Array(0) };
    expect((await model.demand.forecast(nothing, 3)).units).toEqual(new Float32Array(3));
    model.dispose();
  });

  test('comes back from its files with equal forecasts', async () => {
    const model = await fit(type);
    const before = await model.demand.forecast(past, 14);
    const folder = await mkdtemp(join(directory, 'model-'));
    await model.save(folder);
    model.dispose();
    const loaded = (await type.load(folder)) as Model & { demand: DemandForecaster };
    expect(await loaded.demand.forecast(past, 14)).toEqual(before);
    loaded.dispose();
  });

  test('reads nothing from the cut on', async () => {
    const planted = Array.from({ length: 30 }, (_, at) => ({
      user: at,
      item: at,
      type: 'PURCHASE' as const,
      occurredAt: cut + at,
      quantity: 1000,
      value: 1,
      session: 1e6 + at,
    }));
    const [clean, leaky] = [await fit(type), await fit(type, shopWithTastes({ ...WORLD, extra: planted }))];
    expect(await leaky.demand.forecast(past, 14)).toEqual(await clean.demand.forecast(past, 14));
    clean.dispose();
    leaky.dispose();
  });
});

test('the regression is not fooled by a single wholesale order, and days before the shop say nothing', async () => {
  const model = await fit(demandRegression);
  const usual: DemandSeries = { ...past, itemIds: ['i4'], units: past.units.slice(4 * DAYS, 5 * DAYS) };
  const spiked = { ...usual, units: usual.units.slice() };
  spiked.units[DAYS - 10] += 2000;
  const total = async (series: DemandSeries) =>
    (await model.demand.forecast(series, 14)).units.reduce((sum, units) => sum + units, 0);
  // The mean would rise by 1000 units.
  expect(await total(spiked)).toBeLessThan(3 * (await total(usual)));
  const padded = new Float32Array(DAYS + 100);
  padded.set(usual.units, 100);
  const longer = { ...usual, startDay: usual.startDay - 100 * DAY_MS, days: DAYS + 100, units: padded };
  expect(await total(longer)).toBeCloseTo(await total(usual), 4);
  model.dispose();
});

test('too young a shop is told so', async () => {
  const model = demandRegression.create(['DEMAND'], {});
  const early = { history, cut: TASTE_START + 20 * DAY_MS };
  await expect(model.fit(early, context)).rejects.toMatchObject({ code: 'TOO_FEW_DATA' });
});
