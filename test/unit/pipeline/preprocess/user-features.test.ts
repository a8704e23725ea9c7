import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  BEHAVIOUR_TYPES,
  type BehaviourRow,
  DAY_MS,
  type ShopHistory,
} from '../../../../src/pipeline/index.js';
import {
  alignStatistics,
  itemStatistics,
  rawUserFeatures,
  USER_FEATURE_COUNT,
  USER_FEATURES,
  userFeatures,
} from '../../../../src/pipeline/preprocess/index.js';
import { shopWithRates, withRows } from '../../../support/shop-with-rates.js';

const CUT = Date.UTC(2026, 5, 1);
const HOUR_MS = DAY_MS / 24;
const { history: frame } = shopWithRates({ users: 5, items: 7, days: 1, seed: 1 });

/** Features of user 0 by name, in their own units. */
function featuresOf(rows: readonly BehaviourRow[], cut = CUT): Record<string, number> {
  const history = withRows(frame, rows);
  const raw = rawUserFeatures(history, 0, cut, itemStatistics(history, cut));
  if (!raw) throw new Error('The user has no features.');
  return Object.fromEntries(USER_FEATURES.map(({ name }, at) => [name, raw[at]]));
}

const buy = (daysAgo: number, change: Partial<BehaviourRow> = {}): BehaviourRow => ({
  user: 0,
  item: 0,
  type: 'PURCHASE',
  occurredAt: CUT - daysAgo * DAY_MS,
  quantity: 1,
  value: 10,
  session: Math.round(daysAgo * 100),
  ...change,
});

/** Pasts of up to five users, within 300 days before the cut. */
const pasts = fc
  .array(
    fc.record({
      user: fc.nat(4),
      item: fc.integer({ min: -1, max: 6 }),
      type: fc.constantFrom(...BEHAVIOUR_TYPES, 'PURCHASE' as const, 'PURCHASE' as const),
      // Whole minutes; each row a time of its own, so that their order says nothing.
      occurredAt: fc.integer({ min: 1, max: 300 * 24 * 60 }).map((minutes) => CUT - minutes * 60_000),
      quantity: fc.integer({ min: 1, max: 20 }),
      value: fc.integer({ min: 0, max: 500 }),
      session: fc.integer({ min: -1, max: 12 }),
    }),
    { maxLength: 60 },
  )
  .map((rows): BehaviourRow[] => [buy(1.234, { occurredAt: CUT - 1, session: 99 }), ...rows]);

