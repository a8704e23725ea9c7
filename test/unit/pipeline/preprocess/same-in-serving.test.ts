/** Features of random histories by the path of training and by that of serving, compared to the bit. */
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { assessTransaction } from '../../../../src/api/assess-transaction.js';
import type { Context } from '../../../../src/api/context.js';
import { firstSteps, openSession, sessionsOf } from '../../../../src/api/sessions.js';
import {
  BEHAVIOUR_TYPES,
  type BehaviourRow,
  buildBehaviourColumns,
  DAY_MS,
  type HistoryTransaction,
  type OpenSession,
  type ShopHistory,
  type TransactionContext,
} from '../../../../src/pipeline/index.js';
import {
  buyersBefore,
  CANDIDATE_FEATURE_COUNT,
  CANDIDATE_FEATURES,
  exampleCuts,
  itemState,
  MAX_EARLIER_TRANSACTIONS,
  nextBehaviourExamples,
  servedItemState,
  sessionColumns,
  STRANGER_COLUMNS,
  strangerRows,
  TabularEncoder,
  tabularEncodingSchema,
  TRANSACTION_FEATURES,
  transactionContexts,
  transactionFeatures,
  USER_EXAMPLE_DEFAULTS,
  USER_FEATURE_COUNT,
  USER_FEATURES,
  userExamples,
  writeCandidates,
  writeStrangers,
} from '../../../../src/pipeline/preprocess/index.js';
import {
  ItemRanking,
  loadItemState,
  PopulationState,
  rankingExamples,
  saveItemState,
} from '../../../../src/pipeline/single-task/index.js';
import { isBlindToFuture } from '../../../support/future-of-history.js';
import { servedHistory } from '../../../support/served-history.js';

