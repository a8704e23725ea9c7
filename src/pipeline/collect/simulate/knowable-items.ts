/** Which items a user takes next, given the history alone: taste and habits are inferred by Bayes' rule. */
import { itemsBefore, tasteLogLikelihoods, traitsBefore } from './evidence.js';
import { GRID, normalWeights } from './normal-grid.js';
import { drive, PROCESS } from './process.js';
import type { TasteItems } from './true-items.js';
import type { TruthColumns } from './truth-columns.js';
import { tasteProbabilities } from './world.js';

const TASTES_ON_GRID = Array.from(GRID, tasteProbabilities);

/**
 * [items] Exact in the taste. Habits are judged an item at a time: that there are just so many of them, and that one excludes another, is
 * left aside, which makes this a close approximation rather than the optimum.
 */
export function knowableItems(
  truth: TruthColumns,
  user: number,
  day: number,
  byTaste: TasteItems,
): Float64Array {
  const { habits, habitShare } = PROCESS;
  const evidence = itemsBefore(truth, user, day);
  const belief = traitsBefore(truth, user, day);
  const own = normalWeights(drive(belief.means, truth.world.directions.RECOMMENDATION), belief.variance);
  const likelihoods = tasteLogLikelihoods(truth, evidence);
  const largest = likelihoods.reduce((most, log) => Math.max(most, log), -Infinity);
  const tastes = likelihoods.map((log, taste) => {
    const prior = own.reduce((sum, weight, at) => sum + weight * TASTES_ON_GRID[at][taste], 0);
    return prior * Math.exp(log - largest);
  });
  const total = tastes.reduce((sum, weight) => sum + weight, 0);
  const values = new Float64Array(byTaste[0].length);
  tastes.forEach((weight, taste) => {
    if (weight / total < 1e-6) return;
    byTaste[taste].forEach((share, item) => (values[item] += (weight / total) * share));
  });
  const share = habitShare / habits;
  const { draws, visits } = evidence;
  let sum = 0;
  for (let item = 0; item < values.length; item++) {
    const plain = (1 - habitShare) * values[item];
    const seen = visits.get(item) ?? 0;
    // Odds of being a habit: as likely beforehand as to be drawn so many times, then by how often the item came up.
    const before = habits * values[item];
    const ratio =
      seen * Math.log(1 + share / Math.max(plain, 1e-12)) +
      (draws - seen) * Math.log1p(-share / (1 - Math.min(plain, 0.5)));
    const odds = Math.min(before, 0.9) * Math.exp(Math.min(ratio, 50));
    values[item] = plain + (share * odds) / (1 + odds);
    sum += values[item];
  }
  return values.map((value) => value / sum);
}
