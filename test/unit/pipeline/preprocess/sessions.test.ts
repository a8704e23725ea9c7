import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  BEHAVIOUR_TYPES,
  type BehaviourRow,
  NEXT_BEHAVIOURS,
  type ShopHistory,
} from '../../../../src/pipeline/index.js';
import {
  nextBehaviourExamples,
  openSessions,
  SESSION_GAP_MS,
  sessionColumns,
  sessionOutcomeExamples,
  sessionsBefore,
} from '../../../../src/pipeline/preprocess/index.js';
import { isBlindToFuture } from '../../../support/future-of-history.js';
import { withRows } from '../../../support/shop-with-rates.js';
import { SESSION_START, shopWithSessions } from '../../../support/shop-with-sessions.js';

const MINUTE_MS = 60_000;
const LATER = SESSION_START + 1000 * MINUTE_MS;
const frame = shopWithSessions({ users: 3, items: 9, days: 0, seed: 1 });
const at = (
  minute: number,
  type: BehaviourRow['type'],
  change: Partial<BehaviourRow> = {},
): BehaviourRow => ({
  user: 0,
  item: 1,
  type,
  occurredAt: SESSION_START + minute * MINUTE_MS,
  quantity: 1,
  value: 0,
  session: -1,
  ...change,
});
const minutesOf = (history: ShopHistory, rows: Int32Array) =>
  Array.from(rows, (row) => (history.behaviours.occurredAt[row] - SESSION_START) / MINUTE_MS);

describe('sessions by hand', () => {
  test('without a number of the shop’s: until nothing happens for more than half an hour', () => {
    const shop = withRows(frame, [
      at(0, 'VIEW'),
      at(30, 'VIEW'),
      at(61, 'VIEW'),
      at(62, 'PURCHASE'),
      at(5, 'VIEW', { user: 1 }),
    ]);
    const found = sessionsBefore(shop, LATER);
    expect(found.map(({ user, rows }) => [user, minutesOf(shop, rows)])).toEqual([
      [0, [0, 30]],
      [0, [61, 62]],
      [1, [5]],
    ]);
    expect(sessionsBefore(shop, SESSION_START + 61 * MINUTE_MS, [0])).toHaveLength(1);
  });

  test('with one: by it, however long, also where two run side by side', () => {
    const shop = withRows(frame, [
      at(0, 'VIEW', { session: 7 }),
      at(1, 'VIEW', { session: 8 }),
      at(2, 'VIEW'),
      at(90, 'VIEW', { session: 7 }),
    ]);
    expect(sessionsBefore(shop, LATER).map(({ rows }) => minutesOf(shop, rows))).toEqual([[0, 90], [1], [2]]);
  });

  test('the open one is the latest, while it is not half an hour ago', () => {
    const shop = withRows(frame, [at(0, 'VIEW'), at(60, 'VIEW'), at(65, 'VIEW')]);
    const open = (minute: number) => openSessions(shop, [0, 1], SESSION_START + minute * MINUTE_MS);
    expect(open(66).map((session) => session && minutesOf(shop, session.rows))).toEqual([[60, 65], null]);
    expect(open(65)[0]!.rows).toHaveLength(1);
    expect(open(96)[0]).toBeNull();
  });
});

describe('labels by hand', () => {
  const shop = withRows(frame, [
    at(0, 'VIEW'),
    at(1, 'ADD_TO_CART'),
    at(2, 'PURCHASE'),
    at(3, 'VIEW'),
    at(100, 'VIEW'),
    at(101, 'SEARCH'),
    // An order handed in: no visit.
    at(200, 'PURCHASE', { session: 5 }),
    at(200, 'PURCHASE', { session: 5, item: 2 }),
    at(300, 'VIEW', { user: 1 }),
  ]);
  const until = SESSION_START + 310 * MINUTE_MS;

  test('what comes next; a session that may go on has not ended', () => {
    const { sessions, labels } = nextBehaviourExamples(shop, { until });
    expect(sessions.map(({ user, rows }) => [user, minutesOf(shop, rows)])).toEqual([
      [0, [0]],
      [0, [0, 1]],
      [0, [0, 1, 2]],
      [0, [0, 1, 2, 3]],
      [0, [100]],
      [0, [100, 101]],
    ]);
    expect(Array.from(labels, (label) => NEXT_BEHAVIOURS[label])).toEqual([
      'ADD_TO_CART',
      'PURCHASE',
      'VIEW',
      'END',
      'SEARCH',
      'END',
    ]);
    const later = nextBehaviourExamples(shop, { from: SESSION_START + 150 * MINUTE_MS, until: LATER });
    expect(Array.from(later.labels, (label) => NEXT_BEHAVIOURS[label])).toEqual(['END']);
  });

  test('whether a purchase follows: asked until there is one, of sessions that are over', () => {
    const { sessions, labels } = sessionOutcomeExamples(shop, { until });
    expect(sessions.map(({ rows }) => minutesOf(shop, rows))).toEqual([[0], [0, 1], [100], [100, 101]]);
    expect([...labels]).toEqual([1, 1, 0, 0]);
  });

  test('more than asked for is thinned out by sessions', () => {
    const large = shopWithSessions({ users: 40, items: 9, days: 20, seed: 2 });
    const all = nextBehaviourExamples(large, { until: LATER * 2 });
    const few = nextBehaviourExamples(large, { until: LATER * 2, maxExamples: 100 });
    expect(all.labels.length).toBeGreaterThan(500);
    expect(few.labels.length).toBeLessThan(200);
    expect(few.sessions).toHaveLength(few.labels.length);
  });
});

