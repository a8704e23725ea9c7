/**
 * Features of a user as of a cut, each declared once and computed by the same code in training and serving, from that user's own behaviours
 * and the item statistics alone.
 */
import type { ShopHistory } from '../index.js';
import { decayedSum, max, mean, median, min, standardDeviation, sum, sumSince } from './aggregates.js';
import type { ItemStatistics } from './item-statistics.js';
import { LOOKING_FEATURES } from './looking-features.js';
import { type UserPast, userPast } from './user-past.js';

/** A past with what several features share. */
interface Profile extends UserPast {
  readonly recency: number;
  readonly tenure: number;
  readonly spend: number;
  readonly lines: number;
  /** Days between visits. */
  readonly gaps: number[];
  /** The mean gap, shrunk to a month where there are few. */
  readonly usualGap: number;
  readonly statistics: ItemStatistics;
  readonly isFrom: (countries: readonly string[]) => boolean;
}

export interface UserFeature {
  readonly name: string;
  readonly description: string;
  /** Heavy-tailed values go through sign(x) · log(1 + |x|) before they are standardised. */
  readonly isLog: boolean;
  readonly value: (profile: Profile) => number;
}

/** Stands in for an age of something that never happened. */
const NEVER_DAYS = 400;
const TYPICAL_GAP_DAYS = 30;
/** Gaps of anyone, and their mean, that a user's own are shrunk towards. */
const GAP_PRIOR = 3;
const GAP_PRIOR_DAYS = 60;
const HAZARD_DAYS = 30;
/** Buyers that an item's loyalty is shrunk by towards the shop's. */
const LOYALTY_PRIOR = 5;

const feature = (name: string, description: string, value: UserFeature['value']): UserFeature => ({
  name,
  description,
  isLog: true,
  value,
});
const plain = (name: string, description: string, value: UserFeature['value']): UserFeature => ({
  name,
  description,
  isLog: false,
  value,
});
const orZero = (value: number): number => (Number.isFinite(value) ? value : 0);

