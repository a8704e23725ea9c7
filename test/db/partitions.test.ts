import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';

import { PROJECT_ROOT } from '../../src/root.js';
import { PrismaClient } from '../../src/store/generated/client.js';
import { type BehaviourWrite, migrate, openStore, type ShopStore } from '../../src/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let db: TestDatabase;
let folder: string;
let admin: pg.Client;
beforeAll(async () => {
  db = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'tandem-partitions-'));
  admin = new pg.Client({ connectionString: db.url });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  rmSync(folder, { recursive: true, force: true });
  await db.drop();
});

const NOW = new Date('2026-06-01T00:00:00Z');
const view = (eventId: string, occurredAt: string, userId = 'ann'): BehaviourWrite => ({
  eventId,
  userId,
  itemId: 'lamp',
  type: 'VIEW',
  occurredAt: new Date(occurredAt),
});
let shops = 0;
const freshShop = () => db.store.createShop(`parts-${++shops}`, 'A shop of one test');

async function partitionsOf(table: string): Promise<string[]> {
  const sql =
    'SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = $1::regclass ORDER BY 1';
  return (await admin.query<{ name: string }>(sql, [table])).rows.map(({ name }) => name);
}

/** Ids that the shop's keys remember, beside those of its rows. */
async function keysAndRows(shop: ShopStore): Promise<{ keys: string[]; rows: string[] }> {
  const idsIn = async (table: string) =>
    (await shop.query<{ id: string }>(`SELECT event_id AS id FROM ${table} ORDER BY 1`)).map(({ id }) => id);
  return { keys: await idsIn('behaviour_keys'), rows: await idsIn('behaviours') };
}

