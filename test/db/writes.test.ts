import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { BehaviourWrite } from '../../src/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);

const purchase = (user: string, event: string, day: number, item = 'i1'): BehaviourWrite => ({
  eventId: event,
  userId: user,
  itemId: item,
  type: 'PURCHASE',
  occurredAt: new Date(START + day * DAY),
  sessionId: `s${event}`,
  quantity: 2,
  value: '5.00',
});

describe('behaviours', () => {
  test('are stored once, whether sent twice in a batch or in two', async () => {
    const rows = [purchase('w1', 'e1', 0), purchase('w1', 'e2', 1), purchase('w1', 'e1', 0)];
    expect(await db.shop.recordBehaviours(rows)).toEqual({
      accepted: 2,
      duplicates: 1,
      rejected: 0,
      errors: [],
    });
    expect(await db.shop.recordBehaviours(rows)).toEqual({
      accepted: 0,
      duplicates: 3,
      rejected: 0,
      errors: [],
    });
    expect(await db.shop.countBehaviours({ userId: 'w1' })).toBe(2);
  });

  test('valid rows are stored beside rejected ones, which come back with index and reason', async () => {
    const bad = { ...purchase('w2', 'e2', 0), occurredAt: new Date('nonsense') };
    const nul = { ...purchase('w2', 'e3', 0), itemId: 'a\0b' };
    const result = await db.shop.recordBehaviours([bad, purchase('w2', 'e4', 0), nul]);
    expect(result).toMatchObject({ accepted: 1, duplicates: 0, rejected: 2 });
    expect(result.errors.map((error) => error.index)).toEqual([0, 2]);
    expect(result.errors[0].message).toMatch(/occurredAt/);
    expect(result.errors[1].message).toMatch(/NUL/);
  });

  test('a large batch goes the way of COPY with the same outcome', async () => {
    const rows = Array.from({ length: 3000 }, (_, n) =>
      purchase(`big${n % 50}`, `b${n}`, n % 30, `i\t${n % 7}\\n`),
    );
    expect(await db.shop.recordBehaviours([...rows, rows[0]])).toMatchObject({
      accepted: 3000,
      duplicates: 1,
    });
    const [item] = await db.shop.itemsByExternalIds(['i\t3\\n']);
    expect(item?.title).toBe('i\t3\\n');
  });

  test('concurrent writers of the same rows neither fail nor store twice', async () => {
    const rows = Array.from({ length: 2000 }, (_, n) =>
      purchase(`c${n % 40}`, `c${n}`, n % 30, `ci${n % 9}`),
    );
    const reversed = [...rows].reverse();
    const results = await Promise.all(
      [rows, reversed, rows, reversed].map((batch) => db.shop.recordBehaviours(batch)),
    );
    expect(results.reduce((sum, result) => sum + result.accepted, 0)).toBe(2000);
    expect(results.every((result) => result.rejected === 0)).toBe(true);
  });
});

describe('users, items and transactions', () => {
  test('an upsert changes what is new and counts what is not as duplicate', async () => {
    expect(await db.shop.upsertUsers([{ id: 'u', attributes: { country: 'FR' } }])).toMatchObject({
      accepted: 1,
    });
    expect(await db.shop.upsertUsers([{ id: 'u', attributes: { country: 'FR' } }])).toMatchObject({
      duplicates: 1,
    });
    await db.shop.upsertUsers([{ id: 'u', attributes: { age: 30 } }]);
    const [user] = await db.shop.usersByExternalIds(['u']);
    expect(user?.attributes).toEqual({ country: 'FR', age: 30 });
  });

  test('items keep their price and category', async () => {
    const item = {
      id: 'it',
      title: 'Tea "mug", large',
      category: ['Kitchen', 'a "b" \\c'],
      price: '2.50',
      currency: 'GBP',
    };
    expect(await db.shop.upsertItems([item])).toMatchObject({ accepted: 1 });
    expect(await db.shop.upsertItems([item])).toMatchObject({ accepted: 0, duplicates: 1 });
    const [row] = await db.shop.itemsByExternalIds(['it']);
    expect(row).toMatchObject({ title: item.title, category: item.category, price: '2.50', available: true });
  });

  test('a transaction sent again may add its label', async () => {
    const transaction = {
      id: 't1',
      userId: 'u',
      amount: '12.5',
      currency: 'EUR',
      occurredAt: new Date(START),
      items: [{ itemId: 'it', quantity: 1, price: '12.5' }],
    };
    expect(await db.shop.recordTransactions([transaction, transaction])).toMatchObject({
      accepted: 1,
      duplicates: 1,
    });
    expect(await db.shop.recordTransactions([{ ...transaction, isFraud: true }])).toMatchObject({
      accepted: 1,
    });
    const [row] = await db.shop.readTransactions('u', new Date(START + DAY));
    expect(row).toMatchObject({
      id: 't1',
      amount: 12.5,
      isFraud: true,
      lines: [{ quantity: 1, price: 12.5 }],
    });
  });
});

describe('erasure', () => {
  test("removes a person's rows everywhere and leaves a receipt", async () => {
    await db.shop.recordBehaviours([purchase('gone', 'g1', 0), purchase('gone', 'g2', 0)]);
    await db.shop.recordFeedback([
      { eventId: 'f1', userId: 'gone', itemId: 'i1', kind: 'CLICKED', occurredAt: new Date(START) },
    ]);
    const receipt = await db.shop.eraseUser('gone');
    expect(receipt.removed).toMatchObject({ behaviours: 2, feedback: 1, users: 1 });
    expect(await db.shop.usersByExternalIds(['gone'])).toEqual([null]);
    await expect(db.shop.eraseUser('gone')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await db.shop.query('SELECT id FROM erasures')).toEqual([{ id: receipt.id }]);
  });

  test('reaches a person known by feedback or impressions alone, and under former ids', async () => {
    const clicked = { eventId: 'f1', itemId: 'i1', kind: 'CLICKED', occurredAt: new Date(START) } as const;
    await db.shop.recordFeedback([
      { ...clicked, userId: 'clicker' },
      { ...clicked, userId: 'other' },
    ]);
    expect((await db.shop.eraseUser('clicker')).removed).toMatchObject({ feedback: 1, users: 0 });
    const [{ count }] = await db.shop.query<{ count: string }>(
      `SELECT count(*) FROM feedback WHERE user_key = 'other'`,
    );
    expect(Number(count)).toBe(1);

    await db.shop.recordBehaviours([purchase('visitor', 'v1', 0)]);
    await db.shop.recordLinks([{ aliasId: 'visitor', userId: 'vera', linkedAt: new Date(START) }]);
    await db.shop.applyLinks();
    await db.shop.recordFeedback([{ ...clicked, userId: 'visitor' }]);
    await expect(db.shop.eraseUser('visitor')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/belongs to the user vera/),
    });
    expect((await db.shop.eraseUser('vera')).removed).toMatchObject({ behaviours: 1, feedback: 1, users: 1 });
  });
});
