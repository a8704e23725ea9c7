/** What is expected of items' sales in the days after a cut, by all that is true of the users. */
import { GRID, normalWeights } from './normal-grid.js';
import { linesOf, PROCESS, TRAIT_COUNT, unitsOf, visitRateOf } from './process.js';
import type { TruthColumns } from './truth-columns.js';
import { tasteProbabilities } from './world.js';

export interface DemandTruth {
  /** [items] units over the days: expected, and their variance. */
  readonly means: Float64Array;
  readonly variances: Float64Array;
  /** [items] the middle of what may come, as a gamma of that mean and variance has it: the forecast of the least absolute error. */
  readonly medians: Float64Array;
}

/** Expected lines, units and squared units of an order by the user's trait, on a fine table. */
const STEP = 0.05;
const REACH = 6;
const NOISE = normalWeights(0, 1);
const table = (value: (trait: number) => number) =>
  Float64Array.from({ length: (2 * REACH) / STEP + 1 }, (_, at) => {
    const trait = -REACH + at * STEP;
    return NOISE.reduce(
      (sum, weight, point) => sum + weight * value(trait + PROCESS.orderNoise * GRID[point]),
      0,
    );
  });
const LINES = table(linesOf);
const UNITS = table(unitsOf);
const SQUARES = table((trait) => unitsOf(trait) ** 2);
const lookUp = (values: Float64Array, trait: number): number =>
  values[Math.min(values.length - 1, Math.max(0, Math.round((trait + REACH) / STEP)))];

/** Sums that an item's sales are put together from; by taste and day, and by item for habits. */
interface Sums {
  /** [tastes × days] lines times units, and lines times squared units, apart from habits. */
  readonly units: Float64Array;
  readonly squares: Float64Array;
  /** [items] */
  readonly habitUnits: Float64Array;
  readonly habitSquares: Float64Array;
}

/** @param from day counted from the start */
export function trueDemand(
  truth: TruthColumns,
  items: ArrayLike<number>,
  from: number,
  days: number,
): DemandTruth {
  const { catalogue, categoryShares } = truth.world;
  const { tastes, categories, category, shares } = catalogue;
  const sums: Sums = {
    units: new Float64Array(tastes * days),
    squares: new Float64Array(tastes * days),
    habitUnits: new Float64Array(catalogue.items.length),
    habitSquares: new Float64Array(catalogue.items.length),
  };
  for (let user = 0; user < truth.tastes.length; user++) {
    if (truth.arrivalDays[user] < from && truth.leavingDays[user] >= from)
      addUser(truth, user, from, days, sums);
  }
  addArrivals(truth, from, days, sums);
  const means = new Float64Array(items.length);
  const variances = new Float64Array(items.length);
  for (let at = 0; at < items.length; at++) {
    const item = items[at];
    means[at] = sums.habitUnits[item];
    variances[at] = sums.habitSquares[item];
    for (let taste = 0; taste < tastes; taste++) {
      const share = shares[taste * catalogue.items.length + item];
      for (let day = 0; day < days; day++) {
        const chosen = share * categoryShares[((from + day) * tastes + taste) * categories + category[item]];
        means[at] += chosen * sums.units[taste * days + day];
        variances[at] += chosen * sums.squares[taste * days + day];
      }
    }
  }
  return { means, variances, medians: means.map((mean, at) => gammaMedian(mean, variances[at])) };
}

/** Lines come one by one like a Poisson process: the variance of the units is the sum of their squares. */
function addUser(truth: TruthColumns, user: number, from: number, days: number, sums: Sums): void {
  const { calendar } = truth.world;
  const { habits, habitShare } = PROCESS;
  const lines = lookUp(LINES, truth.traits[user * TRAIT_COUNT + 2]);
  const units = lookUp(UNITS, truth.traits[user * TRAIT_COUNT + 1]);
  const squares = lookUp(SQUARES, truth.traits[user * TRAIT_COUNT + 1]);
  const start = truth.tastes[user] * days;
  let there = 1;
  let all = 0;
  for (let day = 0; day < days; day++) {
    there *= Math.exp(-truth.leavingRates[user] * calendar.leaving[from + day]);
    const visit = 1 - Math.exp(-truth.visitRates[user] * calendar.visits[from + day]);
    const expected = there * visit * calendar.conversion[from + day] * lines;
    all += expected;
    sums.units[start + day] += (1 - habitShare) * expected * units;
    sums.squares[start + day] += (1 - habitShare) * expected * squares;
  }
  for (let at = 0; at < habits; at++) {
    const item = truth.habits[user * habits + at];
    sums.habitUnits[item] += (habitShare / habits) * all * units;
    sums.habitSquares[item] += (habitShare / habits) * all * squares;
  }
}

/** Users who will come for the first time: as many a day as are still to come, average ones; that some leave again at once is left aside. */
function addArrivals(truth: TruthColumns, from: number, days: number, sums: Sums): void {
  const { calendar, catalogue } = truth.world;
  const { tastes } = catalogue;
  const weights = normalWeights(0, 1);
  const mean = (value: (point: number) => number) =>
    weights.reduce((sum, weight, at) => sum + weight * value(GRID[at]), 0);
  const lines = mean((point) => lookUp(LINES, point));
  const units = mean((point) => lookUp(UNITS, point));
  const squares = mean((point) => lookUp(SQUARES, point));
  const tasteShares = Array.from({ length: tastes }, (_, taste) =>
    mean((point) => tasteProbabilities(point)[taste]),
  );
  const toCome = truth.arrivalDays.reduce((sum, day) => sum + (day >= from ? 1 : 0), 0);
  const perDay = from < calendar.days ? toCome / (calendar.days - from) : 0;
  const habitPlaces = new Float64Array(catalogue.items.length);
  for (let taste = 0; taste < tastes; taste++) addHabitShares(truth, taste, tasteShares[taste], habitPlaces);
  for (let day = 0; day < days && from + day < calendar.days; day++) {
    const visit = mean((point) => 1 - Math.exp(-visitRateOf(point) * calendar.visits[from + day]));
    const expected = perDay * (1 + day * visit) * calendar.conversion[from + day] * lines;
    for (let taste = 0; taste < tastes; taste++) {
      sums.units[taste * days + day] += (1 - PROCESS.habitShare) * tasteShares[taste] * expected * units;
      sums.squares[taste * days + day] += (1 - PROCESS.habitShare) * tasteShares[taste] * expected * squares;
    }
    for (let item = 0; item < habitPlaces.length; item++) {
      sums.habitUnits[item] += PROCESS.habitShare * habitPlaces[item] * expected * units;
      sums.habitSquares[item] += PROCESS.habitShare * habitPlaces[item] * expected * squares;
    }
  }
}

function addHabitShares(truth: TruthColumns, taste: number, share: number, target: Float64Array): void {
  const { category, categories, tasteCategories, shares, items } = truth.world.catalogue;
  for (let item = 0; item < items.length; item++)
    target[item] +=
      share * tasteCategories[taste * categories + category[item]] * shares[taste * items.length + item];
}

/** Median of a gamma by its mean and variance (Wilson and Hilferty, 1931). */
function gammaMedian(mean: number, variance: number): number {
  if (!(mean > 0 && variance > 0)) return mean;
  const shape = (mean * mean) / variance;
  return mean * Math.max(0, 1 - 1 / (9 * shape)) ** 3;
}
