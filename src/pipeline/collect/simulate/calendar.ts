import type { Random } from '../../../nn/random.js';
import { DAY_MS } from '../../index.js';
import type { SimulationOptions } from './simulation-options.js';

/** Days behind the shop's clock that are still known, so that every window from a cut before it has a truth. */
const AFTER_DAYS = 120;
const WEEKDAY_FACTORS = [0.8, 1.1, 1.05, 1, 1, 1.15, 0.9];
const YEAR_SWING = 0.25;
/** Early December, as an angle of the year. */
const PEAK = 0.93 * 2 * Math.PI;
/** A sale of one category starts about once in so many days. */
const SALE_EVERY_DAYS = 30;
const SALE_DAYS = 4;
const SALE = { demand: 2.5, conversion: 1.2, price: 0.8 };
const CATEGORY_SWING = 0.5;

export interface Sale {
  /** First day and the day after the last, counted from the start. */
  readonly from: number;
  readonly to: number;
  readonly category: number;
}

/** What the days of the shop are like; the same for every user. All arrays are by day from the start. */
export interface Calendar {
  readonly start: number;
  /** Days of the shop; the arrays go on behind them. */
  readonly days: number;
  /** [days] multiplies the visit rate. */
  readonly visits: Float64Array;
  /** [days + 1] visits summed up over the days before. */
  readonly visitsBefore: Float64Array;
  /** [days] multiplies the hazard of leaving. */
  readonly leaving: Float64Array;
  readonly leavingBefore: Float64Array;
  /** [days] share of visits that end in an order. */
  readonly conversion: Float64Array;
  /** [days × categories] multiplies what is chosen of a category. */
  readonly categories: Float64Array;
  /** [days × categories] of the list price. */
  readonly prices: Float32Array;
  /** [days] share of the tastes that has changed over. */
  readonly drifted: Float64Array;
  readonly sales: readonly Sale[];
}

/** @param categories how many the catalogue has */
export function makeCalendar(
  { days, start, drift }: SimulationOptions,
  conversion: number,
  categories: number,
  random: Random,
): Calendar {
  const all = days + AFTER_DAYS;
  const sales = makeSales(all, categories, random);
  const phases = Array.from({ length: categories }, () => 2 * Math.PI * random.uniform());
  const calendar = {
    start,
    days,
    visits: new Float64Array(all),
    leaving: new Float64Array(all).fill(1),
    conversion: new Float64Array(all).fill(conversion),
    categories: new Float64Array(all * categories),
    prices: new Float32Array(all * categories).fill(1),
    drifted: new Float64Array(all),
    sales,
  };
  const strength = drift?.strength ?? 0;
  for (let day = 0; day < all; day++) {
    const time = new Date(start + day * DAY_MS);
    const year = (2 * Math.PI * (time.getTime() / DAY_MS)) / 365.25;
    const isDrifted = drift !== null && day >= drift.day;
    calendar.visits[day] =
      WEEKDAY_FACTORS[time.getUTCDay()] *
      Math.exp(YEAR_SWING * Math.cos(year - PEAK)) *
      (isDrifted ? 1 - 0.4 * strength : 1);
    if (isDrifted) calendar.leaving[day] = 1 + 1.5 * strength;
    if (isDrifted) calendar.drifted[day] = strength;
    for (let category = 0; category < categories; category++)
      calendar.categories[day * categories + category] = Math.exp(
        CATEGORY_SWING * Math.cos(year - phases[category]),
      );
  }
  for (const { from, to, category } of sales) {
    for (let day = from; day < Math.min(to, all); day++) {
      calendar.conversion[day] = Math.min(1, conversion * SALE.conversion);
      calendar.categories[day * categories + category] *= SALE.demand;
      calendar.prices[day * categories + category] = SALE.price;
    }
  }
  return { ...calendar, visitsBefore: before(calendar.visits), leavingBefore: before(calendar.leaving) };
}

function makeSales(days: number, categories: number, random: Random): Sale[] {
  const sales: Sale[] = [];
  for (
    let day = random.integer(SALE_EVERY_DAYS);
    day < days;
    day += SALE_DAYS + random.integer(2 * SALE_EVERY_DAYS)
  )
    sales.push({ from: day, to: day + SALE_DAYS, category: random.integer(categories) });
  return sales;
}

function before(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (let at = 0; at < values.length; at++) sums[at + 1] = sums[at] + values[at];
  return sums;
}

/** The first day from `from` on by whose end the sum reaches `target`; the number of days where none does. */
export function dayOf(sumsBefore: Float64Array, from: number, target: number): number {
  let low = from;
  let high = sumsBefore.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sumsBefore[middle + 1] >= target) high = middle;
    else low = middle + 1;
  }
  return low;
}
