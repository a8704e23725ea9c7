/** Which items a user takes next, over the days of a window. */
import { PROCESS } from './process.js';
import type { TruthColumns } from './truth-columns.js';
import type { ShopWorld } from './world.js';

/** By taste: [items] probabilities of what is taken apart from habits, each adding up to 1. */
export type TasteItems = readonly Float64Array[];

const cache = new WeakMap<ShopWorld, { key: string; byTaste: TasteItems }>();

/** Days count by how many orders they bring. @param from day counted from the start */
export function tasteItems(world: ShopWorld, from: number, days: number): TasteItems {
  const key = `${from}/${days}`;
  const known = cache.get(world);
  if (known?.key === key) return known.byTaste;
  const { catalogue, calendar, categoryShares } = world;
  const { tastes, categories, category, shares, items } = catalogue;
  const byTaste = Array.from({ length: tastes }, (_, taste) => {
    const ofCategory = new Float64Array(categories);
    let total = 0;
    for (let day = from; day < from + days; day++) {
      const weight = calendar.visits[day] * calendar.conversion[day];
      total += weight;
      for (let at = 0; at < categories; at++)
        ofCategory[at] += weight * categoryShares[(day * tastes + taste) * categories + at];
    }
    return Float64Array.from(
      category,
      (of, item) => (ofCategory[of] / total) * shares[taste * items.length + item],
    );
  });
  cache.set(world, { key, byTaste });
  return byTaste;
}

/** [items] for a user whose taste and habits are known. */
export function itemProbabilities(truth: TruthColumns, user: number, byTaste: TasteItems): Float64Array {
  const values = byTaste[truth.tastes[user]].map((share) => (1 - PROCESS.habitShare) * share);
  for (let at = 0; at < PROCESS.habits; at++)
    values[truth.habits[user * PROCESS.habits + at]] += PROCESS.habitShare / PROCESS.habits;
  return values;
}
