import { describe, expect, test } from '@jest/globals';

import { type BehaviourRow, type BehaviourType, DAY_MS } from '../../../../src/pipeline/index.js';
import {
  affinities,
  CANDIDATE_FEATURE_COUNT,
  CANDIDATE_FEATURES,
  itemState,
  userItems,
  writeCandidates,
} from '../../../../src/pipeline/preprocess/index.js';
import { shopWithTastes, TASTE_START } from '../../../support/shop-with-tastes.js';

const USERS = 30;
/** Orders weekly as the others do, and does these besides. */
const USER = USERS - 1;
const CUT = TASTE_START + 60 * DAY_MS;
const row = (item: number, daysAgo: number, type: BehaviourType, session: number): BehaviourRow => ({
  user: USER,
  item,
  type,
  occurredAt: CUT - daysAgo * DAY_MS,
  quantity: 1,
  value: type === 'PURCHASE' ? 5 : 0,
  session,
});

const history = shopWithTastes({
  users: USERS,
  items: 12,
  groups: 3,
  days: 60,
  seed: 4,
  extra: [
    // Item 2: looked at in two visits, the second time twice.
    row(2, 40, 'VIEW', 9001),
    row(2, 10, 'VIEW', 9002),
    row(2, 10, 'FAVOURITE', 9002),
    // Item 5: looked at and bought in one visit, looked at once more later.
    row(5, 20.5, 'VIEW', 9003),
    row(5, 20.4, 'ADD_TO_CART', 9003),
    row(5, 20.3, 'PURCHASE', 9003),
    row(5, 5, 'VIEW', 9004),
    // After the cut.
    row(5, -1, 'VIEW', 9005),
  ],
});
const state = itemState(history, CUT);
const vocabularyOf = state.vocabulary.indicesOf(history.items.map(({ id }) => id));
const itemsOf = (user: number) => userItems(history, user, CUT, vocabularyOf, state.vocabulary.size);
const columnOf = (name: string) => CANDIDATE_FEATURES.findIndex((feature) => feature === name);

function looksOf(user: number, item: number, names = ['looks', 'looksDecayed']): number[] {
  const own = itemsOf(user);
  const rows = new Float32Array(state.vocabulary.size * CANDIDATE_FEATURE_COUNT);
  writeCandidates(state, own, affinities(state, own), null, rows);
  return names.map((name) => rows[vocabularyOf[item] * CANDIDATE_FEATURE_COUNT + columnOf(name)]);
}

describe('looks at an item', () => {
  test('count visits in which it was not bought, once each, and fade with 30 days', () => {
    const [looks, decayed] = looksOf(USER, 2);
    expect(looks).toBeCloseTo(Math.log1p(2), 5);
    expect(decayed).toBeCloseTo(Math.log1p(Math.exp(-40 / 30) + Math.exp(-10 / 30)), 5);
  });

  test('what is bought in the visit is no look, a later visit is', () => {
    const [looks, decayed] = looksOf(USER, 5);
    expect(looks).toBeCloseTo(Math.log1p(1), 5);
    expect(Math.abs(decayed - Math.log1p(Math.exp(-5 / 30)))).toBeLessThan(0.02);
  });

  test('count with orders as visits to the item, and as a share of all', () => {
    const own = itemsOf(USER);
    const all = own.orders.reduce((sum, orders) => sum + orders, 0) + 2 + 1;
    const names = ['isSeen', 'visits', 'visitShare', 'seenTimesItems'];
    const [isSeen, visits, share, items] = looksOf(USER, 2, names);
    expect(isSeen).toBe(1);
    const times = own.orders[own.items.indexOf(vocabularyOf[2])] + 2;
    expect(times).toBeGreaterThan(2);
    expect(visits).toBeCloseTo(Math.log(times), 5);
    expect(share).toBeCloseTo(Math.log(times / all), 5);
    expect(items).toBeCloseTo(Math.log(own.items.length), 5);
    const stranger = Array.from({ length: 12 }, (_, item) => item).find(
      (item) => !own.items.includes(vocabularyOf[item]),
    );
    if (stranger === undefined) throw new Error('The user has to do with all items of the shop.');
    expect(looksOf(USER, stranger, names)).toEqual([0, 0, 0, 0]);
  });

  test('are 0 for users of whom orders alone are known', () => {
    const { looks, looksDecayed } = itemsOf(3);
    expect(looks.length).toBeGreaterThan(2);
    expect([...looks, ...looksDecayed].every((value) => value === 0)).toBe(true);
  });
});
