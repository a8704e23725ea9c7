import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';

import { requireKeptAmount } from '../../src/api/inputs/checks.js';
import { BEHAVIOUR_CODE, shopClock } from '../../src/pipeline/index.js';
import { transactionContexts } from '../../src/pipeline/preprocess/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let db: TestDatabase;
const START = Date.UTC(2026, 2, 1);
const at = (hours: number) => new Date(START + hours * 3_600_000);

beforeAll(async () => {
  db = await createTestDatabase();
  await db.shop.upsertItems([
    { id: 'a', title: 'Apple', price: '1.25', currency: 'EUR', category: ['fruit'] },
    { id: 'b', title: 'Bread 100%', price: '3', currency: 'EUR' },
  ]);
  await db.shop.recordBehaviours([
    { eventId: '1', userId: 'u1', itemId: 'a', type: 'VIEW', occurredAt: at(5), sessionId: 'v' },
    {
      eventId: '2',
      userId: 'u1',
      itemId: 'a',
      type: 'PURCHASE',
      occurredAt: at(6),
      sessionId: 'v',
      quantity: 3,
      value: '3.75',
    },
    { eventId: '3', userId: 'u2', itemId: 'b', type: 'REFUND', occurredAt: at(2), quantity: 1, value: '3' },
    { eventId: '4', userId: 'u2', type: 'SEARCH', occurredAt: at(1) },
    {
      eventId: '5',
      userId: 'u2',
      itemId: 'b',
      type: 'PURCHASE',
      occurredAt: at(50),
      quantity: 2,
      value: '6',
    },
  ]);
});
afterAll(() => db.drop());

describe('history in columns', () => {
  test('holds every behaviour, by user and time', async () => {
    const history = await db.shop.readHistory();
    expect(history.users.map((user) => user.id)).toEqual(['u1', 'u2']);
    expect(history.items.map((item) => [item.id, item.price])).toEqual([
      ['a', 1.25],
      ['b', 3],
    ]);
    expect([...history.userOffsets]).toEqual([0, 2, 5]);
    const { behaviours } = history;
    expect([...behaviours.type]).toEqual(
      ['VIEW', 'PURCHASE', 'SEARCH', 'REFUND', 'PURCHASE'].map((name) => BEHAVIOUR_CODE[name as 'VIEW']),
    );
    expect([...behaviours.item]).toEqual([0, 0, -1, 1, 1]);
    expect([...behaviours.quantity]).toEqual([1, 3, 1, 1, 2]);
    expect([...behaviours.value]).toEqual([0, 3.75, 0, 3, 6]);
    expect(behaviours.session[0]).toBe(behaviours.session[1]);
    expect(behaviours.session[2]).toBe(-1);
    expect(history.currency).toBe('EUR');
    expect(shopClock(history)).toBe(at(50).getTime() + 1);
  });

  test('before a time holds nothing from then on', async () => {
    const history = await db.shop.readHistory({ before: at(6) });
    expect(history.behaviours.count).toBe(3);
    expect(Math.max(...history.behaviours.occurredAt)).toBeLessThan(at(6).getTime());
  });

  test('of some users equals their part of the whole, in two statements', async () => {
    const before = db.store.statementCount();
    const part = await db.shop.readUserHistories(['u2', 'stranger', 'u1']);
    expect(db.store.statementCount() - before).toBe(2);
    expect([...part.userOffsets]).toEqual([0, 3, 3, 5]);
    expect(part.users.map((user) => user.id)).toEqual(['u2', 'stranger', 'u1']);
    const whole = await db.shop.readHistory();
    expect([...part.behaviours.occurredAt.slice(0, 3)]).toEqual([...whole.behaviours.occurredAt.slice(2, 5)]);
    expect([...part.behaviours.value.slice(3)]).toEqual([...whole.behaviours.value.slice(0, 2)]);
  });

  test('an assessment reads the orders and amounts that training sees, none of the same moment', async () => {
    const shop = await db.store.createShop('orders', 'A shop of orders');
    const amounts = ['12.345678', '0.00005', '0.000049', '7.00015', '3'];
    const hours = [1, 2, 2, 2, 3];
    await shop.recordTransactions(
      amounts.map((amount, n) => ({
        id: `t${n}`,
        userId: 'u',
        amount,
        currency: 'EUR',
        occurredAt: at(hours[n]),
      })),
    );
    const { transactions } = await shop.readHistory();
    expect(transactions.map(({ amount }) => amount)).toEqual(
      amounts.map((amount) => requireKeptAmount('amount', amount)),
    );
    const contexts = transactionContexts(transactions);
    expect(contexts.map(({ earlier }) => earlier.length)).toEqual([0, 1, 1, 1, 4]);
    for (const { transaction, earlier } of contexts) {
      const served = await shop.readTransactions('u', new Date(transaction.occurredAt));
      const facts = ({ id, amount, occurredAt }: (typeof served)[number]) => [id, amount, occurredAt];
      expect(served.map(facts)).toEqual(earlier.map(facts));
    }
  });

  test('demand counts units by day up to the clock’s day', async () => {
    const series = await db.shop.readDemandSeries(['a', 'b', 'none'], 7);
    expect(series.startDay).toBe(START + 2 * 86_400_000 - 7 * 86_400_000);
    expect([...series.units.slice(0, 7)]).toEqual([0, 0, 0, 0, 0, 3, 0]);
    expect([...series.units.slice(7)].every((units) => units === 0)).toBe(true);
  });
});