const START = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;
const USERS = 5;
const ITEMS = 9;
const WORDS = ['red', 'blue', 'lantern', 'lanterns', 'café', 'mug', 'glass', 'tea'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-served-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const freshFolder = () => mkdtemp(join(folder, 'model-'));

/** Shops whose behaviours lie on a coarse grid of times, so that many share their moment. */
const shops = (options: { steps: number; stepMs: number; rows: number }): fc.Arbitrary<ShopHistory> => {
  const row = fc.record({
    user: fc.nat(USERS - 1),
    item: fc.integer({ min: -1, max: ITEMS - 1 }),
    type: fc.constantFrom('PURCHASE', 'PURCHASE', 'VIEW', 'VIEW', ...BEHAVIOUR_TYPES),
    step: fc.nat(options.steps),
    quantity: fc.integer({ min: 1, max: 9 }),
    cents: fc.nat(100_000),
    session: fc.integer({ min: -1, max: 3 }),
  });
  const item = fc.record({
    title: fc.array(fc.constantFrom(...WORDS), { maxLength: 3 }),
    category: fc.array(fc.constantFrom('home', 'kitchen'), { maxLength: 2 }),
    cents: fc.option(fc.nat(10_000), { nil: Number.NaN }),
  });
  return fc
    .tuple(
      fc.array(row, { minLength: options.rows / 2, maxLength: options.rows }),
      fc.array(item, { minLength: ITEMS, maxLength: ITEMS }),
    )
    .map(([rows, items]) => ({
      users: Array.from({ length: USERS }, (_, user) => ({
        id: `u${user}`,
        attributes: user % 2 === 0 ? { country: 'Germany' } : {},
      })),
      items: items.map(({ title, category, cents }, at) => ({
        id: `i${at}`,
        title: title.join(' '),
        category,
        price: cents / 100,
        available: true,
        attributes: {},
      })),
      ...buildBehaviourColumns(
        rows.map(({ step, cents, session, user, ...others }): BehaviourRow => ({
          ...others,
          user,
          occurredAt: START + step * options.stepMs,
          value: cents / 100,
          session: session < 0 ? -1 : user * 4 + session,
        })),
        USERS,
      ),
      transactions: [],
      currency: 'GBP',
    }));
};
/** Twelve hours apart over three months. */
const longShops = shops({ steps: 180, stepMs: DAY_MS / 2, rows: 120 });
const CUT = START + 75 * DAY_MS;

/** Names of the columns in which two tables differ in a bit. */
function differing(taught: Float32Array, served: Float32Array, names: readonly string[]): string[] {
  if (taught.length !== served.length) return [`${taught.length} values against ${served.length}`];
  const [a, b] = [taught, served].map(
    ({ buffer, byteOffset, length }) => new Uint32Array(buffer.slice(byteOffset, byteOffset + 4 * length)),
  );
  const found = new Set<string>();
  a.forEach((bits, at) => bits !== b[at] && found.add(names[at % names.length]));
  return [...found];
}

test('of users, by the population that a model keeps in its file', async () => {
  const names = USER_FEATURES.map(({ name }) => name);
  const options = { ...USER_EXAMPLE_DEFAULTS, stepDays: 20 };
  await fc.assert(
    fc.asyncProperty(longShops, async (history) => {
      const { features } = await userExamples(history, CUT, options);
      let row = 0;
      for (const asOf of exampleCuts(history, CUT, options)) {
        const model = await freshFolder();
        await PopulationState.fit(history, asOf).save(model);
        const population = await PopulationState.load(model);
        for (const user of buyersBefore(history, asOf)) {
          const request = { history: servedHistory(history, user), users: Int32Array.of(0), asOf };
          const taught = features.subarray(row * USER_FEATURE_COUNT, ++row * USER_FEATURE_COUNT);
          expect(differing(taught, population.features(request), names)).toEqual([]);
        }
      }
      expect(row * USER_FEATURE_COUNT).toBe(features.length);
    }),
    { numRuns: 20 },
  );
});

describe('of items for a user', () => {
  const options = { cuts: 2, windowDays: 20, candidates: 64, most: 100 };

  test('by the state that a model keeps in its file, all columns', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(longShops, async (history) => {
        const { count, candidates, cuts, users, items, features } = rankingExamples(history, CUT, 1, options);
        const states = new Map<number, Awaited<ReturnType<typeof loadItemState>>>();
        for (let row = 0; row < count; row++) {
          const asOf = cuts[row];
          const model = await freshFolder();
          if (!states.has(asOf)) {
            await saveItemState(model, servedItemState(history, asOf));
            states.set(asOf, await loadItemState(model));
          }
          const { served, composed, vocabulary } = await candidatesServed(
            states.get(asOf)!,
            servedHistory(history, users[row]),
            asOf,
          );
          // Somebody of whom nothing but unknown items is known gets what is popular, by no features.
          if (!served) continue;
          expect(differing(composed, served, CANDIDATE_FEATURES)).toEqual([]);
          for (let at = 0; at < candidates && items[row * candidates + at] >= 0; at++) {
            const from = (row * candidates + at) * CANDIDATE_FEATURE_COUNT;
            const index = vocabulary.indexOf(history.items[items[row * candidates + at]].id);
            const taught = features.subarray(from, from + CANDIDATE_FEATURE_COUNT);
            const own = served.subarray(
              index * CANDIDATE_FEATURE_COUNT,
              (index + 1) * CANDIDATE_FEATURE_COUNT,
            );
            expect(differing(taught, own, CANDIDATE_FEATURES)).toEqual([]);
            compared++;
          }
        }
      }),
      { numRuns: 15 },
    );
    expect(compared).toBeGreaterThan(300);
  });

  /** Rows as a ranker is handed them in serving, and as it puts them together from what strangers have in common. */
  async function candidatesServed(
    state: Awaited<ReturnType<typeof loadItemState>>,
    history: ShopHistory,
    asOf: number,
  ) {
    const { vocabulary } = state;
    let served: Float32Array | undefined;
    const composed = strangerRows(state);
    const ranking = new ItemRanking(state, (user, similarity) => {
      const rows = new Float32Array(vocabulary.size * CANDIDATE_FEATURE_COUNT);
      writeCandidates(state, user, similarity, null, rows);
      const strangers = new Float32Array(vocabulary.size * STRANGER_COLUMNS.length);
      writeStrangers(state, user, similarity, strangers);
      for (let item = 0; item < vocabulary.size; item++) {
        const from = item * CANDIDATE_FEATURE_COUNT;
        if (user.items.includes(item))
          composed.set(rows.subarray(from, from + CANDIDATE_FEATURE_COUNT), from);
        else
          STRANGER_COLUMNS.forEach((column, at) => {
            composed[from + column] = strangers[item * STRANGER_COLUMNS.length + at];
          });
      }
      served = rows;
      return new Float32Array(vocabulary.size);
    });
    await ranking.scoreItems({ history, users: Int32Array.of(0), asOf });
    return { served, composed, vocabulary };
  }

  test('nothing at or after the cut changes examples or the state', () => {
    const [history] = fc.sample(longShops, { numRuns: 1, seed: 2 });
    const numbers = (cut: number) => (of: ShopHistory) => {
      const { features, labels, items } = rankingExamples(of, CUT, 1, options);
      const state = itemState(of, cut);
      const { byUsers, byOrders, byRecentUsers, byTitles, logPrices, tastes } = state;
      const kept = [byUsers, byOrders, byRecentUsers, byTitles].flatMap((one) => [
        ...one.items,
        ...one.scores,
      ]);
      return [...features, ...labels, ...items, ...state.features, ...logPrices, ...tastes.lifts, ...kept];
    };
    expect(numbers(CUT)(history).length).toBeGreaterThan(5_000);
    expect(isBlindToFuture(history, CUT, numbers(CUT))).toBe(true);
    expect(isBlindToFuture(history, CUT, numbers(CUT + 1), 60)).toBe(false);
  });
});

