import { Random } from '../../../nn/random.js';
import { type Calendar, makeCalendar } from './calendar.js';
import { type Catalogue, makeCatalogue } from './catalogue.js';
import { directionOf, DRIVEN_TASKS, type DrivenTask, PROCESS } from './process.js';
import type { SimulationOptions } from './simulation-options.js';

/** Everything about a shop that is the same for all its users. */
export interface ShopWorld {
  readonly options: SimulationOptions;
  readonly catalogue: Catalogue;
  readonly calendar: Calendar;
  /** By task: [traits] the direction that drives it. */
  readonly directions: Readonly<Record<DrivenTask, Float64Array>>;
  /** [days × tastes × categories] share of a category among what a taste chooses that day. */
  readonly categoryShares: Float32Array;
}

export function makeWorld(options: SimulationOptions): ShopWorld {
  const random = new Random(options.seed);
  const catalogue = makeCatalogue(options.items, random.fork('catalogue'));
  const calendar = makeCalendar(options, PROCESS.conversion, catalogue.categories, random.fork('calendar'));
  const directions = Object.fromEntries(
    DRIVEN_TASKS.map((task) => [task, directionOf(task, options.relatedness)]),
  ) as Record<DrivenTask, Float64Array>;
  return { options, catalogue, calendar, directions, categoryShares: sharesByDay(catalogue, calendar) };
}

function sharesByDay({ tastes, categories, tasteCategories }: Catalogue, calendar: Calendar): Float32Array {
  const days = calendar.visits.length;
  const shares = new Float32Array(days * tastes * categories);
  for (let day = 0; day < days; day++) {
    const drifted = calendar.drifted[day];
    for (let taste = 0; taste < tastes; taste++) {
      const start = (day * tastes + taste) * categories;
      // With the drift, tastes come to like what others liked.
      const other = (taste + 5) % tastes;
      let total = 0;
      for (let at = 0; at < categories; at++) {
        const liking =
          (1 - drifted) * tasteCategories[taste * categories + at] +
          drifted * tasteCategories[other * categories + at];
        shares[start + at] = liking * calendar.categories[day * categories + at];
        total += shares[start + at];
      }
      for (let at = 0; at < categories; at++) shares[start + at] /= total;
    }
  }
  return shares;
}

/**
 * Probabilities of the tastes of a user with this drive of recommendation: a softmax in which the tastes stand in a row, so that the drive
 * pulls to one end.
 *
 * @returns [tastes]
 */
export function tasteProbabilities(recommendationDrive: number): Float64Array {
  const { tastes, tasteEffect } = PROCESS;
  const weights = Float64Array.from({ length: tastes }, (_, taste) =>
    Math.exp(tasteEffect * recommendationDrive * ((2 * taste) / (tastes - 1) - 1)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
