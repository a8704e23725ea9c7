import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import pg from 'pg';

import type { BehaviourWrite, ShopStore } from '../../src/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let db: TestDatabase;
let folder: string;
let shops = 0;
beforeAll(async () => {
  db = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'tandem-archive-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await db.drop();
});

const NOW = new Date('2026-06-01T00:00:00Z');
const DAY_MS = 86_400_000;
const daysAgo = (days: number) => new Date(NOW.getTime() - days * DAY_MS);

const behaviour = (at: number, age: number): BehaviourWrite => ({
  eventId: `e${at}`,
  userId: `u${at % 7}`,
  itemId: `i${at % 3}`,
  type: 'PURCHASE',
  occurredAt: daysAgo(age),
  quantity: 2,
  value: '12.50',
  context: { page: `p${at}` },
});

/** A shop with behaviours of every age from 0 to 99 days. */
async function shopWithAges(): Promise<ShopStore> {
  const shop = await db.store.createShop(`retention-${++shops}`, 'A shop of one test');
  await shop.recordBehaviours(Array.from({ length: 100 }, (_, age) => behaviour(age, age)));
  return shop;
}

async function rowsIn(files: readonly string[]): Promise<Record<string, unknown>[]> {
  const parts = files.map(async (file) =>
    parquetReadObjects({ file: await asyncBufferFromFile(file), compressors }),
  );
  return (await Promise.all(parts)).flat();
}