test('of sessions, stored and in progress', async () => {
  const day = shops({ steps: 300, stepMs: 5 * MINUTE_MS, rows: 120 });
  const until = START + 2 * DAY_MS;
  await fc.assert(
    fc.asyncProperty(day, async (history) => {
      const { sessions } = nextBehaviourExamples(history, { until });
      const columns = sessionColumns(history, sessions);
      const places = [...sessions.keys()];
      const taught = TabularEncoder.fit(columns, places);
      const kept = new TabularEncoder(
        tabularEncodingSchema.parse(JSON.parse(JSON.stringify(taught.encoding))),
      );
      const names = Array.from({ length: taught.width }, (_, column) => `input ${column}`);
      const rows = taught.encode(columns, places);
      for (const [at, session] of sessions.entries()) {
        const own = rows.subarray(at * taught.width, (at + 1) * taught.width);
        for (const asked of [
          storedAgain(history, session, until),
          await inProgress(history, session, until),
        ]) {
          const served = kept.encode(sessionColumns(asked.history, [asked]), [0]);
          expect(differing(own, served, names)).toEqual([]);
        }
      }
    }),
    { numRuns: 15 },
  );

  /** The session as the API reads it from the store. */
  function storedAgain(history: ShopHistory, { user, rows }: OpenSession, asOf: number) {
    const reading = { history: servedHistory(history, user), sessionIds: ['a', 'b', 'c', 'd'], asOf };
    const first = rows[0] - history.userOffsets[user];
    const found = sessionsOf(reading, 0).find(({ session }) => session.rows[0] === first)!;
    return firstSteps(found, rows.length).session;
  }

  /** The session as a shop hands it in while it goes on; the store may have its behaviours, and later ones, by then. */
  async function inProgress(history: ShopHistory, { user, rows }: OpenSession, asOf: number) {
    const { behaviours, items } = history;
    const reader = {
      read: () => Promise.resolve({ history: servedHistory(history, user), sessionIds: [], asOf }),
    };
    const catalogue = {
      load: (id: string) => {
        const { price, ...item } = items[Number(id.slice(1))];
        const row = {
          ...item,
          category: [...item.category],
          id: 1,
          externalId: id,
          currency: null,
          imageUrl: null,
        };
        return Promise.resolve({
          ...row,
          attributes: {},
          price: Number.isNaN(price) ? null : price.toFixed(4),
        });
      },
    };
    const given = Array.from(rows, (row) => ({
      type: BEHAVIOUR_TYPES[behaviours.type[row]],
      occurredAt: new Date(behaviours.occurredAt[row]),
      itemId: behaviours.item[row] < 0 ? null : items[behaviours.item[row]].id,
      value: behaviours.value[row].toFixed(2),
    }));
    const { session } = await openSession(reader, catalogue, { userId: `u${user}`, behaviours: given });
    return session;
  }
});