describe('rows in partitions', () => {
  test('an event id is stored once, whatever time it comes with', async () => {
    const shop = await freshShop();
    const batch = [view('e1', '2026-02-01'), view('e1', '2025-02-01'), view('e2', '2026-02-01')];
    expect(await shop.recordBehaviours(batch)).toMatchObject({ accepted: 2, duplicates: 1 });
    expect(await shop.recordBehaviours([view('e2', '2024-11-05'), view('e3', '2024-11-05')])).toMatchObject({
      accepted: 1,
      duplicates: 1,
    });
    const many = Array.from({ length: 1_500 }, (_, at) => view(`m${at}`, '2026-03-01'));
    const later = many.map((row) => ({ ...row, occurredAt: new Date('2026-07-01') }));
    const results = await Promise.all([many, later, many].map((rows) => shop.recordBehaviours(rows)));
    expect(results.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(1_500);
    expect(await shop.countBehaviours()).toBe(1_503);

    const order = { id: 'o1', userId: 'ann', amount: '5.00', currency: 'EUR' };
    const orders = [new Date('2026-02-01'), new Date('2025-02-01')].map((occurredAt) => ({
      ...order,
      occurredAt,
    }));
    expect(await shop.recordTransactions(orders)).toMatchObject({ accepted: 1, duplicates: 1 });
    // A label that comes later with another time finds its transaction.
    const label = { ...order, occurredAt: new Date('2026-05-01'), isFraud: true };
    expect(await shop.recordTransactions([label])).toMatchObject({ accepted: 1 });
    expect(await shop.recordTransactions([label])).toMatchObject({ accepted: 0, duplicates: 1 });
    const [stored] = await shop.readTransactions('ann', NOW);
    expect(stored).toMatchObject({ isFraud: true, occurredAt: Date.UTC(2025, 1, 1) });
    const click = { eventId: 'f1', userId: 'ann', kind: 'CLICKED' as const };
    const clicks = [new Date('2026-02-01'), new Date('2025-02-01')].map((occurredAt) => ({
      ...click,
      occurredAt,
    }));
    expect(await shop.recordFeedback(clicks)).toMatchObject({ accepted: 1, duplicates: 1 });
    // Another shop's user of the same name is somebody else.
    expect(await (await freshShop()).recordFeedback(clicks)).toMatchObject({ accepted: 1 });
  });

  test('two writers that label and store the same transaction at once lose no label', async () => {
    const shop = await freshShop();
    const rows = Array.from({ length: 40 }, (_, at) => ({
      id: `o${at}`,
      userId: `u${at % 5}`,
      amount: '5.00',
      currency: 'EUR',
      occurredAt: new Date('2026-02-01'),
    }));
    const labelled = rows.map((row) => ({ ...row, isFraud: true }));
    await Promise.all(
      [rows, labelled, [...labelled].reverse(), rows].map((batch) => shop.recordTransactions(batch)),
    );
    expect(await shop.query('SELECT count(*)::int AS count FROM transactions WHERE is_fraud')).toEqual([
      { count: 40 },
    ]);
  });

  test('who names a partition sees the rows of the shop alone', async () => {
    const [one, other] = [await freshShop(), await freshShop()];
    for (const shop of [one, other]) await shop.recordBehaviours([view('e1', '2026-02-01')]);
    const rows = await one.query('SELECT shop_id AS "shopId" FROM behaviours_2026q1');
    expect(rows).toEqual([{ shopId: one.shopId }]);
    await expect(
      one.query(
        'INSERT INTO behaviours_2026q1 (user_id, event_id, shop_id, type, occurred_at) VALUES (1, $1, $2, $3, $4)',
        ['forged', other.shopId, 'VIEW', new Date('2026-02-01')],
      ),
    ).rejects.toThrow(/row-level security/);
  });

  test('a range of time reads its partitions alone', async () => {
    const shop = await freshShop();
    await shop.recordBehaviours([
      view('e1', '2025-02-01'),
      view('e2', '2025-08-01'),
      view('e3', '2026-02-01'),
    ]);
    const plan = await shop.query<Record<string, string>>(
      'EXPLAIN SELECT count(*) FROM behaviours WHERE shop_id = $1 AND occurred_at >= $2 AND occurred_at < $3',
      [shop.shopId, new Date('2025-07-10'), new Date('2025-09-10')],
    );
    const scanned = plan.flatMap((row) => /behaviours_\d{4}q\d(?!\w)/.exec(row['QUERY PLAN']) ?? []);
    expect([...new Set(scanned.map(String))]).toEqual(['behaviours_2025q3']);
  });

  test('Prisma reads and writes them', async () => {
    const shop = await freshShop();
    await shop.recordBehaviours([view('e1', '2026-02-01')]);
    const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: db.url }) });
    try {
      const row = await prisma.behaviour.findFirstOrThrow({ where: { shopId: shop.shopId } });
      const { userId, occurredAt, eventId } = row;
      const where = { userId_occurredAt_eventId: { userId, occurredAt, eventId } };
      await prisma.behaviour.update({ where, data: { quantity: 7 } });
      expect(await prisma.behaviour.findUnique({ where })).toMatchObject({ quantity: 7, eventId: 'e1' });
      expect(await prisma.behaviourKey.count({ where: { shopId: shop.shopId } })).toBe(1);
    } finally {
      await prisma.$disconnect();
    }
  });
});