describe('retention', () => {
  test('removes what is older than the policy says, in this shop alone, and nothing without a policy', async () => {
    const [shop, other] = [await shopWithAges(), await shopWithAges()];
    expect(await shop.applyRetention({ now: NOW })).toEqual([]);
    await shop.setRetention('BEHAVIOURS', { keepDays: 30, isArchived: false });
    const report = await shop.applyRetention({ now: NOW, batchRows: 20 });
    expect(report).toEqual([{ kind: 'BEHAVIOURS', removed: 69, files: [] }]);
    expect(await shop.countBehaviours({ to: daysAgo(30) })).toBe(0);
    expect(await shop.countBehaviours()).toBe(31);
    expect(await other.countBehaviours()).toBe(100);
    await shop.setRetention('BEHAVIOURS', null);
    expect(await shop.retentionPolicies()).toEqual([]);
  });

  test('archives to Parquet first: every removed row is in one file, as it was', async () => {
    const shop = await shopWithAges();
    await shop.setRetention('BEHAVIOURS', { keepDays: 40, isArchived: true });
    const [report] = await shop.applyRetention({ now: NOW, archiveDirectory: folder, batchRows: 25 });
    expect(report.files).toHaveLength(3);
    const rows = await rowsIn(report.files);
    expect(rows.map(({ eventId }) => eventId).sort()).toEqual(
      Array.from({ length: 59 }, (_, at) => `e${at + 41}`).sort(),
    );
    expect(rows.find(({ eventId }) => eventId === 'e50')).toEqual({
      eventId: 'e50',
      userId: 'u1',
      itemId: 'i2',
      type: 'PURCHASE',
      occurredAt: daysAgo(50),
      sessionId: null,
      quantity: 2,
      value: '12.5000',
      context: '{"page": "p50"}',
    });
    // A file of an attempt that broke off holds rows that are in the table still: the next attempt clears it away.
    const directory = dirname(report.files[0]);
    writeFileSync(join(directory, 'broken-000009.parquet'), 'half');
    expect((await shop.applyRetention({ now: NOW, archiveDirectory: folder }))[0].removed).toBe(0);
    expect((await readdir(directory)).sort()).toEqual(
      report.files.map((file) => file.slice(directory.length + 1)),
    );
    await expect(shop.applyRetention({ now: NOW })).rejects.toThrow(/archiveDirectory/);
  });

  test('reaches transactions, impressions and feedback too', async () => {
    const shop = await shopWithAges();
    for (const kind of ['TRANSACTIONS', 'FEEDBACK', 'IMPRESSIONS'] as const)
      await shop.setRetention(kind, { keepDays: 10, isArchived: true });
    for (const [at, age] of [1, 20].entries()) {
      await shop.recordTransactions([
        { id: `t${at}`, userId: 'u1', amount: '9.90', currency: 'EUR', occurredAt: daysAgo(age) },
      ]);
      await shop.recordFeedback([
        { eventId: `f${at}`, userId: 'u1', kind: 'CLICKED', occurredAt: daysAgo(age) },
      ]);
    }
    const reports = await shop.applyRetention({ now: NOW, archiveDirectory: folder });
    expect(reports.map(({ kind, removed }) => [kind, removed])).toEqual([
      ['FEEDBACK', 1],
      ['IMPRESSIONS', 0],
      ['TRANSACTIONS', 1],
    ]);
    expect((await rowsIn(reports[2].files))[0]).toMatchObject({ id: 't1', userId: 'u1', amount: '9.9000' });
  });

  test('an erased person leaves the archives too, whole file by whole file, also one that an erasure broke off at', async () => {
    const shop = await shopWithAges();
    await shop.recordTransactions([
      { id: 'sale', userId: 'u1', amount: '9.90', currency: 'EUR', occurredAt: daysAgo(60) },
      { id: 'other', userId: 'u2', amount: '5.00', currency: 'EUR', occurredAt: daysAgo(61) },
    ]);
    await shop.recordFeedback([
      { eventId: 'f', userId: 'u1', kind: 'CLICKED', occurredAt: daysAgo(70) },
      { eventId: 'g', userId: 'clicker', kind: 'CLICKED', occurredAt: daysAgo(70) },
    ]);
    for (const kind of ['BEHAVIOURS', 'TRANSACTIONS', 'FEEDBACK'] as const)
      await shop.setRetention(kind, { keepDays: 40, isArchived: true });
    const reports = await shop.applyRetention({ now: NOW, archiveDirectory: folder, batchRows: 25 });
    const filesOf = (kind: string) => reports.find((report) => report.kind === kind)!.files;
    const before = await rowsIn(filesOf('BEHAVIOURS'));
    const theirs = before.filter(({ userId }) => userId === 'u1').length;
    expect(theirs).toBeGreaterThan(5);

    // No user of the store, and no row outside the archives but the event's id.
    const { removed } = await shop.eraseUser('clicker');
    expect(removed).toMatchObject({ users: 0, feedback: 0, archived_feedback: 1 });
    await expect(shop.eraseUser('clicker')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const receipt = await shop.eraseUser('u1');
    expect(receipt.removed).toMatchObject({
      archived_behaviours: theirs,
      archived_transactions: 1,
      archived_feedback: 1,
    });
    const after = await rowsIn(filesOf('BEHAVIOURS'));
    expect(after).toEqual(before.filter(({ userId }) => userId !== 'u1'));
    expect(await rowsIn(filesOf('TRANSACTIONS'))).toMatchObject([{ id: 'other' }]);
    // A file that held nothing else is gone, and so is every trace of whom it was about.
    expect(existsSync(filesOf('FEEDBACK')[0])).toBe(false);
    expect(await shop.query('SELECT * FROM archive_erasures')).toEqual([]);
    const [stored] = await shop.query<{ removed: object }>(
      'SELECT removed FROM erasures ORDER BY erased_at DESC LIMIT 1',
    );
    expect(stored.removed).toEqual(receipt.removed);

    // What an erasure leaves behind that ends before the archives are done, as a kill would.
    await shop.eraseUser('u3');
    const [{ id }] = await shop.query<{ id: string }>(
      'SELECT id FROM erasures ORDER BY erased_at DESC LIMIT 1',
    );
    const owner = new pg.Client({ connectionString: db.url });
    await owner.connect();
    await owner.query('INSERT INTO archive_erasures (shop_id, erasure_id, user_keys) VALUES ($1, $2, $3)', [
      shop.shopId,
      id,
      ['u4'],
    ]);
    await owner.end();
    await shop.applyRetention({ now: NOW, archiveDirectory: folder });
    const left = new Set((await rowsIn(filesOf('BEHAVIOURS'))).map(({ userId }) => userId));
    expect([...left].sort()).toEqual(['u0', 'u2', 'u5', 'u6']);
  });

  test('column files of the history leave removed rows out', async () => {
    const shop = await shopWithAges();
    const files = await shop.openHistoryFiles(join(folder, `history-${shops}`));
    expect((await files.refresh()).rows).toBe(100);
    await shop.setRetention('BEHAVIOURS', { keepDays: 30, isArchived: false });
    await shop.applyRetention({ now: NOW });
    expect((await files.refresh()).rows).toBe(31);
  });

  test('a policy that makes no sense is refused', async () => {
    const shop = await shopWithAges();
    await expect(shop.setRetention('BEHAVIOURS', { keepDays: 0, isArchived: false })).rejects.toThrow(
      /keepDays/,
    );
  });
});

describe('behaviours in time', () => {
  test('late, early and out-of-order rows come out in the order of their times', async () => {
    const shop = await db.store.createShop(`order-${++shops}`, 'A shop of one test');
    const ages = [5, 1, 99, 3, -40, 2_000, 3];
    for (const [at, age] of ages.entries())
      await shop.recordBehaviours([{ ...behaviour(at, age), userId: 'ann' }]);
    const history = await shop.readHistory();
    expect([...history.behaviours.occurredAt]).toEqual(
      ages.map((age) => daysAgo(age).getTime()).sort((a, b) => a - b),
    );
    expect(await shop.latestBehaviourAt()).toEqual(daysAgo(-40));
  });
});
