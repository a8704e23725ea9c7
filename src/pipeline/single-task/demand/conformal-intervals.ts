/**
 * Prediction intervals that follow an item's own days, calibrated on past forecasts by level: conformalized quantile regression (Romano, Patterson
 * and Candès, NeurIPS 2019) with groups (Vovk et al., 2003).
 */
import { DAY_MS, type DemandSeries } from '../../index.js';
import { DEMAND_DAYS, type DemandHistory, sellingItems, seriesBefore, unitsFrom } from './demand-history.js';

/** An item's own days are looked at so far back. */
const OWN_DAYS = 84;
/** A weekday with less than this share of a week's sales is closed: it tells nothing of an item. */
const LEAST_SHARE = 0.01;
/** Forecasts below this many units a day teach nothing. */
const LEAST_UNITS = 0.01;
/** Past forecasts are grouped by level: these shares of them lie below the ends of the groups. */
const GROUPS = [0.3, 0.6, 0.8, 0.95, 1] as const;
const LOW = 0.1;
const HIGH = 0.9;
const BOTH = 0.8;

/** How far beyond (or within) an item's own quantiles an interval reaches, by level of the forecast. */
export interface IntervalReach {
  /** Upper ends of the groups, units a day; the last is open. */
  readonly ends: readonly number[];
  /** Of items that often sell nothing: their interval begins at 0 and goes up to their own 80 % quantile, times this. */
  readonly oneSided: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** An interval as wide as the item's own quantiles say. */
export const OWN_REACH: IntervalReach = { ends: [], oneSided: [1], low: [1], high: [1] };

/** What forecasts are made from: a shop's weekdays and its first day. */
export interface ShopDays {
  /** [7] share of a week's sales by weekday, Sunday first. */
  readonly weekdays: ArrayLike<number>;
  /** The shop's first day, milliseconds. */
  readonly startDay: number;
}

interface OwnQuantiles {
  /** [items] units of a day over what its weekday lets expect. */
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** The central 80 % of each item's open days; up to the 80 % quantile where more than a tenth of them sold nothing. */
function ownQuantiles({ units, days, startDay, itemIds }: DemandSeries, shop: ShopDays): OwnQuantiles {
  const first = Math.max(0, days - OWN_DAYS, Math.round((shop.startDay - startDay) / DAY_MS));
  const shares: { day: number; share: number }[] = [];
  for (let day = first; day < days; day++) {
    const share = shop.weekdays[new Date(startDay + day * DAY_MS).getUTCDay()];
    if (share >= LEAST_SHARE) shares.push({ day, share });
  }
  const whole = shares.reduce((sum, { share }) => sum + share, 0);
  const low = new Float32Array(itemIds.length);
  const high = new Float32Array(itemIds.length).fill(2);
  itemIds.forEach((_, item) => {
    const sold = shares.reduce((sum, { day }) => sum + units[item * days + day], 0);
    if (!(sold > 0)) return;
    const ratios = shares.map(({ day, share }) => (units[item * days + day] * whole) / (sold * share));
    ratios.sort((a, b) => a - b);
    low[item] = quantile(ratios, LOW);
    high[item] = quantile(ratios, low[item] > 0 ? HIGH : BOTH) || 2;
  });
  return { low, high };
}

interface Ends {
  readonly low: number;
  readonly high: number;
}

/** The item's own interval around a forecast; it always holds the forecast. */
const ownEnds = (forecast: number, { low, high }: OwnQuantiles, item: number): Ends => ({
  low: Math.min(forecast, forecast * low[item]),
  high: forecast * Math.max(1.1, high[item]),
});

/**
 * How far intervals must reach so that 80 % of the days of the last three fortnights before the cut lay inside, by level of the forecast.
 *
 * @param unitsOf the model's forecast of a series: [items × horizonDays] units a day
 */
export function pastReach(
  history: DemandHistory,
  unitsOf: (series: DemandSeries, horizonDays: number) => Float32Array,
): IntervalReach {
  const misses: { forecast: number; isOneSided: boolean; below: number; above: number }[] = [];
  for (const back of [1, 2, 3]) {
    const day = history.days - back * DEMAND_DAYS;
    if (day < DEMAND_DAYS * 2) break;
    const items = sellingItems(history, day, 1);
    const past = seriesBefore(history, items, day);
    const forecasts = unitsOf(past, DEMAND_DAYS);
    const own = ownQuantiles(past, history);
    unitsFrom(history, items, day, DEMAND_DAYS).forEach((actual, at) => {
      const forecast = forecasts[at];
      if (forecast < LEAST_UNITS) return;
      const item = Math.floor(at / DEMAND_DAYS);
      const { low, high } = ownEnds(forecast, own, item);
      misses.push({
        forecast,
        isOneSided: own.low[item] <= 0,
        below: (forecast - actual) / Math.max(1e-9, forecast - low),
        above: (actual - forecast) / (high - forecast),
      });
    });
  }
  if (misses.length < GROUPS.length) return OWN_REACH;
  misses.sort((a, b) => a.forecast - b.forecast);
  const parts = GROUPS.map((end, at) =>
    misses.slice(Math.floor((GROUPS[at - 1] ?? 0) * misses.length), Math.floor(end * misses.length)),
  );
  const reach = (values: number[], share: number) =>
    values.length === 0
      ? 1
      : Math.max(
          0,
          quantile(
            values.sort((a, b) => a - b),
            share,
          ),
        );
  const twoSided = parts.map((part) => part.filter(({ isOneSided }) => !isOneSided));
  return {
    ends: parts.slice(0, -1).map((part) => part[part.length - 1]?.forecast ?? 0),
    oneSided: parts.map((part) =>
      reach(
        part.filter(({ isOneSided }) => isOneSided).map(({ below, above }) => Math.max(below, above)),
        BOTH,
      ),
    ),
    low: twoSided.map((part) =>
      reach(
        part.map(({ below }) => below),
        HIGH,
      ),
    ),
    high: twoSided.map((part) =>
      reach(
        part.map(({ above }) => above),
        HIGH,
      ),
    ),
  };
}

/** 80 % intervals around forecasts of a series; each holds its forecast, and none reaches below 0. @param units [items × horizonDays] */
export function conformalIntervals(
  units: Float32Array,
  series: DemandSeries,
  shop: ShopDays,
  reach: IntervalReach,
): { low: Float32Array; high: Float32Array } {
  const own = ownQuantiles(series, shop);
  const horizonDays = units.length / Math.max(1, series.itemIds.length);
  const low = new Float32Array(units.length);
  const high = new Float32Array(units.length);
  units.forEach((forecast, at) => {
    const item = Math.floor(at / horizonDays);
    const found = reach.ends.findIndex((end) => forecast <= end);
    const group = found < 0 ? reach.ends.length : found;
    const ends = ownEnds(forecast, own, item);
    const isOneSided = own.low[item] <= 0;
    const below = isOneSided ? reach.oneSided[group] : reach.low[group];
    const above = isOneSided ? reach.oneSided[group] : reach.high[group];
    low[at] = Math.max(0, forecast - below * (forecast - ends.low));
    high[at] = forecast + above * (ends.high - forecast);
  });
  return { low, high };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
