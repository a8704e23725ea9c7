import { gzipSync } from 'node:zlib';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { crawlCatalogue, type CrawlOptions } from '../../src/pipeline/collect/index.js';
import type { ShopStore } from '../../src/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type ShopSystem, startShopSystem } from '../support/shop-system.js';

interface Page {
  readonly body: string | Buffer;
  readonly etag?: string;
  readonly lastModified?: string;
  readonly type?: string;
  readonly status?: number;
  /** Answers with this status so many times before it gives the page. */
  refusals?: number;
  readonly delayMs?: number;
}

let database: TestDatabase;
let shop: ShopStore;
let site: ShopSystem;
let pages: Record<string, Page>;
let conditional: string[];
let shops = 0;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  shop = await database.store.createShop(`crawl-${shops++}`, 'Crawl');
  conditional = [];
  site = await startShopSystem((request, response) => {
    const path = request.url ?? '';
    const page = pages[path];
    if (page === undefined) return void response.writeHead(404).end();
    if (page.refusals) {
      page.refusals--;
      return void response.writeHead(429, { 'retry-after': '0' }).end();
    }
    const { etag, lastModified, status = 200, type = 'text/html' } = page;
    const validators = { ...(etag && { etag }), ...(lastModified && { 'last-modified': lastModified }) };
    const isSame =
      (etag !== undefined && request.headers['if-none-match'] === etag) ||
      (lastModified !== undefined && request.headers['if-modified-since'] === lastModified);
    if (isSame) {
      conditional.push(path);
      return void response.writeHead(304, validators).end();
    }
    setTimeout(
      () => response.writeHead(status, { 'content-type': type, ...validators }).end(page.body),
      page.delayMs ?? 0,
    );
  });
});
afterEach(() => site.close());

const crawl = (options: CrawlOptions = {}) =>
  crawlCatalogue(shop, site.origin.href, { delayMs: 0, allowPrivate: true, ...options });
const product = (sku: string, price: string, more = '') =>
  `<script type="application/ld+json">{"@type":"Product","sku":"${sku}","name":"${sku}","offers":{"price":"${price}","priceCurrency":"EUR"}}</script>${more}`;
const links = (...paths: string[]) => paths.map((path) => `<a href="${path}">x</a>`).join('');

describe('a second crawl', () => {
  test('asks only whether known pages changed, updates items and marks those that vanished', async () => {
    pages = {
      '/': { body: links('/a', '/b', '/c', '/d'), etag: '"home"' },
      '/a': { body: product('A', '1'), etag: '"a1"' },
      '/b': { body: product('B', '2'), lastModified: 'Thu, 01 Jan 2026 00:00:00 GMT' },
      '/c': { body: product('C', '3') },
      '/d': { body: product('D', '4'), etag: '"d1"' },
    };
    expect(await crawl()).toMatchObject({
      pages: 5,
      read: 5,
      unchanged: 0,
      vanished: 0,
      items: { accepted: 4 },
    });
    const again = await crawl();
    expect(again).toMatchObject({ pages: 5, read: 0, unchanged: 5, isResumed: false, vanished: 0 });
    expect(again.items).toEqual({ accepted: 0, duplicates: 0, rejected: 0 });
    expect(conditional.sort()).toEqual(['/', '/a', '/b', '/d']);

    pages['/a'] = { body: product('A', '1.50'), etag: '"a2"' };
    delete pages['/b'];
    pages['/d'] = { body: links('/'), etag: '"d2"' }; // the page is there, its product is not
    const third = await crawl();
    expect(third).toMatchObject({ pages: 5, read: 2, unchanged: 2, gone: 1, vanished: 2 });
    const items = await shop.itemsByExternalIds(['A', 'B', 'C', 'D']);
    expect(items.map((item) => `${item?.price} ${item?.available}`)).toEqual([
      '1.50 true',
      '2.00 false',
      '3.00 true',
      '4.00 false',
    ]);

    pages['/b'] = { body: product('B', '2') };
    await crawl();
    expect((await shop.itemsByExternalIds(['B']))[0]?.available).toBe(false); // nothing that changed leads to it
    pages['/'] = { body: links('/a', '/b', '/c', '/d', '/e'), etag: '"home2"' };
    await crawl();
    expect((await shop.itemsByExternalIds(['B']))[0]?.available).toBe(true);
  });

  test('goes on where the first one stopped, and takes a server’s errors for no disappearance', async () => {
    const paths = Array.from({ length: 12 }, (_, n) => `/p${n}`);
    pages = { '/': { body: links(...paths) } };
    for (const path of paths) pages[path] = { body: product(path.slice(1), '1') };
    const first = await crawl({ maxPages: 5 });
    expect(first).toMatchObject({ pages: 5, isCutShort: true, vanished: 0 });
    const asked = site.asked.length;
    const second = await crawl();
    expect(second).toMatchObject({ pages: 8, read: 8, isResumed: true, isCutShort: false, vanished: 0 });
    expect(site.asked.slice(asked).filter((line) => /\/p[0-3]$/.test(line))).toEqual([]);
    expect((await shop.counts()).items).toBe(12);

    const controller = new AbortController();
    const broken = crawl({
      signal: controller.signal,
      onProgress: ({ pages: read }) => read === 4 && controller.abort(new Error('killed')),
    });
    await expect(broken).rejects.toThrow('killed');
    for (const path of paths) pages[path] = { ...pages[path], status: 500 };
    const third = await crawl();
    expect(third.isResumed).toBe(true);
    expect(third.failed.length).toBeGreaterThan(0);
    expect(third.vanished).toBe(0);
  });
});

describe('sites that make it hard', () => {
  test('are asked again when they say later, and left alone when robots.txt cannot be had', async () => {
    pages = { '/': { body: links('/a') }, '/a': { body: product('A', '1'), refusals: 2 } };
    expect(await crawl()).toMatchObject({ pages: 2, read: 2, failed: [] });
    pages['/robots.txt'] = { body: 'down', status: 503 };
    const report = await crawl();
    expect(report).toMatchObject({ pages: 1, read: 0 });
    expect(report.failed[0]).toMatchObject({ reason: 'answered 503' });
  });

  test('endless paths and filters, slow pages and bombs cost little', async () => {
    const filters = Array.from({ length: 300 }, (_, n) => `/list?sort=${n}&utm_source=x`);
    const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>`;
    pages = {
      '/robots.txt': {
        body: `Sitemap: ${site.origin.href}bomb.xml.gz\nSitemap: ${site.origin.href}deep.xml\n`,
        type: 'text/plain',
      },
      '/bomb.xml.gz': {
        body: gzipSync(`<urlset>${' '.repeat(60_000_000)}</urlset>`),
        type: 'application/gzip',
      },
      '/deep.xml': { body: bomb, type: 'text/xml' },
      '/': { body: links('/x/x/x', '/list', '/slow', '/file.pdf', ...filters) },
      '/x/x/x': { body: links('y') },
      '/list': { body: 'list' },
      '/slow': { body: 'slow', delayMs: 500 },
    };
    for (let n = 0; n < 300; n++) pages[`/list?sort=${n}`] = { body: 'sorted' };
    const report = await crawl({ timeoutMs: 150 });
    expect(report.pages).toBeLessThan(50);
    expect(report.trapped).toBeGreaterThan(250);
    expect(report.failed).toEqual([
      { url: `${site.origin.href}slow`, reason: expect.stringMatching(/abort|time/i) },
    ]);
    expect(site.asked.some((line) => line.includes('utm_source'))).toBe(false);
  });
});
