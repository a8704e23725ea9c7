import { describe, expect, test } from '@jest/globals';

import { Random } from '../../src/nn/index.js';
import {
  type BehaviourRow,
  buildBehaviourColumns,
  DAY_MS,
  type ItemRanker,
  type Model,
  type ModelType,
  type ShopHistory,
} from '../../src/pipeline/index.js';
import { bert4rec, itemKnn, sasrec } from '../../src/pipeline/single-task/index.js';

const [USERS, ITEMS, STEPS] = [240, 30, 12];
const START = Date.UTC(2024, 0, 1);
const CUT = START + 400 * DAY_MS;

/** After item i comes (7 i + 1) modulo the number of items: only the order tells what is next. */
const nextOf = (item: number) => (7 * item + 1) % ITEMS;

function shopOfChains(): { history: ShopHistory; next: Int32Array } {
  const random = new Random(11);
  const rows: BehaviourRow[] = [];
  const next = new Int32Array(USERS);
  for (let user = 0; user < USERS; user++) {
    let item = random.integer(ITEMS);
    for (let step = 0; step < STEPS; step++) {
      const occurredAt = START + (step * 30 + random.uniform()) * DAY_MS;
      rows.push({
        user,
        item,
        type: 'PURCHASE',
        occurredAt,
        quantity: 1,
        value: 5,
        session: user * STEPS + step,
      });
      item = nextOf(item);
    }
    next[user] = item;
  }
  const history: ShopHistory = {
    users: Array.from({ length: USERS }, (_, user) => ({ id: `u${user}`, attributes: {} })),
    items: Array.from({ length: ITEMS }, (_, item) => ({
      id: `i${item}`,
      title: `Item ${item}`,
      category: [],
      price: 5,
      available: true,
      attributes: {},
    })),
    ...buildBehaviourColumns(rows, USERS),
    transactions: [],
    currency: 'EUR',
  };
  return { history, next };
}

const { history, next } = shopOfChains();
const users = Int32Array.from({ length: USERS }, (_, user) => user);
const SETTINGS = {
  embeddingDim: 16,
  blocks: 1,
  length: 8,
  dropout: 0,
  epochs: 40,
  batchSize: 64,
  learningRate: 5e-3,
};

interface Found {
  /** Share of the users whose next item stands first. */
  readonly hits: number;
  /** Share of those with two items for whom what comes next is said to be owed to the later one. */
  readonly owed: number;
}

/** Users who bought any item, and a month later another one. */
function beginners(): { history: ShopHistory; last: number[] } {
  const firsts = Array.from({ length: ITEMS }, (_, item) => item);
  const last = firsts.map((item) => (item + 11) % ITEMS);
  const rows = firsts.flatMap((item, user) =>
    [item, last[user]].map((bought, step): BehaviourRow => {
      const occurredAt = CUT - (60 - 30 * step) * DAY_MS;
      return { user, item: bought, type: 'PURCHASE', occurredAt, quantity: 1, value: 5, session: step };
    }),
  );
  return {
    history: { ...history, users: history.users.slice(0, ITEMS), ...buildBehaviourColumns(rows, ITEMS) },
    last,
  };
}

async function findNext(type: ModelType, settings: object): Promise<Found> {
  const model = type.create(['RECOMMENDATION'], { ...SETTINGS, ...settings }) as Model & {
    items: ItemRanker;
  };
  await model.fit(
    { history, cut: CUT },
    { seed: 1, signal: new AbortController().signal, onEpoch: () => undefined, onProgress: () => undefined },
  );
  const best = { first: 1, allowed: null, excludeBought: false };
  const lists = await model.items.rankItems({ history, users, asOf: CUT }, best);
  const begun = beginners();
  const asked = { history: begun.history, users: users.subarray(0, ITEMS), asOf: CUT };
  const shown = await model.items.rankItems(asked, best);
  model.dispose();
  const right = shown.flatMap(([{ itemId, reason }], user) =>
    // What they bought before is a habit, owed to no other item.
    itemId === `i${nextOf(begun.last[user])}` && reason.kind !== 'BOUGHT_REGULARLY'
      ? [reason.itemId === `i${begun.last[user]}`]
      : [],
  );
  return {
    hits: lists.filter(([first], user) => first.itemId === `i${next[user]}`).length / USERS,
    owed: right.filter(Boolean).length / right.length,
  };
}

describe('in a shop where only the order tells what is next', () => {
  test.each<[string, ModelType, object]>([
    ['sasrec', sasrec, {}],
    ['sasrec over sampled items', sasrec, { fullSoftmaxItems: 0, negatives: 20 }],
    ['bert4rec', bert4rec, {}],
  ])('%s finds it', async (_name, type, settings) => {
    const { hits, owed } = await findNext(type, settings);
    expect(hits).toBeGreaterThan(0.95);
    // What comes next is owed to the last item alone, and that is what shoppers are told.
    expect(owed).toBeGreaterThan(0.9);
  });

  test('item neighbours do not', async () => {
    expect((await findNext(itemKnn, {})).hits).toBeLessThan(0.6);
  });

  test('heads that do not divide the embedding are refused', () => {
    const make = () => sasrec.create(['RECOMMENDATION'], { embeddingDim: 16, heads: 3 });
    expect(make).toThrow('expected a divisor of embeddingDim (16), got 3');
  });
});
