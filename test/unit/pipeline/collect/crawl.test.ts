import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { crawlCatalogue, type CrawlOptions } from '../../../../src/pipeline/collect/index.js';
import { isPrivateAddress } from '../../../../src/pipeline/collect/public-address.js';
import { RecordingShop } from '../../../support/recording-shop.js';

const jsonLd = (data: unknown) => `<script type="application/ld+json">${JSON.stringify(data)}</script>`;
const lamp = {
  '@context': 'https://schema.org',
  '@graph': [
    { '@type': 'BreadcrumbList' },
    {
      '@type': ['Product'],
      sku: 'L-1',
      name: 'Lamp',
      brand: { '@type': 'Brand', name: 'Aqua' },
      category: 'Home > Light',
      image: ['/lamp.jpg'],
      offers: [
        {
          '@type': 'Offer',
          price: '19.90',
          priceCurrency: 'EUR',
          availability: 'https://schema.org/OutOfStock',
        },
      ],
    },
  ],
};

/** The pages of a shop by path; a number is a status, `-> x` a redirect. */
const PAGES: Record<string, string | number> = {
  '/robots.txt': 'User-agent: *\nDisallow: /secret\nSitemap: /ignored\n',
  '/sitemap.xml': '<sitemapindex><sitemap><loc>ORIGIN/products.xml</loc></sitemap></sitemapindex>',
  '/products.xml':
    '<urlset><url><loc>ORIGIN/lamp?a=1&amp;b=2</loc></url><url><loc>https://elsewhere.example/x</loc></url></urlset>',
  '/': '<a href="/chair#part">x</a><a href="/secret/plan">x</a><a href="/gone">x</a><a href="javascript:x()">x</a><a href="/deep/0">x</a><a href="/private">x</a><a href="/huge">x</a><a href="/hidden" rel="nofollow">x</a>',
  '/lamp?a=1&b=2': `<html>${jsonLd('broken').replace('"broken"', '{"@type":')}${jsonLd(lamp)}<a href="/">home</a>`,
  '/chair':
    '<meta property="og:type" content="product"><meta property="og:title" content="Chair &amp; Co"><meta property="product:price:amount" content="1,250.00"><meta property="product:price:currency" content="gbp"><base href="/img/"><meta property="og:image" content="c.png">',
  '/gone': 404,
  '/private': '-> http://169.254.169.254/latest',
  '/huge': 'x'.repeat(300_000),
};

let server: Server;
let origin: string;
let asked: string[];
let shop: RecordingShop;
beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const deep = /^\/deep\/(\d+)$/.exec(path);
    const page = deep === null ? (PAGES[path] ?? 404) : `<a href="/deep/${Number(deep[1]) + 1}">on</a>`;
    if (typeof page === 'number') response.writeHead(page).end();
    else if (page.startsWith('-> ')) response.writeHead(302, { location: page.slice(3) }).end();
    else response.writeHead(200, { 'content-type': 'text/html' }).end(page.replaceAll('ORIGIN', origin));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked = [];
  shop = new RecordingShop();
});
afterAll(() => {
  server.close();
});

const crawl = (options: CrawlOptions = {}) =>
  crawlCatalogue(shop.asStore(), origin, {
    delayMs: 0,
    allowPrivate: true,
    maxPages: 20,
    maxBytes: 100_000,
    ...options,
  });

describe('a catalogue', () => {
  test('becomes items, from sitemaps and links, JSON-LD and OpenGraph', async () => {
    const report = await crawl();
    expect(report.items).toEqual({ accepted: 2, duplicates: 0, rejected: 0 });
    expect(shop.items.get('L-1')).toEqual({
      id: 'L-1',
      title: 'Lamp',
      category: ['Home', 'Light'],
      price: '19.90',
      currency: 'EUR',
      available: false,
      imageUrl: `${origin}/lamp.jpg`,
      attributes: { url: `${origin}/lamp?a=1&b=2`, brand: 'Aqua' },
    });
    expect(shop.items.get('/chair')).toMatchObject({
      title: 'Chair & Co',
      price: '1250.00',
      currency: 'GBP',
      available: true,
      imageUrl: `${origin}/img/c.png`,
    });
  });

  test('what robots.txt closes and what is marked nofollow is not asked for', async () => {
    const report = await crawl();
    expect(report.disallowed).toBe(1);
    expect(asked.filter((path) => /secret|hidden/.test(path))).toEqual([]);
  });

  test('hostile pages: endless links end, huge pages and redirects away are failures, not crashes', async () => {
    const report = await crawl();
    expect(report).toMatchObject({ pages: 20, isCutShort: true });
    const reasons = Object.fromEntries(
      report.failed.map(({ url, reason }) => [new URL(url).pathname, reason]),
    );
    expect(report.gone).toBe(1);
    expect(report.pages).toBe(report.read + report.unchanged + report.gone + report.failed.length);
    expect(reasons['/private']).toMatch(/redirects to http:\/\/169.254.169.254/);
    expect(reasons['/huge']).toBe('is larger than 100000 bytes');
    expect(new Set(asked).size).toBe(asked.length);
  });

  test('pauses between requests as it is told', async () => {
    const started = performance.now();
    const report = await crawl({ delayMs: 30, maxPages: 5 });
    // robots.txt, two sitemaps and five pages: seven pauses.
    expect(report.pages).toBe(5);
    expect(performance.now() - started).toBeGreaterThan(7 * 30 - 5);
  });

  test('an abort stops it, a wrong address is refused', async () => {
    await expect(crawl({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    await expect(crawlCatalogue(shop.asStore(), 'ftp://x')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect(crawlCatalogue(shop.asStore(), 'shop')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('private addresses', () => {
  test('are not reached unless allowed, by number or by name', async () => {
    const { port } = new URL(origin);
    for (const address of [
      origin,
      `http://localhost:${port}`,
      `http://2130706433:${port}`,
      `http://[::ffff:127.0.0.1]:${port}`,
    ]) {
      const report = await crawlCatalogue(shop.asStore(), address, { delayMs: 0 });
      expect(report.failed).toHaveLength(1);
      expect(report.failed[0].reason).toMatch(/private|public/);
    }
    expect(asked).toEqual([]);
  });

  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '0.0.0.0',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    'fd00::1',
    'fe80::1',
    '100.64.0.1',
  ])('%s is private', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  test.each(['8.8.8.8', '172.32.0.1', '2606:4700::1111'])('%s is public', (address) => {
    expect(isPrivateAddress(address)).toBe(false);
  });
});
