import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import {
  DAY_MS,
  type HistoryItem,
  type ItemRanker,
  type ShopHistory,
} from '../../../../src/pipeline/index.js';
import { servedItemState } from '../../../../src/pipeline/preprocess/index.js';
import {
  itemKnn,
  loadItemState,
  recentlyPopular,
  saveItemState,
} from '../../../../src/pipeline/single-task/index.js';
import { shopWithTastes, TASTE_START } from '../../../support/shop-with-tastes.js';

const CUT = TASTE_START + 60 * DAY_MS;
const KINDS = ['teapot', 'lantern', 'puzzle'];
const COLOURS = ['red', 'blue', 'green', 'black', 'white', 'striped', 'plain', 'large'];

const shop = shopWithTastes({ users: 60, items: 24, groups: 3, days: 60, seed: 9 });
const named = (item: HistoryItem, at: number): HistoryItem => ({
  ...item,
  title: `${COLOURS[Math.floor(at / 3)]} ${KINDS[at % 3]}`,
});
const fresh = (id: string, title: string, available = true): HistoryItem => ({
  id,
  title,
  category: [],
  price: 5,
  available,
  attributes: {},
});
const history: ShopHistory = {
  ...shop,
  items: [
    ...shop.items.map(named),
    fresh('new-teapot', 'yellow teapots'),
    fresh('new-puzzle', 'yellow puzzles'),
    fresh('withdrawn', 'yellow lantern', false),
    fresh('untold', '???'),
  ],
};
const LIST = { first: 30, allowed: null, excludeBought: false };
const ask = (user: number) => ({ history, users: Int32Array.of(user), asOf: CUT });

let ranker: ItemRanker;
let folder: string;
beforeAll(async () => {
  const model = itemKnn.create(['RECOMMENDATION'], {});
  const context = { seed: 1, signal: new AbortController().signal, onEpoch: () => {}, onProgress: () => {} };
  await model.fit({ history, cut: CUT }, context);
  folder = await mkdtemp(join(tmpdir(), 'cold-items-'));
  await model.save(folder);
  model.dispose();
  ranker = (await itemKnn.load(folder)).items as ItemRanker;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('items that nobody has taken to yet', () => {
  test('are ranked where items of a like text are', async () => {
    for (const [user, own, other] of [
      [0, 'new-teapot', 'new-puzzle'],
      [2, 'new-puzzle', 'new-teapot'],
    ] as const) {
      const [list] = await ranker.rankItems(ask(user), LIST);
      const place = (id: string) => list.findIndex(({ itemId }) => itemId === id);
      expect(place(own)).toBeGreaterThan(0);
      expect(place(own)).toBeLessThan(place(other));
      const { reason } = list[place(own)];
      expect(reason.kind).toBe('SIMILAR');
      expect(history.items.find(({ id }) => id === reason.itemId)?.title).toContain(own.slice(4));
      expect(await ranker.reasons?.(ask(user), [[own]])).toEqual([[reason]]);
    }
  });

  test('that are not for sale or say nothing are left out, and so are all of them where they are not allowed', async () => {
    const [list] = await ranker.rankItems(ask(0), LIST);
    const shown = list.map(({ itemId }) => itemId);
    expect(shown).toHaveLength(24 + 2);
    expect(shown).not.toContain('withdrawn');
    expect(shown).not.toContain('untold');
    const only = { ...LIST, allowed: new Set(['new-puzzle', 'i3']) };
    expect((await ranker.rankItems(ask(0), only))[0].map(({ itemId }) => itemId).sort()).toEqual([
      'i3',
      'new-puzzle',
    ]);
  });

  test('do not enter what is measured: nothing of a later catalogue is known at a cut', async () => {
    const scores = await ranker.scoreItems(ask(0));
    expect(scores.subarray(24).every((score) => score === -Infinity)).toBe(true);
    const known = await ranker.scoreKnown?.(ask(0));
    expect(known).toHaveLength(ranker.itemIds.length);
    expect([...scores.subarray(0, 24)].sort()).toEqual([...known!.subarray(0, 24)].sort());
  });

  test('have those of a like text as similar items, before popular ones', async () => {
    const similar = await ranker.similarItems('new-teapot', { ...LIST, first: 12 });
    const alike = similar.filter(({ reason }) => reason.kind === 'SIMILAR');
    expect(alike.length).toBeGreaterThanOrEqual(8);
    alike
      .slice(0, 8)
      .forEach(({ itemId }) =>
        expect(history.items.find(({ id }) => id === itemId)?.title).toContain('teapot'),
      );
    expect(similar.slice(alike.length).every(({ reason }) => reason.kind === 'POPULAR')).toBe(true);
    const unheard = await ranker.similarItems('never-heard-of', { ...LIST, first: 5 });
    expect(unheard.map(({ reason }) => reason.kind)).toEqual(Array(5).fill('POPULAR'));
  });

  test('bought after the training are not shown again where that is asked', async () => {
    const { behaviours } = history;
    const row = history.userOffsets[1] - 1;
    const later: ShopHistory = {
      ...history,
      behaviours: {
        ...behaviours,
        item: behaviours.item.with(row, 24),
        occurredAt: behaviours.occurredAt.with(row, CUT + DAY_MS),
      },
    };
    const request = { history: later, users: Int32Array.of(0), asOf: CUT + 2 * DAY_MS };
    const ids = async (excludeBought: boolean) =>
      (await ranker.rankItems(request, { ...LIST, excludeBought }))[0].map(({ itemId }) => itemId);
    expect(await ids(false)).toContain('new-teapot');
    expect(await ids(true)).not.toContain('new-teapot');
  });
});

test('a state is read as it was written', async () => {
  const state = servedItemState(history, CUT);
  expect(state.cold.ids).toEqual(['new-teapot', 'new-puzzle', 'untold']);
  const other = await mkdtemp(join(tmpdir(), 'item-state-'));
  try {
    await saveItemState(other, state);
    expect(await loadItemState(other)).toEqual(state);
  } finally {
    await rm(other, { recursive: true, force: true });
  }
});

test('every ranker by counting knows cold items', async () => {
  const model = recentlyPopular.create(['RECOMMENDATION'], {});
  const context = { seed: 1, signal: new AbortController().signal, onEpoch: () => {}, onProgress: () => {} };
  await model.fit({ history, cut: CUT }, context);
  expect(model.items?.itemIds).toEqual(ranker.itemIds);
});