describe('by hand', () => {
  const rows = [
    // Two lines of one order, 40 days ago; then two orders on one day, 10 days ago; a refund 5 days ago.
    buy(40, { item: 1, quantity: 2, value: 20, session: 1 }),
    buy(40, { item: 2, quantity: 4, value: 8, session: 1 }),
    buy(10, { item: 1, quantity: 1, value: 12, session: 2 }),
    buy(10 - 1 / 24, { item: 3, quantity: 3, value: 30, session: 3 }),
    buy(5, { item: 3, type: 'REFUND', quantity: 1, value: 10, session: 4 }),
    buy(2, { item: 5, type: 'VIEW', value: 0, session: 5 }),
  ];
  const found = featuresOf(rows);

  test('counts, money and times', () => {
    expect(found).toMatchObject({
      tenure: 40,
      orders: 3,
      lines: 4,
      units: 10,
      spend: 70,
      distinct_items: 3,
      orders_7d: 0,
      orders_14d: 2,
      orders_30d: 2,
      orders_60d: 3,
      spend_14d: 42,
      spend_60d: 70,
      refunds: 1,
      refund_amount: 10,
      refund_recency: 5,
      visit_days: 2,
      gap_mean: 30,
      gap_last: 30,
      gap_spread: 0,
      visit_2_age: 40,
      visit_3_age: 0,
      order_last: 30,
      order_largest: 30,
      order_median: 28,
      order_last_lines: 1,
      units_per_line: 2.5,
      repeated_items: 1,
      last_order_new: 1,
      is_single_visit: 0,
      from_home_country: 0,
      from_near_countries: 1,
      lines_30d: 2,
      active_months: 2,
    });
    expect(found.recency).toBeCloseTo(10 - 1 / 24, 8);
    expect(found.recency_any).toBe(5);
    expect(found.refund_share).toBeCloseTo(10 / 81, 8);
    expect(found.repeated_lines).toBeCloseTo(1 - 3 / 4, 8);
    expect(found.mean_price).toBeCloseTo((10 + 2 + 12 + 10) / 4, 8);
    expect(found.median_price).toBe(10);
    expect(found.recency_to_tenure).toBeCloseTo((10 - 1 / 24) / 40, 8);
    expect(found.visits_decayed_15d).toBeCloseTo(2 ** (-40 / 15) + 2 ** (-10 / 15), 8);
  });

  test('items’ statistics: popularity, trend and loyalty of what was bought', () => {
    const others = [
      buy(20, { user: 1, item: 1, session: 10 }),
      buy(20, { user: 2, item: 1, session: 11 }),
      buy(3, { user: 2, item: 4, session: 12 }),
      buy(50, { user: 3, item: 2, session: 13 }),
    ];
    const history = withRows(frame, [...rows, ...others]);
    const statistics = itemStatistics(history, CUT);
    expect([...statistics.buyers]).toEqual([0, 3, 2, 1, 1, 0, 0]);
    expect([...statistics.recentBuyers]).toEqual([0, 3, 0, 1, 1, 0, 0]);
    // Users 0 and 2 have several orders; user 0 bought items 1, 2 and 3, user 2 items 1 and 4.
    expect([...statistics.loyalBuyers]).toEqual([0, 2, 1, 1, 1, 0, 0]);
    expect(statistics.loyalShare).toBeCloseTo(2 / 4, 8);
    const raw = featuresOf([...rows, ...others]);
    expect(raw.item_popularity).toBeCloseTo((2 * Math.log(4) + Math.log(3) + Math.log(2)) / 4, 6);
    expect(raw.item_trend).toBeCloseTo((2 * 1 + 0 + 1) / 4, 6);
    // User 0 left out: item 1 has 1 loyal of 2 others, item 2 none of 1, item 3 nobody; each shrunk by five at one half.
    const loyalty = [(1 + 2.5) / 7, 2.5 / 6, 2.5 / 5].map((share) => Math.log(share / 0.5));
    expect(raw.item_loyalty).toBeCloseTo((loyalty[0] + loyalty[1] + loyalty[2]) / 3, 6);
    const turned = alignStatistics(statistics, ['i4', 'new', 'i1']);
    expect([...turned.buyers]).toEqual([1, 0, 3]);
  });

  test('lines without a session form one order when they share their time', () => {
    const alone = { session: -1 };
    expect(featuresOf([buy(9, alone), buy(9, { ...alone, item: 1 }), buy(8, alone)]).orders).toBe(2);
    expect(featuresOf([buy(9, { session: 4 }), buy(8, { session: 4 })]).orders).toBe(1);
  });

  test('heavy-tailed features go in by their logarithm, sign kept', () => {
    const history = withRows(frame, rows);
    const values = userFeatures(history, Int32Array.of(0), CUT, itemStatistics(history, CUT));
    const at = (name: string) => values[USER_FEATURES.findIndex((feature) => feature.name === name)];
    expect(at('spend')).toBeCloseTo(Math.log1p(70), 5);
    expect(at('refund_share')).toBeCloseTo(10 / 81, 5);
    expect(at('order_last_ratio')).toBeCloseTo(Math.log1p(Math.log(31 / 29)), 5);
  });
});