describe('old partitions', () => {
  test('are dropped where the policy of every shop in them says so, and their ids forgotten', async () => {
    const [shop, other] = [await freshShop(), await freshShop()];
    await other.recordBehaviours([view('e1', '2003-05-01')]);
    await shop.recordBehaviours([
      view('e1', '2002-05-01'),
      view('e2', '2003-05-02'),
      view('e3', '2026-05-01'),
    ]);
    const second = await openStore({ databaseUrl: db.url });
    try {
      const sameShop = await second.forShop(shop.shopKey);
      await sameShop.recordBehaviours([view('e4', '2002-05-03')]);
      await shop.setRetention('BEHAVIOURS', { keepDays: 365, isArchived: false });
      expect(await shop.applyRetention({ now: NOW })).toEqual([
        { kind: 'BEHAVIOURS', removed: 3, files: [] },
      ]);
      const parts = await partitionsOf('behaviours');
      expect(parts).not.toContain('behaviours_2002q2');
      expect(parts).toContain('behaviours_2003q2');
      expect(await other.countBehaviours()).toBe(1);
      expect(await keysAndRows(shop)).toEqual({ keys: ['e3'], rows: ['e3'] });
      expect(await keysAndRows(other)).toEqual({ keys: ['e1'], rows: ['e1'] });
      // Sent again they are new, also by a process that knew the partition.
      expect(await sameShop.recordBehaviours([view('e1', '2002-05-01')])).toMatchObject({ accepted: 1 });
    } finally {
      await second.close();
    }
    await other.setRetention('BEHAVIOURS', { keepDays: 365, isArchived: false });
    await other.applyRetention({ now: NOW });
    expect(await partitionsOf('behaviours')).not.toContain('behaviours_2003q2');
  });

  test('keep their ids where they are archived: sent again they are known, until the person is erased', async () => {
    const shop = await freshShop();
    await shop.recordBehaviours([view('e1', '2001-05-01', 'anon'), view('e2', '2026-05-01', 'anon')]);
    await shop.setRetention('BEHAVIOURS', { keepDays: 365, isArchived: true });
    const [report] = await shop.applyRetention({ now: NOW, archiveDirectory: folder });
    expect(report).toMatchObject({ removed: 1, files: [expect.any(String)] });
    expect(await partitionsOf('behaviours')).not.toContain('behaviours_2001q2');
    expect(await keysAndRows(shop)).toEqual({ keys: ['e1', 'e2'], rows: ['e2'] });
    // The ids go with the person.
    await shop.recordLinks([{ aliasId: 'anon', userId: 'ann', linkedAt: NOW }]);
    await shop.applyLinks();
    expect(await shop.recordBehaviours([view('e1', '2001-05-01')])).toMatchObject({ duplicates: 1 });
    await shop.eraseUser('ann');
    expect(await keysAndRows(shop)).toEqual({ keys: [], rows: [] });
  });

  test('in use by a reader are let alone, and their rows deleted one by one', async () => {
    const shop = await freshShop();
    await shop.recordBehaviours([view('e1', '2004-05-01'), view('e2', '2026-05-01')]);
    await shop.setRetention('BEHAVIOURS', { keepDays: 365, isArchived: false });
    await admin.query('BEGIN');
    await admin.query('SELECT count(*) FROM behaviours');
    expect((await shop.applyRetention({ now: NOW }))[0].removed).toBe(1);
    await admin.query('COMMIT');
    expect(await partitionsOf('behaviours')).toContain('behaviours_2004q2');
    await shop.applyRetention({ now: NOW });
    expect(await partitionsOf('behaviours')).not.toContain('behaviours_2004q2');
  });

  test('times without end make no partitions without end, and no row fails', async () => {
    const shop = await freshShop();
    const scattered = Array.from({ length: 230 }, (_, at) => view(`y${at}`, `${1970 + at}-05-01`));
    expect(await shop.recordBehaviours(scattered)).toMatchObject({ accepted: 230 });
    expect((await partitionsOf('behaviours')).length).toBeLessThanOrEqual(81);
    expect(await partitionsOf('behaviours')).toContain('behaviours_default');
    const history = await shop.readHistory();
    expect(history.behaviours.count).toBe(230);
    expect(new Date(history.behaviours.occurredAt[229])).toEqual(new Date('2199-05-01'));
    // The quarter of today is made even so, and takes its rows out of the rest.
    const today = new Date();
    await admin.query('DELETE FROM behaviours_default WHERE occurred_at > $1', [new Date('2190-01-01')]);
    await shop.recordBehaviours([view('today', today.toISOString())]);
    expect((await partitionsOf('behaviours')).length).toBeLessThanOrEqual(82);
    const { rows } = await admin.query<{ part: string }>(
      `SELECT tableoid::regclass::text AS part FROM behaviours WHERE event_id = 'today'`,
    );
    expect(rows[0].part).toMatch(/^behaviours_\d{4}q\d$/);
    // What retention frees takes in rows of the rest.
    const before = await admin.query('SELECT FROM behaviours_default');
    await shop.setRetention('BEHAVIOURS', { keepDays: 365 * 30, isArchived: false });
    await shop.applyRetention({ now: NOW });
    const after = await admin.query('SELECT FROM behaviours_default');
    expect(after.rowCount).toBeLessThan(before.rowCount!);
    const { keys, rows: left } = await keysAndRows(shop);
    expect(left.length).toBeGreaterThan(100);
    expect(keys.filter((key) => !left.includes(key)).length).toBeLessThan(11); // those that were deleted above
    expect(await shop.recordBehaviours(scattered.slice(60, 120))).toMatchObject({ duplicates: 60 });
  });
});

