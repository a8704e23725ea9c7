import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { tf } from '../../src/nn/index.js';
import {
  DAY_MS,
  type FitContext,
  type ItemRanker,
  type Model,
  type ModelType,
} from '../../src/pipeline/index.js';
import {
  bert4rec,
  itemKnn,
  ownHistory,
  popular,
  recentlyPopular,
  retrieveAndRank,
  sasrec,
  softmaxRanker,
  twoTowers,
} from '../../src/pipeline/single-task/index.js';
import { shopWithTastes, TASTE_START } from '../support/shop-with-tastes.js';

const WORLD = { users: 120, items: 60, groups: 4, days: 150, seed: 3 };
const history = shopWithTastes(WORLD);
const cut = TASTE_START + 140 * DAY_MS;
const users = Int32Array.from({ length: WORLD.users }, (_, user) => user);
const SETTINGS = { epochs: 3, cuts: 2, candidates: 40, embeddingDim: 8, blocks: 1, length: 10 };
const TYPES: readonly [string, ModelType][] = [
  popular,
  recentlyPopular,
  ownHistory,
  itemKnn,
  softmaxRanker,
  sasrec,
  bert4rec,
  twoTowers,
  retrieveAndRank,
].map((type) => [type.architecture, type]);

function context(seed: number, signal = new AbortController().signal): FitContext {
  return { seed, signal, onEpoch: () => undefined, onProgress: () => undefined };
}

