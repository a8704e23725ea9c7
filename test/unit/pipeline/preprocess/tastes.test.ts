import { expect, test } from '@jest/globals';

import { DAY_MS } from '../../../../src/pipeline/index.js';
import {
  affinities,
  itemState,
  MATCH_FEATURES,
  tasteLifts,
  userItems,
} from '../../../../src/pipeline/preprocess/index.js';
import { shopWithTastes, TASTE_START } from '../../../support/shop-with-tastes.js';

const GROUPS = 3;
const CUT = TASTE_START + 50 * DAY_MS;
const history = shopWithTastes({ users: 120, items: 30, groups: GROUPS, days: 80, seed: 3 });
const state = itemState(history, CUT);
const group = (index: number) => Number(state.vocabulary.ids[index].slice(1)) % GROUPS;

test('users of a taste are likelier to take to what others of it took to', () => {
  const lifts = tasteLifts(
    state.tastes,
    Int32Array.of(0, 3, 6).map((item) => state.vocabulary.indexOf(`i${item}`)),
  );
  lifts.forEach((lift, item) => {
    if (group(item) === 0) expect(lift).toBeGreaterThan(Math.log(1.5));
    else expect(lift).toBeLessThan(Math.log(0.6));
  });
});

test('of somebody unknown nothing is expected', () => {
  for (const lift of tasteLifts(state.tastes, new Int32Array(0))) expect(Math.abs(lift)).toBeLessThan(0.2);
});

test('nothing from the cut on counts, and the same history gives the same', () => {
  const kept = history.behaviours.occurredAt.filter((time) => time < CUT).length;
  expect(kept).toBeLessThan(history.behaviours.count);
  const later = {
    ...history,
    behaviours: {
      ...history.behaviours,
      item: history.behaviours.item.map((item, row) => (history.behaviours.occurredAt[row] < CUT ? item : 0)),
    },
  };
  expect(itemState(later, CUT).tastes).toEqual(state.tastes);
  expect(itemState(later, CUT).titles).toEqual(state.titles);
  const { vocabulary } = state;
  const vocabularyOf = vocabulary.indicesOf(history.items.map(({ id }) => id));
  const own = userItems(history, 4, CUT, vocabularyOf, vocabulary.size);
  const { matches } = affinities(state, own);
  expect(matches).toHaveLength(MATCH_FEATURES.length);
  expect(affinities(itemState(later, CUT), own).matches).toEqual(matches);
});