describe('the migration', () => {
  /** A database of an owner who is no superuser, so that row-level security holds the migration too. */
  async function ownedDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
    const name = `owned_${randomUUID().replaceAll('-', '')}`;
    await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD 'owner' NOSUPERUSER`);
    await admin.query(`CREATE DATABASE ${name} OWNER ${name}`);
    const url = new URL(db.url);
    Object.assign(url, { username: name, password: 'owner', pathname: `/${name}` });
    return {
      url: url.href,
      drop: async () => {
        await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
        await admin.query(`DROP ROLE ${name}`);
      },
    };
  }

  test('moves the rows of all shops, whatever their time', async () => {
    const { url, drop } = await ownedDatabase();
    try {
      const all = join(PROJECT_ROOT, 'prisma', 'migrations');
      const before = join(folder, 'before');
      mkdirSync(before);
      for (const name of readdirSync(all).filter((each) => /^\d+/.test(each) && each < '20261124161500_time'))
        cpSync(join(all, name), join(before, name), { recursive: true });
      await migrate(url, before);
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query(`INSERT INTO shops (key, name) VALUES ('second', 'Second')`);
      const tables = ['behaviours', 'transactions', 'impressions', 'feedback'];
      const stored: Record<string, unknown[]> = {};
      for (const shop of [1, 2]) {
        await client.query(`SELECT set_config('tandem.shop_id', $1, false)`, [String(shop)]);
        await client.query(OLD_ROWS.replaceAll('$SHOP', String(shop)));
        for (const table of tables)
          stored[`${table} ${shop}`] = (await client.query(`SELECT * FROM ${table} ORDER BY 1, 2`)).rows;
      }
      await client.query(`SELECT set_config('tandem.shop_id', '', false)`);
      expect(await migrate(url)).toContain('20261124161500_time_partitions');
      for (const shop of [1, 2]) {
        await client.query(`SELECT set_config('tandem.shop_id', $1, false)`, [String(shop)]);
        for (const table of tables) {
          const { rows } = await client.query(`SELECT * FROM ${table}`);
          expect(stored[`${table} ${shop}`].length).toBeGreaterThan(2);
          expect(rows).toHaveLength(stored[`${table} ${shop}`].length);
          expect(rows).toEqual(expect.arrayContaining(stored[`${table} ${shop}`]));
        }
      }
      await client.end();
      const store = await openStore({ databaseUrl: url });
      const second = await store.forShop('second');
      expect(
        await second.recordBehaviours([view('e3', '2026-05-01', 'old'), view('new', '2026-05-01', 'old')]),
      ).toMatchObject({
        accepted: 1,
        duplicates: 1,
      });
      const click = { eventId: 'f2-2', userId: 'old', kind: 'CLICKED' as const, occurredAt: NOW };
      expect(await second.recordFeedback([click])).toMatchObject({ duplicates: 1 });
      await second.setRetention('BEHAVIOURS', { keepDays: 3_650, isArchived: false });
      expect((await second.applyRetention({ now: NOW }))[0].removed).toBeGreaterThan(0);
      await store.close();
    } finally {
      await drop();
    }
  });
});

const OLD_ROWS = `
  INSERT INTO users (id, shop_id, external_id) VALUES (10 + $SHOP, $SHOP, 'old');
  INSERT INTO behaviours (user_id, event_id, shop_id, type, occurred_at, context)
    SELECT 10 + $SHOP, 'e' || n, $SHOP, 'VIEW', '1970-01-01Z'::timestamptz + n * interval '400 days', jsonb_build_object('n', n)
    FROM generate_series(0, 200) n;
  INSERT INTO transactions (user_id, external_id, shop_id, amount, currency, occurred_at, is_fraud)
    SELECT 10 + $SHOP, 't' || n, $SHOP, n, 'EUR', '2024-01-01Z'::timestamptz + n * interval '50 days', n = 3 FROM generate_series(0, 20) n;
  INSERT INTO impressions (user_key, id, shop_id, item_id, model_version_id, rank, score, reason, shown_at)
    SELECT 'old', gen_random_uuid(), $SHOP, 1, gen_random_uuid(), n, 0.5, 'POPULAR', '2025-12-31Z'::timestamptz + n * interval '1 hour'
    FROM generate_series(0, 40) n;
  INSERT INTO feedback (user_key, event_id, shop_id, kind, occurred_at)
    SELECT 'old', 'f' || n || '-$SHOP', $SHOP, 'CLICKED', '2025-01-01Z'::timestamptz + n * interval '30 days' FROM generate_series(0, 9) n;`;