async function fit(type: ModelType, of = history, seed = 1): Promise<Model & { items: ItemRanker }> {
  const model = type.create(['RECOMMENDATION'], SETTINGS);
  await model.fit({ history: of, cut }, context(seed));
  return model as Model & { items: ItemRanker };
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rankers-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** Share of the ten best items that are of the user's own group; a quarter by chance. */
async function ownGroupShare(ranker: ItemRanker, excludeBought: boolean): Promise<number> {
  const lists = await ranker.rankItems(
    { history, users, asOf: cut },
    { first: 5, allowed: null, excludeBought },
  );
  const own = lists.flatMap((list, user) =>
    list.map(({ itemId }) => (Number(itemId.slice(1)) % WORLD.groups === user % WORLD.groups ? 1 : 0)),
  );
  return own.reduce<number>((sum, one) => sum + one, 0) / own.length;
}

describe.each(TYPES)('%s', (_name, type) => {
  test('scores every item sold before the cut, and none that is only sold later', async () => {
    const row = {
      user: 0,
      item: WORLD.items,
      type: 'PURCHASE',
      quantity: 1,
      value: 1,
      session: 1e6,
    } as const;
    const sold = shopWithTastes({ ...WORLD, extra: [{ ...row, occurredAt: cut }] });
    const late = { ...sold, items: [...sold.items, { ...sold.items[0], id: 'late' }] };
    const model = await fit(type, late);
    const scores = await model.items.scoreItems({ history: late, users: users.subarray(0, 2), asOf: cut });
    expect(scores).toHaveLength(2 * (WORLD.items + 1));
    expect(scores[WORLD.items]).toBe(-Infinity);
    expect(scores.subarray(0, WORLD.items).every(Number.isFinite)).toBe(true);
    model.dispose();
  });

  test('reads nothing from the cut on', async () => {
    const planted = Array.from({ length: 60 }, (_, at) => ({
      user: at % WORLD.users,
      item: 7,
      type: 'PURCHASE' as const,
      occurredAt: cut + at * 3_600_000,
      quantity: 50,
      value: 500,
      session: 1e6 + at,
    }));
    const leaky = shopWithTastes({ ...WORLD, extra: planted });
    const [clean, other] = [await fit(type), await fit(type, leaky)];
    const before = await clean.items.scoreItems({ history, users, asOf: cut });
    expect(await other.items.scoreItems({ history: leaky, users, asOf: cut })).toEqual(before);
    clean.dispose();
    other.dispose();
  });

  test('comes back from its files with equal scores, and gives a user alone the same as in a batch', async () => {
    const model = await fit(type);
    const scores = await model.items.scoreItems({ history, users, asOf: cut });
    const folder = await mkdtemp(join(directory, 'model-'));
    await model.save(folder);
    model.dispose();
    const loaded = (await type.load(folder)) as Model & { items: ItemRanker };
    expect(await loaded.items.scoreItems({ history, users, asOf: cut })).toEqual(scores);
    const alone = await loaded.items.scoreItems({ history, users: Int32Array.of(77), asOf: cut });
    // Products of one row and of many are summed in another order.
    alone.forEach((score, item) => expect(score).toBeCloseTo(scores[77 * WORLD.items + item], 4));
    loaded.dispose();
  });

  test('gives an unknown user popular items, keeps to what is allowed and leaves out what was bought', async () => {
    const model = await fit(type);
    const empty = { ...history, users: [{ id: 'new', attributes: {} }], userOffsets: new Int32Array(2) };
    const options = { first: 10, allowed: new Set(['i1', 'i2', 'i3', 'nobody']), excludeBought: true };
    const [list] = await model.items.rankItems(
      { history: empty, users: Int32Array.of(0), asOf: cut },
      options,
    );
    expect(list.map(({ itemId }) => itemId).sort()).toEqual(['i1', 'i2', 'i3']);
    expect(list.every(({ reason }) => reason.kind === 'POPULAR' || reason.kind === 'TRENDING')).toBe(true);
    const all = { first: WORLD.items, allowed: null, excludeBought: true };
    const [fresh] = await model.items.rankItems({ history, users: Int32Array.of(5), asOf: cut }, all);
    const bought = new Set<string>();
    for (let row = history.userOffsets[5]; row < history.userOffsets[6]; row++) {
      if (history.behaviours.occurredAt[row] < cut) bought.add(`i${history.behaviours.item[row]}`);
    }
    expect(bought.size).toBeGreaterThan(3);
    expect(fresh).toHaveLength(WORLD.items - bought.size);
    expect(fresh.filter(({ itemId }) => bought.has(itemId))).toEqual([]);
    model.dispose();
  });

  test('finds like items, also for one that it does not know, and what is trending', async () => {
    const model = await fit(type);
    const options = { first: 4, allowed: null, excludeBought: false };
    const similar = await model.items.similarItems('i9', options);
    expect(similar.map(({ itemId }) => Number(itemId.slice(1)) % WORLD.groups)).toEqual([1, 1, 1, 1]);
    expect(await model.items.similarItems('never seen', options)).toHaveLength(4);
    expect((await model.items.trendingItems(options)).map(({ reason }) => reason.kind)).toContain('TRENDING');
    model.dispose();
  });
});

describe('softmax ranker', () => {
  test('solves the world: own group first, and the habit with its reason', async () => {
    const model = await fit(softmaxRanker);
    expect(await ownGroupShare(model.items, false)).toBeGreaterThan(0.95);
    const plain = await fit(popular);
    expect(await ownGroupShare(plain.items, false)).toBeLessThan(0.5);
    const options = { first: 1, allowed: null, excludeBought: false };
    const lists = await model.items.rankItems({ history, users, asOf: cut }, options);
    const habitual = lists.filter(([best]) => best.reason.kind === 'BOUGHT_REGULARLY');
    expect(habitual.length).toBeGreaterThan(0.95 * WORLD.users);
    model.dispose();
    plain.dispose();
  });

  test('the same seed gives the same scores, another seed others', async () => {
    const scores = [];
    for (const seed of [1, 1, 2]) {
      const model = await fit(softmaxRanker, history, seed);
      scores.push(await model.items.scoreItems({ history, users, asOf: cut }));
      model.dispose();
    }
    expect(scores[1]).toEqual(scores[0]);
    expect(scores[2]).not.toEqual(scores[0]);
  });

  test('leaves no tensors behind, stops when aborted, and says when there is too little', async () => {
    const before = tf.memory().numTensors;
    (await fit(softmaxRanker)).dispose();
    expect(tf.memory().numTensors).toBe(before);
    const model = softmaxRanker.create(['RECOMMENDATION'], SETTINGS);
    const reason = new Error('cancelled');
    await expect(model.fit({ history, cut }, context(1, AbortSignal.abort(reason)))).rejects.toBe(reason);
    const tiny = shopWithTastes({ ...WORLD, users: 3 });
    await expect(model.fit({ history: tiny, cut }, context(1))).rejects.toMatchObject({
      code: 'TOO_FEW_DATA',
    });
    expect(() => softmaxRanker.create([], { epochs: 0 })).toThrow(/epochs/);
  });
});

test('towers show what nobody has bought yet, by its title and category', async () => {
  const titled = history.items.map((item, at) => ({
    ...item,
    title: `shelf ${at % WORLD.groups}`,
    category: [`group ${at % WORLD.groups}`],
  }));
  const cold = { ...titled[1], id: 'cold' };
  const of = { ...history, items: [...titled, cold] };
  const model = twoTowers.create(['RECOMMENDATION'], { ...SETTINGS, epochs: 6, idDropout: 0.3 });
  await model.fit({ history: of, cut }, context(1));
  const options = { first: 10, allowed: null, excludeBought: false };
  const like = await model.items!.similarItems('cold', options);
  const isOfGroup = like.map(({ itemId }) => Number(itemId.slice(1)) % WORLD.groups === 1);
  expect(isOfGroup.filter(Boolean).length).toBeGreaterThan(7);
  const lists = await model.items!.rankItems(
    { history: of, users, asOf: cut },
    { ...options, first: WORLD.items + 1 },
  );
  const places = lists.map((list) => list.findIndex(({ itemId }) => itemId === 'cold'));
  const meanOf = (isOwn: boolean) => {
    const chosen = places.filter((_, user) => (user % WORLD.groups === 1) === isOwn);
    return chosen.reduce((sum, place) => sum + place, 0) / chosen.length;
  };
  // Those who like its group see it well before all others do.
  expect(meanOf(true)).toBeLessThan(meanOf(false) - 10);
  model.dispose();
});