describe('pages', () => {
  test('go through all behaviours once, newest first', async () => {
    const seen: string[] = [];
    let after: string | null = null;
    for (let page = 0; page < 9; page++) {
      const found = await db.shop.behaviours({ first: 2, after });
      seen.push(...found.rows.map((row) => row.eventId));
      if (!found.hasNextPage) break;
      after = found.rows[found.rows.length - 1].cursor;
    }
    expect(seen).toEqual(['5', '2', '1', '3', '4']);
  });

  test('one statement reads a page for each of many users', async () => {
    const users = await db.shop.usersByExternalIds(['u1', 'u2']);
    const ids = users.flatMap((user) => (user ? [user.id] : []));
    const before = db.store.statementCount();
    const pages = await db.shop.behavioursByUsers(ids, { first: 1 });
    expect(db.store.statementCount() - before).toBe(1);
    expect(pages.map((page) => [page.rows[0].eventId, page.hasNextPage])).toEqual([
      ['2', true],
      ['5', true],
    ]);
  });

  test('filters take wildcards literally', async () => {
    expect(
      (await db.shop.items({ first: 10 }, { search: '100%' })).rows.map((row) => row.externalId),
    ).toEqual(['b']);
    expect((await db.shop.items({ first: 10 }, { search: '_' })).rows).toEqual([]);
  });

  test('a foreign cursor is refused', async () => {
    await expect(db.shop.users({ first: 1, after: 'xyz' })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('shops', () => {
  test('are kept apart by the database, whatever the statement', async () => {
    const other = await db.store.createShop('second', 'Second');
    expect((await other.counts()).behaviours).toBe(0);
    expect(await other.query('SELECT * FROM behaviours')).toEqual([]);
    await expect(
      other.query(`INSERT INTO users (shop_id, external_id) VALUES (${db.shop.shopId}, 'spy') RETURNING id`),
    ).rejects.toThrow(/row-level security/);
    await other.upsertUsers([{ id: 'u1' }]);
    await other.eraseUser('u1');
    expect((await db.shop.usersByExternalIds(['u1']))[0]?.externalId).toBe('u1');
  });

  test('a connection without a shop sees nothing', async () => {
    const client = new pg.Client({ connectionString: db.url, options: '-c role=tandem_app' });
    await client.connect();
    expect((await client.query('SELECT * FROM users')).rowCount).toBe(0);
    await client.end();
  });

  test('a key leads to its shop until it is revoked', async () => {
    const { id, key } = await db.store.apiKeys.create('default', 'till', 'SHOP');
    expect(await db.store.apiKeys.find(key)).toEqual({ shopKey: 'default', role: 'SHOP', name: 'till' });
    expect(await db.store.apiKeys.find(`${key}x`)).toBeNull();
    await db.store.apiKeys.revoke('default', id);
    expect(await db.store.apiKeys.find(key)).toBeNull();
  });
});

test('a notification reaches every listener of its channel', async () => {
  const got = new Promise(
    (resolve) =>
      void db.store.listen('test_channel', resolve).then(() => db.store.notify('test_channel', { a: 1 })),
  );
  expect(await got).toEqual({ a: 1 });
});