export const USER_FEATURES: readonly UserFeature[] = [
  feature('recency', 'days since the last order', (p) => p.recency),
  feature('tenure', 'days since the first order', (p) => p.tenure),
  feature('orders', 'orders so far', (p) => p.orderAge.length),
  feature('lines', 'order lines so far', (p) => p.lines),
  feature('units', 'units bought so far', (p) => sum(p.orderUnits)),
  feature('spend', 'money spent so far', (p) => p.spend),
  feature('distinct_items', 'different items bought so far', (p) => p.items.size),
  feature('mean_price', 'mean unit price of the lines', (p) => mean(p.prices)),
  feature('median_price', 'median unit price of the lines', (p) => median(p.prices)),
  ...[7, 14, 30, 60, 90].flatMap((days) => [
    feature(
      `orders_${days}d`,
      `orders in the last ${days} days`,
      (p) => p.orderAge.filter((age) => age <= days).length,
    ),
    feature(`spend_${days}d`, `money spent in the last ${days} days`, (p) =>
      sumSince(p.orderAge, p.orderAmount, days),
    ),
  ]),
  feature('refunds', 'refunded lines so far', (p) => p.refundAge.length),
  feature('refund_amount', 'money refunded so far', (p) => sum(p.refundAmount)),
  feature(
    'refunds_60d',
    'refunded lines in the last 60 days',
    (p) => p.refundAge.filter((age) => age <= 60).length,
  ),
  feature('refund_recency', 'days since the last refund', (p) =>
    p.refundAge.length > 0 ? min(p.refundAge) : NEVER_DAYS,
  ),
  plain(
    'refund_share',
    'share of the money that was refunded',
    (p) => sum(p.refundAmount) / (p.spend + sum(p.refundAmount) + 1),
  ),
  feature('from_home_country', 'buys from the United Kingdom', (p) =>
    p.isFrom(['United Kingdom', 'GB']) ? 1 : 0,
  ),
  feature('from_near_countries', 'buys from Germany or France', (p) =>
    p.isFrom(['Germany', 'France', 'DE', 'FR']) ? 1 : 0,
  ),
  feature('visit_days', 'days with an order', (p) => p.visitDays.length),
  feature('gap_mean', 'mean days between visits', (p) => orZero(mean(p.gaps))),
  feature('gap_spread', 'standard deviation of the days between visits', (p) =>
    orZero(standardDeviation(p.gaps)),
  ),
  feature('gap_longest', 'longest time between visits', (p) => orZero(max(p.gaps))),
  feature('gap_shortest', 'shortest time between visits', (p) => orZero(min(p.gaps))),
  feature('gap_median', 'median days between visits', (p) => orZero(median(p.gaps))),
  feature('gap_last', 'days between the last two visits', (p) => p.gaps[p.gaps.length - 1] ?? 0),
  feature('visit_2_age', 'days since the last visit but one', (p) => visitAge(p, 2)),
  feature('visit_3_age', 'days since the last visit but two', (p) => visitAge(p, 3)),
  ...[15, 45, 120].map((days) =>
    feature(`visits_decayed_${days}d`, `visits, each counting half as much after ${days} days`, (p) =>
      decayedSum(
        p.visitDays.map((day) => p.cutDay - day),
        () => 1,
        days,
      ),
    ),
  ),
  feature('spend_decayed', 'log money of orders, halved every 60 days', (p) =>
    decayedSum(p.orderAge, (at) => Math.log1p(p.orderAmount[at]), 60),
  ),
  feature('order_mean', 'mean money of an order', (p) => mean(p.orderAmount)),
  feature('order_last', 'money of the last order', (p) => p.orderAmount[p.orderAmount.length - 1]),
  feature('order_largest', 'money of the largest order', (p) => max(p.orderAmount)),
  feature('order_median', 'median money of an order', (p) => median(p.orderAmount)),
  feature('order_last_lines', 'lines of the last order', (p) => p.orderLines[p.orderLines.length - 1]),
  feature('order_mean_lines', 'mean lines of an order', (p) => mean(p.orderLines)),
  feature('units_per_line', 'units a line', (p) => sum(p.orderUnits) / p.lines),
  feature('order_spread', 'spread of the log money of orders', (p) =>
    orZero(standardDeviation(p.orderAmount.map((amount) => Math.log1p(amount)))),
  ),
  feature('order_last_ratio', 'log of the last order’s money over the median', (p) =>
    Math.log((p.orderAmount[p.orderAmount.length - 1] + 1) / (median(p.orderAmount) + 1)),
  ),
  feature('hour_mean', 'mean hour of the day of orders', (p) => mean(p.orderHour)),
  feature('hour_spread', 'spread of the hour of the day of orders', (p) =>
    orZero(standardDeviation(p.orderHour)),
  ),
  ...['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'].map((name, weekday) =>
    feature(`share_${name.toLowerCase()}`, `share of orders on a ${name}`, (p) =>
      mean(p.orderWeekday.map((day) => (day === weekday ? 1 : 0))),
    ),
  ),
  feature('repeated_lines', 'share of lines that repeat an item', (p) => 1 - p.items.size / p.lines),
  feature(
    'repeated_items',
    'items bought in several orders',
    (p) => [...p.items.values()].filter((item) => item.orders > 1).length,
  ),
  feature(
    'last_order_new',
    'share of the last order’s lines with items never bought before',
    (p) => p.orderNewLines[p.orderNewLines.length - 1] / p.orderLines[p.orderLines.length - 1],
  ),
  feature(
    'active_months',
    'months (of 30 days) with an order',
    (p) => new Set(p.orderAge.map((age) => Math.floor(age / 30))).size,
  ),
  feature(
    'active_weeks',
    'weeks with an order',
    (p) => new Set(p.orderAge.map((age) => Math.floor(age / 7))).size,
  ),
  feature('item_popularity', 'mean log number of buyers of the items bought', (p) =>
    overLines(p, (item) => Math.log1p(p.statistics.buyers[item])),
  ),
  feature('item_trend', 'mean share of the items’ buyers who bought in the last 30 days', (p) =>
    overLines(p, (item) => p.statistics.recentBuyers[item] / Math.max(1, p.statistics.buyers[item])),
  ),
  feature('item_loyalty', 'how much more often buyers of the same items come back', itemLoyalty),
  plain('recency_to_gap', 'log of the days since the last order over the usual gap', (p) =>
    Math.log((p.recency + 1) / (p.usualGap + 1)),
  ),
  plain('recency_to_longest_gap', 'log of the days since the last order over the longest gap', (p) =>
    Math.log((p.recency + 1) / ((p.gaps.length > 0 ? max(p.gaps) : TYPICAL_GAP_DAYS) + 1)),
  ),
  plain('due_days', 'days until the next visit is due by the usual gap', dueDays),
  plain('due_distance', 'days between now and when the next visit is due', (p) => Math.abs(dueDays(p))),
  plain(
    'gap_hazard',
    'share of the gaps at least as long as the present one that end within 30 days',
    gapHazard,
  ),
  plain(
    'recency_to_tenure',
    'days since the last order over those since the first',
    (p) => p.recency / Math.max(p.tenure, 1e-3),
  ),
  plain('visit_rate', 'log of visits a day, shrunk', (p) =>
    Math.log(p.visitDays.length / (p.tenure + TYPICAL_GAP_DAYS)),
  ),
  plain('is_single_visit', 'has visited once only', (p) => (p.visitDays.length === 1 ? 1 : 0)),
  feature('recency_any', 'days since the last order or refund', (p) => Math.min(p.recency, ...p.refundAge)),
  feature('lines_30d', 'order lines in the last 30 days', (p) => sumSince(p.orderAge, p.orderLines, 30)),
  ...LOOKING_FEATURES,
];