describe('features', () => {
  const value = (columns: ReturnType<typeof sessionColumns>, name: string) =>
    columns.find((column) => column.name === name)!.values[0];

  test('by hand', () => {
    const shop = withRows(frame, [
      at(-3000, 'VIEW', { item: 4 }),
      at(-2999, 'PURCHASE', { item: 4 }),
      at(0, 'VIEW', { item: 4 }),
      at(1, 'VIEW', { item: 6 }),
      at(4, 'ADD_TO_CART', { item: 6, value: 12 }),
      at(5, 'PURCHASE', { item: 6 }),
    ]);
    const session = sessionsBefore(shop, LATER)[1];
    const columns = sessionColumns(shop, [{ user: 0, rows: session.rows.subarray(0, 3) }]);
    const found = (name: string) => value(columns, name);
    expect(
      ['steps', 'duration', 'sinceLast', 'meanGap', 'items', 'lastItemTimes', 'cartValue'].map(found),
    ).toEqual([3, 240, 180, 120, 2, 2, 12]);
    expect(['last', 'lastButOne', 'lastButTwo', 'first'].map(found)).toEqual([
      'ADD_TO_CART',
      'VIEW',
      'VIEW',
      'VIEW',
    ]);
    expect(['count VIEW', 'count PURCHASE', 'lastPrice', 'meanPrice'].map(found)).toEqual([2, 0, 6, 5]);
    expect(['earlier', 'earlierPurchases', 'knownItems'].map(found)).toEqual([2, 1, 1]);
    expect(found('daysSincePurchase')).toBeCloseTo(2999 / 1440, 6);
  });

  const history = shopWithSessions({ users: 25, items: 9, days: 30, seed: 5 });
  const cut = SESSION_START + 20 * 1440 * MINUTE_MS;
  const numbers = (of: ShopHistory) => {
    const { sessions, labels } = nextBehaviourExamples(of, { until: cut });
    const outcome = sessionOutcomeExamples(of, { until: cut });
    const texts = sessionColumns(of, sessions).flatMap(({ values }) => Array.from(values, String));
    // Texts as numbers, so that the check can compare them.
    const codes = texts.map((text) =>
      [...text].reduce((sum, letter) => (31 * sum + letter.charCodeAt(0)) % 1e9, 7),
    );
    return [...labels, ...outcome.labels, outcome.sessions.length, ...codes];
  };

  test('nothing at or after the cut changes examples, labels or features', () => {
    expect(numbers(history).length).toBeGreaterThan(1000);
    expect(isBlindToFuture(history, cut, numbers)).toBe(true);
  });

  test('the check catches a feature of the whole session', () => {
    const leaky = (of: ShopHistory) =>
      sessionsBefore(of, Infinity)
        .filter(({ start }) => start < cut)
        .map(({ rows }) => rows.length);
    expect(isBlindToFuture(history, cut, leaky, 60)).toBe(false);
  });

  test('what comes later in the session says nothing either', () => {
    const types = fc.array(fc.constantFrom(...BEHAVIOUR_TYPES), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(types, types, (first, rest) => {
        const start = [
          at(-SESSION_GAP_MS, 'VIEW'),
          ...first.map((type, step) => at(step, type, { item: step, session: 3 })),
        ];
        const more = rest.map((type, step) => at(first.length + step, type, { item: 8, session: 3 }));
        const [alone, longer] = [withRows(frame, start), withRows(frame, [...start, ...more])];
        const columns = [alone, longer].map((shop) => {
          const session = sessionsBefore(shop, LATER).find(({ start: began }) => began === SESSION_START)!;
          return sessionColumns(shop, [{ user: 0, rows: session.rows.subarray(0, first.length) }]);
        });
        expect(columns[1]).toEqual(columns[0]);
      }),
    );
  });
});
