import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import type { CrawledPageRow, ShopStore } from '../../src/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let shop: ShopStore;
let other: ShopStore;
beforeAll(async () => {
  database = await createTestDatabase();
  shop = await database.store.createShop('sources', 'Sources');
  other = await database.store.createShop('other', 'Other');
});
afterAll(() => database.drop());

describe('what is kept of other systems', () => {
  test('cursors, by source, resource and shop', async () => {
    expect(await shop.readCursor('shopify', 'orders')).toBeNull();
    await shop.writeCursor('shopify', 'orders', { since: '2026-01-01', page: 'x' });
    await shop.writeCursor('shopify', 'orders', { since: '2026-02-01' });
    expect(await shop.readCursor('shopify', 'orders')).toEqual({ since: '2026-02-01' });
    expect(await shop.readCursor('shopify', 'products')).toBeNull();
    expect(await other.readCursor('shopify', 'orders')).toBeNull();
    await shop.deleteCursor('shopify', 'orders');
    expect(await shop.readCursor('shopify', 'orders')).toBeNull();
  });

  test('only newer versions pass', async () => {
    const version = (id: string, day: number) => ({ id, version: new Date(Date.UTC(2026, 0, day)) });
    await shop.recordVersions('woo', 'orders', [version('1', 5), version('2', 5), version('1', 6)]);
    const newer = await shop.newerVersions('woo', 'orders', [
      version('1', 6),
      version('2', 6),
      version('3', 1),
    ]);
    expect([...newer].sort()).toEqual(['2', '3']);
    await shop.recordVersions('woo', 'orders', [version('1', 1)]);
    expect((await shop.newerVersions('woo', 'orders', [version('1', 5)])).size).toBe(0);
    expect((await other.newerVersions('woo', 'orders', [version('1', 1)])).size).toBe(1);
  });

  test('deliveries, once', async () => {
    expect(await shop.isDelivered('shopify', 'd1')).toBe(false);
    await shop.recordDelivery('shopify', 'd1');
    await shop.recordDelivery('shopify', 'd1');
    expect(await shop.isDelivered('shopify', 'd1')).toBe(true);
    expect(await shop.isDelivered('woocommerce', 'd1')).toBe(false);
    expect(await other.isDelivered('shopify', 'd1')).toBe(false);
  });

  test('crawled pages, lists with commas and quotes included', async () => {
    const page: CrawledPageRow = {
      url: 'https://x.example/a',
      state: 'READ',
      depth: 2,
      etag: '"a,b"',
      lastModified: null,
      contentHash: 'h',
      itemIds: ['a,b', 'c"d', '{e}'],
      failures: 0,
      readAt: new Date(0),
    };
    await shop.writeCrawledPages('https://x.example', [
      page,
      { ...page, url: 'https://x.example/b', itemIds: [] },
    ]);
    await shop.writeCrawledPages('https://x.example', [{ ...page, state: 'GONE' }]);
    expect(await shop.crawledPages('https://x.example')).toEqual([
      { ...page, state: 'GONE' },
      { ...page, url: 'https://x.example/b', itemIds: [] },
    ]);
    expect(await other.crawledPages('https://x.example')).toEqual([]);
  });
});

describe('quarantine', () => {
  const origin = { source: 'orders.csv', context: { layout: 'generic' } };
  const row = (line: number, userId: string | null = null) => ({
    line,
    raw: { user: 'ann\u0000', when: 'soon' },
    reason: 'The time "soon" is not understood.',
    userId,
  });

  test('keeps a row once, pages through, mends, settles', async () => {
    expect(await shop.quarantine(origin, [row(2), row(3), row(4)])).toBe(3);
    expect(await shop.quarantine(origin, [row(3), row(5)])).toBe(1);
    expect(await other.countQuarantined()).toBe(0);
    const first = await shop.quarantinedRows({ first: 3 });
    const second = await shop.quarantinedRows({ first: 3, after: first.rows[2].cursor });
    expect(first.hasNextPage).toBe(true);
    expect([...first.rows, ...second.rows].map(({ line }) => line).sort()).toEqual([2, 3, 4, 5]);
    expect(first.rows[0]).toMatchObject({
      ...origin,
      state: 'WAITING',
      raw: { user: 'ann\ufffd', when: 'soon' },
    });
    const { id } = first.rows[0];
    const mended = await shop.mendQuarantined(id, { user: 'ann', when: '2026-01-01' });
    expect(mended.raw).toEqual({ user: 'ann', when: '2026-01-01' });
    await shop.settleQuarantined([
      { id, state: 'REPLAYED' },
      { id: first.rows[1].id, state: 'WAITING', reason: 'still wrong' },
    ]);
    expect(await shop.countQuarantined({ state: 'WAITING' })).toBe(3);
    expect(await shop.countQuarantined({ source: 'elsewhere.csv' })).toBe(0);
    await expect(shop.mendQuarantined(id, {})).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(other.mendQuarantined(id, {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(shop.mendQuarantined('nonsense', {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('rows of a person go when the person is erased', async () => {
    await other.upsertUsers([{ id: 'ann' }]);
    await other.quarantine(origin, [row(1, 'ann'), row(2, 'ben')]);
    const receipt = await other.eraseUser('ann');
    expect(receipt.removed.quarantined_rows).toBe(1);
    expect(await other.countQuarantined()).toBe(1);
  });
});
