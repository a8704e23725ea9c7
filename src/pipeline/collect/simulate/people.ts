import type { Random } from '../../../nn/random.js';
import type { HistoryUser } from '../../index.js';
import { dayOf } from './calendar.js';
import { drive, leavingRateOf, PROCESS, TRAIT_COUNT, visitRateOf } from './process.js';
import { type ShopWorld, tasteProbabilities } from './world.js';

/** One user as made: what no shop ever sees. */
export interface Person {
  readonly traits: Float64Array;
  readonly visitRate: number;
  readonly leavingRate: number;
  readonly taste: number;
  /** Items that the user comes back for; one may stand there twice. */
  readonly habits: Int32Array;
  /** Day of the first visit, and the first day on which the user is gone for good (the number of known days: not within them). */
  readonly arrivalDay: number;
  readonly leavingDay: number;
}

export function drawPerson(world: ShopWorld, random: Random): Person {
  const { calendar, catalogue, directions } = world;
  const traits = Float64Array.from({ length: TRAIT_COUNT }, () => random.normal());
  const visitRate = visitRateOf(drive(traits, directions.PURCHASE_INTENT));
  const leavingRate = leavingRateOf(drive(traits, directions.CHURN));
  const taste = drawIndex(tasteProbabilities(drive(traits, directions.RECOMMENDATION)), random);
  const { categories, tasteCategories } = catalogue;
  const ownCategories = tasteCategories.subarray(taste * categories, (taste + 1) * categories);
  const habits = Int32Array.from({ length: PROCESS.habits }, () =>
    drawItemOf(catalogue, taste, drawIndex(ownCategories, random), random),
  );
  const arrivalDay = random.integer(calendar.days);
  const left = calendar.leavingBefore[arrivalDay + 1] + exponential(random) / leavingRate;
  return {
    traits,
    visitRate,
    leavingRate,
    taste,
    habits,
    arrivalDay,
    leavingDay: dayOf(calendar.leavingBefore, arrivalDay + 1, left),
  };
}

/** The days of a user's visits, the first one included, before the shop's clock. */
export function drawVisitDays({ calendar }: ShopWorld, person: Person, random: Random): number[] {
  const { visitsBefore } = calendar;
  const last = Math.min(person.leavingDay, calendar.days);
  const days: number[] = [];
  for (let day = person.arrivalDay; day < last;) {
    days.push(day);
    // A day with several arrivals is one visit: what follows in the day is drawn anew from the next day on.
    day = dayOf(visitsBefore, day + 1, visitsBefore[day + 1] + exponential(random) / person.visitRate);
  }
  return days;
}

const COUNTRIES = [
  { share: 0.6, country: 'United Kingdom', countryCode: 'GB' },
  { share: 0.15, country: 'Germany', countryCode: 'DE' },
  { share: 0.15, country: 'France', countryCode: 'FR' },
  { share: 0.1, country: 'Netherlands', countryCode: 'NL' },
];

/** What the shop knows of the user from the start. The country drives nothing. */
export function describeUser(user: number, random: Random): HistoryUser {
  const { country, countryCode } = COUNTRIES[drawIndex(COUNTRY_SHARES, random)];
  return { id: `u${user}`, attributes: { country, countryCode } };
}
const COUNTRY_SHARES = COUNTRIES.map(({ share }) => share);

/** Draws an item of a category as a taste likes them. */
export function drawItemOf(
  { tables, categories, categoryStart }: ShopWorld['catalogue'],
  taste: number,
  category: number,
  random: Random,
): number {
  return categoryStart[category] + tables[taste * categories + category].draw(random);
}

/** The next item of a user: a habit, or what the taste likes that day. */
export function drawItem(world: ShopWorld, person: Person, day: number, random: Random): number {
  if (random.uniform() < PROCESS.habitShare) return person.habits[random.integer(PROCESS.habits)];
  const { categories, tastes } = world.catalogue;
  const start = (day * tastes + person.taste) * categories;
  let left = random.uniform();
  let category = 0;
  while (category < categories - 1) {
    left -= world.categoryShares[start + category];
    if (left < 0) break;
    category++;
  }
  return drawItemOf(world.catalogue, person.taste, category, random);
}

/** Index drawn with probabilities that add up to 1. */
function drawIndex(shares: ArrayLike<number>, random: Random): number {
  let left = random.uniform();
  for (let at = 0; at < shares.length - 1; at++) {
    left -= shares[at];
    if (left < 0) return at;
  }
  return shares.length - 1;
}

export function exponential(random: Random): number {
  return -Math.log(1 - random.uniform());
}
