import { describe, expect, test } from '@jest/globals';

import { simulateShop } from '../../../../src/pipeline/collect/index.js';
import { type Ceiling, ceiling } from '../../../../src/pipeline/evaluate/index.js';
import { dailyUnits, itemsInDemand, itemTargets } from '../../../../src/pipeline/preprocess/index.js';

const shop = simulateShop({ behaviours: 50_000, items: 60, seed: 6 });
const cut = shop.truth.timeOf(350);
const metric = ({ metrics }: Ceiling, name: string) => {
  const found = metrics.find((one) => one.name === name);
  if (!found) throw new Error(`There is no ${name}.`);
  return found;
};
const both = (task: Parameters<typeof ceiling>[1], mostUsers?: number) =>
  (['HISTORY', 'LATENTS'] as const).map((knowledge) =>
    ceiling(shop, task, cut, { knowledge, seed: 1, mostUsers }),
  );

describe('the ceiling of a simulated shop', () => {
  test.each(['PURCHASE_INTENT', 'CHURN'] as const)(
    '%s: high, below certainty, higher with the latents, in an interval',
    (task) => {
      const [history, latents] = both(task);
      for (const { metrics } of [history, latents])
        for (const { low, value, high } of metrics) expect(low <= value && value <= high).toBe(true);
      expect(metric(history, 'AUC').value).toBeGreaterThan(0.8);
      expect(metric(latents, 'AUC').value).toBeGreaterThan(metric(history, 'AUC').value);
      expect(metric(latents, 'LOG_LOSS').value).toBeLessThan(metric(history, 'LOG_LOSS').value);
      expect(metric(latents, 'AUC').value).toBeLessThan(0.99);
    },
  );

  test('FRAUD: of the orders from the cut on', () => {
    const [history, latents] = both('FRAUD');
    expect(history.examples).toBe(latents.examples);
    expect(metric(latents, 'AUC').value).toBeGreaterThan(0.85);
  });

  test('RECOMMENDATION: far above popularity, of so many users as asked', () => {
    const [history, latents] = both('RECOMMENDATION', 150);
    expect(history.examples).toBe(150);
    expect(metric(latents, 'NDCG@10').value).toBeGreaterThan(metric(history, 'NDCG@10').value);
    const { users } = itemTargets(shop.history, cut, 30);
    expect(users.length).toBeGreaterThan(150);
    expect(metric(history, 'NDCG@10').value).toBeGreaterThan(0.1);
  });

  test('DEMAND: the expected totals err less than those of the fortnight before', () => {
    const [truth, same] = both('DEMAND');
    expect(truth).toEqual(same);
    const items = itemsInDemand(shop.history, cut);
    const totals = (from: number) => {
      const { units } = dailyUnits(shop.history, items, from, 14);
      return Float64Array.from(items, (_, at) =>
        units.subarray(at * 14, at * 14 + 14).reduce((sum, day) => sum + day, 0),
      );
    };
    const actual = totals(cut);
    const before = totals(cut - 14 * 86_400_000);
    expect(items.length).toBeGreaterThan(15);
    const errors = actual.reduce((sum, count, at) => sum + Math.abs(count - before[at]), 0);
    const naive = errors / actual.reduce((sum, count) => sum + count, 0);
    expect(metric(truth, 'WAPE').value).toBeLessThan(0.95 * naive);
  });
});