/** Number of features of a user. */
export const USER_FEATURE_COUNT = USER_FEATURES.length;

/**
 * Features of users as of a cut, logarithms taken where a feature asks for it, not yet standardised.
 *
 * @param statistics aligned to `history.items`
 * @returns [users × features] row by row; zeros for a user without a purchase before the cut
 */
export function userFeatures(
  history: ShopHistory,
  users: Int32Array,
  cut: number,
  statistics: ItemStatistics,
): Float32Array {
  const values = new Float32Array(users.length * USER_FEATURE_COUNT);
  users.forEach((user, at) => {
    const raw = rawUserFeatures(history, user, cut, statistics);
    if (!raw) return;
    const start = at * USER_FEATURE_COUNT;
    for (let index = 0; index < raw.length; index++)
      values[start + index] = USER_FEATURES[index].isLog ? signedLog(raw[index]) : raw[index];
  });
  return values;
}

/** One user's features in their own units; null without a purchase before the cut. */
export function rawUserFeatures(
  history: ShopHistory,
  user: number,
  cut: number,
  statistics: ItemStatistics,
): Float64Array | null {
  const past = userPast(history, user, cut);
  if (past.orderAge.length === 0) return null;
  const profile = profileOf(past, history, user, statistics);
  const values = new Float64Array(USER_FEATURE_COUNT);
  for (let index = 0; index < USER_FEATURE_COUNT; index++)
    values[index] = orZero(USER_FEATURES[index].value(profile));
  return values;
}

const signedLog = (value: number): number => Math.sign(value) * Math.log1p(Math.abs(value));

function profileOf(past: UserPast, history: ShopHistory, user: number, statistics: ItemStatistics): Profile {
  const recency = past.orderAge[past.orderAge.length - 1];
  const [tenure] = past.orderAge;
  const gaps = past.visitDays.slice(1).map((day, at) => day - past.visitDays[at]);
  const { country } = history.users[user].attributes;
  // Added to, not copied: a hundred thousand of these are made for one training.
  return Object.assign(past, {
    recency,
    tenure,
    spend: sum(past.orderAmount),
    lines: sum(past.orderLines),
    gaps,
    usualGap: (tenure - recency + TYPICAL_GAP_DAYS) / (gaps.length + 1),
    statistics,
    isFrom: (countries: readonly string[]) => typeof country === 'string' && countries.includes(country),
  });
}

function dueDays(profile: Profile): number {
  return profile.gaps.length > 0 ? profile.usualGap - profile.recency : 0;
}

/** The user's own gaps, and beside them a few as anyone has, which fall off evenly. */
function gapHazard({ gaps, recency }: Profile): number {
  const longerThan = (days: number) =>
    gaps.filter((gap) => gap > days).length + GAP_PRIOR * Math.exp(-days / GAP_PRIOR_DAYS);
  return gaps.length > 0 ? 1 - longerThan(recency + HAZARD_DAYS) / longerThan(recency) : 0;
}

function visitAge(profile: Profile, back: number): number {
  const day = profile.visitDays[profile.visitDays.length - back];
  return day === undefined ? 0 : profile.cutDay - day;
}

function overLines(profile: Profile, value: (item: number) => number): number {
  let total = 0;
  let lines = 0;
  for (const [item, { lines: count }] of profile.items) {
    total += count * value(item);
    lines += count;
  }
  return lines > 0 ? total / lines : 0;
}

/** Mean log ratio of loyal buyers of the user's items to the shop's, the user left out of the count. */
function itemLoyalty(profile: Profile): number {
  const { statistics, items } = profile;
  if (items.size === 0 || statistics.loyalShare === 0) return 0;
  const self = profile.orderAge.length > 1 ? 1 : 0;
  let total = 0;
  for (const item of items.keys()) {
    const loyal = Math.max(0, statistics.loyalBuyers[item] - self) + LOYALTY_PRIOR * statistics.loyalShare;
    const all = Math.max(0, statistics.buyers[item] - 1) + LOYALTY_PRIOR;
    total += Math.log(loyal / all / statistics.loyalShare);
  }
  return total / items.size;
}