describe('of transactions', () => {
  const names = TRANSACTION_FEATURES.map(({ name }) => name);
  const width = names.length;
  const text = (...values: string[]) => fc.option(fc.constantFrom(...values), { nil: null });
  const transaction = fc.record({
    user: fc.integer({ min: -1, max: 2 }),
    amount: fc.nat(1_000_000).map((cents) => cents / 100),
    currency: fc.constant('EUR'),
    // Six hours apart over two weeks: many share their moment.
    occurredAt: fc.nat(56).map((step) => START + step * (DAY_MS / 4)),
    lines: fc.array(
      fc.record({
        item: fc.constant(0),
        quantity: fc.nat(5),
        price: fc.nat(900).map((cents) => cents / 100),
      }),
      { maxLength: 3 },
    ),
    paymentMethod: text('CARD', 'gift card', 'INVOICE'),
    deviceId: text('a', 'b'),
    ipCountry: text('DE', 'US'),
    billingCountry: text('DE', 'US'),
    shippingCountry: text('DE', 'FR'),
    isFraud: fc.constant(null),
  });
  const orderOf = (a: HistoryTransaction, b: HistoryTransaction) =>
    a.occurredAt - b.occurredAt || (a.id < b.id ? -1 : 1);
  const transactions = fc
    .array(transaction, { minLength: 2, maxLength: 60 })
    .map((rows) => rows.map((row, at): HistoryTransaction => ({ ...row, id: `t${at}` })).sort(orderOf));
  const featuresOf = (all: readonly HistoryTransaction[]) => transactionFeatures(transactionContexts(all));

  test('before they are stored, and when they are assessed again', async () => {
    await fc.assert(
      fc.asyncProperty(transactions, async (all) => {
        const taught = featuresOf(all);
        for (const [row, asked] of all.entries()) {
          const served = transactionFeatures(await assessed(asked, all));
          expect(differing(taught.subarray(row * width, (row + 1) * width), served, names)).toEqual([]);
        }
      }),
      { numRuns: 60 },
    );
  });

  /** What the API asks the model about an order, with a store that holds all orders. */
  async function assessed(
    { lines, user, amount, occurredAt, ...asked }: HistoryTransaction,
    all: readonly HistoryTransaction[],
  ): Promise<readonly TransactionContext[]> {
    let contexts: readonly TransactionContext[] = [];
    const answer = {
      probabilities: [0],
      contributions: [[]],
      servedBy: { modelVersionId: '1', threshold: 1 },
    };
    const context = {
      shop: {
        shopKey: 'shop',
        readTransactions: (id: string, before: Date) =>
          Promise.resolve(
            all
              .filter(
                (other) => other.user >= 0 && `u${other.user}` === id && other.occurredAt < before.getTime(),
              )
              .slice(-MAX_EARLIER_TRANSACTIONS),
          ),
      },
      services: {
        serving: {
          assessTransactions: (_shop: string, given: readonly TransactionContext[]) => {
            contexts = given;
            return Promise.resolve(answer);
          },
        },
      },
      loaders: { modelVersionById: { load: () => Promise.resolve(null) } },
    };
    await assessTransaction(context as unknown as Context, {
      ...asked,
      userId: `u${user}`,
      amount: amount.toFixed(2),
      occurredAt: new Date(occurredAt),
      items: lines.map(({ quantity, price }) => ({ itemId: 'i0', quantity, price: price.toFixed(2) })),
    });
    return contexts;
  }

  test('nothing of the moment of an order or after it changes them', () => {
    const future = fc.array(transaction, { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(transactions, fc.nat(), future, (all, place, others) => {
        const asked = all[place % all.length];
        const before = all.filter(({ occurredAt }) => occurredAt < asked.occurredAt);
        const later = others.map((other, at) => ({
          ...other,
          id: `s${at}`,
          occurredAt: asked.occurredAt + (at % 2) * (other.occurredAt - START),
        }));
        const rowOf = (list: readonly HistoryTransaction[]) => {
          const row = list.indexOf(asked);
          return featuresOf(list).subarray(row * width, (row + 1) * width);
        };
        expect(
          differing(rowOf([...before, asked]), rowOf([...before, ...later, asked].sort(orderOf)), names),
        ).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