describe('properties', () => {
  const all = (rows: readonly BehaviourRow[], cut: number, of: ShopHistory = frame) => {
    const history = withRows(of, rows);
    return userFeatures(history, Int32Array.of(0, 1, 2, 3, 4), cut, itemStatistics(history, cut));
  };
  const close = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).every((value, at) => Math.abs(value - b[at]) <= 1e-5 * (1 + Math.abs(value)));

  test('every feature is a number, for any past', () => {
    fc.assert(fc.property(pasts, (rows) => all(rows, CUT).every(Number.isFinite)));
  });

  test('the order in which rows came in says nothing', () => {
    const shuffled = pasts.chain((rows) =>
      fc.tuple(
        fc.constant(
          rows.filter(({ occurredAt }, at) => rows.findIndex((row) => row.occurredAt === occurredAt) === at),
        ),
        fc.infiniteStream(fc.nat()),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([rows, keys]) => {
        const order = rows.map((row) => ({ row, key: keys.next().value as number }));
        const turned = order.sort((a, b) => a.key - b.key).map(({ row }) => row);
        return close(all(rows, CUT), all(turned, CUT));
      }),
    );
  });

  test('whole weeks later everything is the same', () => {
    fc.assert(
      fc.property(pasts, fc.integer({ min: -200, max: 200 }), (rows, weeks) => {
        const shift = weeks * 7 * DAY_MS;
        const moved = rows.map((row) => ({ ...row, occurredAt: row.occurredAt + shift }));
        return close(all(rows, CUT), all(moved, CUT + shift));
      }),
    );
  });

  test('a user’s features hold whatever other users are asked about', () => {
    fc.assert(
      fc.property(pasts, (rows) => {
        const history = withRows(frame, rows);
        const statistics = itemStatistics(history, CUT);
        const [alone, last] = [Int32Array.of(0), Int32Array.of(4, 2, 0)].map((users) =>
          userFeatures(history, users, CUT, statistics),
        );
        return alone.every((value, at) => value === last[2 * USER_FEATURE_COUNT + at]);
      }),
    );
  });

  test('windows are nested and never hold more than the whole', () => {
    fc.assert(
      fc.property(pasts, (rows) => {
        const found = featuresOf(rows);
        for (const kind of ['orders', 'spend']) {
          const nested = [7, 14, 30, 60, 90].map((days) => found[`${kind}_${days}d`]);
          nested.push(found[kind]);
          nested.forEach((value, at) => expect(value).toBeGreaterThanOrEqual(nested[at - 1] ?? 0));
        }
        const decayed = [15, 45, 120].map((days) => found[`visits_decayed_${days}d`]);
        [...decayed, found.visit_days].forEach((value, at, list) =>
          expect(value).toBeGreaterThanOrEqual(list[at - 1] ?? 0),
        );
      }),
    );
  });

  test('counts add up to the rows', () => {
    fc.assert(
      fc.property(pasts, (rows) => {
        const own = rows.filter(({ user }) => user === 0);
        const bought = own.filter(({ type }) => type === 'PURCHASE');
        const returned = own.filter(({ type }) => type === 'REFUND');
        const total = (list: readonly BehaviourRow[], value: (row: BehaviourRow) => number) =>
          list.reduce((sum, row) => sum + value(row), 0);
        const found = featuresOf(rows);
        expect(found.lines).toBe(bought.length);
        expect(found.units).toBe(total(bought, ({ quantity }) => quantity));
        expect(found.spend).toBeCloseTo(
          total(bought, ({ value }) => value),
          6,
        );
        expect(found.refunds).toBe(returned.length);
        expect(found.refund_amount).toBeCloseTo(
          total(returned, ({ value }) => value),
          6,
        );
        expect(found.distinct_items).toBe(new Set(bought.flatMap(({ item }) => (item < 0 ? [] : item))).size);
        // An order that runs past midnight is a visit of the day it began on.
        const days = new Set(bought.map(({ occurredAt }) => Math.floor(occurredAt / DAY_MS)));
        expect(found.visit_days).toBeLessThanOrEqual(Math.min(days.size, found.orders));
        expect(found.visit_days).toBeGreaterThanOrEqual(1);
        const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
        expect(weekdays.reduce((sum, day) => sum + found[`share_${day}`], 0)).toBeCloseTo(1, 8);
        expect(found.tenure).toBeGreaterThanOrEqual(found.recency);
        expect(found.gap_longest).toBeGreaterThanOrEqual(found.gap_mean);
        expect(found.gap_mean).toBeGreaterThanOrEqual(found.gap_shortest);
      }),
    );
  });

  test('time alone makes recency grow by as much, and counts stay', () => {
    fc.assert(
      fc.property(pasts, fc.integer({ min: 1, max: 24 * 90 }), (rows, hours) => {
        const [now, later] = [featuresOf(rows), featuresOf(rows, CUT + hours * HOUR_MS)];
        for (const name of ['recency', 'tenure']) expect(later[name] - now[name]).toBeCloseTo(hours / 24, 6);
        for (const name of ['orders', 'spend', 'gap_mean', 'order_last']) expect(later[name]).toBe(now[name]);
        for (const name of ['orders_30d', 'spend_30d', 'lines_30d'])
          expect(later[name]).toBeLessThanOrEqual(now[name]);
      }),
    );
  });
});
