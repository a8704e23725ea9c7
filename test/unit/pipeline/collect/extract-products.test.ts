import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { extractPage } from '../../../../src/pipeline/collect/crawl/extract-products.js';
import { normaliseUrl } from '../../../../src/pipeline/collect/crawl/normalise-url.js';
import { parseSitemap } from '../../../../src/pipeline/collect/crawl/sitemap.js';

const PAGE = new URL('https://shop.example/lamp');
const extract = (html: string | Buffer, type?: string) => extractPage(Buffer.from(html), PAGE, type);
const script = (json: string) => `<script type="application/ld+json">${json}</script>`;

describe('products of a page', () => {
  test('microdata, nested and with several offers', () => {
    const { items } = extract(`<div itemscope itemtype="https://schema.org/Product">
      <h1 itemprop="name">Desk <b>lamp</b></h1><meta itemprop="sku" content="L-9"><img itemprop="image" src="/l.jpg">
      <span itemprop="category">Home &gt; Light</span>
      <div itemprop="brand" itemscope itemtype="https://schema.org/Brand"><span itemprop="name">Aqua</span></div>
      <div itemprop="review" itemscope itemtype="https://schema.org/Review"><span itemprop="name">Great</span></div>
      <div itemprop="offers" itemscope itemtype="https://schema.org/Offer"><span itemprop="price">24,90 €</span>
        <link itemprop="availability" href="https://schema.org/OutOfStock"></div>
      <div itemprop="offers" itemscope itemtype="https://schema.org/Offer"><meta itemprop="price" content="19.90">
        <meta itemprop="priceCurrency" content="EUR"><link itemprop="availability" href="https://schema.org/InStock"></div>
    </div>`);
    expect(items).toEqual([
      {
        id: 'L-9',
        title: 'Desk lamp',
        category: ['Home', 'Light'],
        price: '19.90',
        currency: 'EUR',
        available: true,
        imageUrl: 'https://shop.example/l.jpg',
        attributes: { url: PAGE.href, brand: 'Aqua' },
      },
    ]);
  });

  test('aggregate offers, price specifications, and breadcrumbs where no category is told', () => {
    const { items } = extract(
      script(
        `{"@type":"BreadcrumbList","itemListElement":[{"item":{"name":"Home"}},{"name":"Light"},{"item":{"name":"Desk"}},{"name":"Lamp"}]}`,
      ) +
        script(`{"@type":"http://schema.org/Product","productID":"P1","name":"Lamp","offers":{"@type":"AggregateOffer","lowPrice":"15.00","priceCurrency":"eur",
          "offers":[{"priceSpecification":{"price":12.5,"priceCurrency":"EUR"},"availability":"SoldOut"}]}}`),
    );
    expect(items).toMatchObject([
      { id: 'P1', category: ['Light', 'Desk'], price: '12.50', currency: 'EUR', available: false },
    ]);
  });

  test.each([
    ['a comma too many', '{"@type":"Product","name":"Lamp","sku":"1",}'],
    ['a raw line end', '{"@type":"Product","name":"La\nmp","sku":"1"}'],
    ['CDATA', '/*<![CDATA[*/{"@type":"Product","name":"Lamp","sku":"1"}/*]]>*/'],
    ['a comment', '<!-- {"@type":"Product","name":"Lamp","sku":"1"} -->'],
  ])('JSON-LD with %s', (_name, json) => {
    expect(extract(script(json)).items).toMatchObject([{ id: '1' }]);
  });

  test('an odd character or an address without end does not cost the item', () => {
    const { items } = extract(
      script(
        `{"@type":"Product","name":"La\\u0000mp \\ud800","sku":"1\\u0000","category":"A\\u0000 > \\u0000","image":"/${'y'.repeat(3_000)}"}`,
      ),
    );
    expect(items).toMatchObject([{ id: '1', title: 'Lamp', category: ['A'], imageUrl: null }]);
  });

  test('the encoding is the one that is told', () => {
    const html =
      '<meta charset="iso-8859-1"><meta property="og:type" content="product"><meta property="og:title" content="Läufer">';
    expect(extract(Buffer.from(html, 'latin1')).items[0].title).toBe('Läufer');
    const bare = html.replace('<meta charset="iso-8859-1">', '');
    expect(extract(Buffer.from(bare, 'latin1'), 'text/html; charset=ISO-8859-1').items[0].title).toBe(
      'Läufer',
    );
  });

  test('no page makes it throw', () => {
    const value = fc.letrec((tie) => ({
      node: fc.dictionary(
        fc.constantFrom(
          '@type',
          'name',
          'sku',
          'offers',
          'price',
          'image',
          'brand',
          'category',
          '@graph',
          'itemListElement',
          'item',
          'hasVariant',
          'availability',
        ),
        fc.oneof(
          { maxDepth: 4 },
          fc.constantFrom('Product', 'BreadcrumbList', '1.5', ''),
          fc.double(),
          fc.constant(null),
          fc.array(tie('node'), { maxLength: 3 }),
          tie('node'),
        ),
      ),
    })).node;
    const markup = fc.string({
      unit: fc.constantFrom(
        '<',
        '>',
        '"',
        '=',
        '/',
        'a',
        ' ',
        'itemscope',
        'itemprop',
        'div',
        '&#0;',
        'script',
        '<!--',
      ),
    });
    fc.assert(
      fc.property(fc.array(value, { maxLength: 3 }), markup, (nodes, text) => {
        const html = `${nodes.map((node) => script(JSON.stringify(node))).join('')}<div itemscope itemtype="https://schema.org/Product"><a itemprop="name">${text}`;
        for (const item of extract(html).items) {
          expect(item.id.length).toBeGreaterThan(0);
          expect(item.price === null || Number(item.price) >= 0).toBe(true);
        }
        for (const link of extract(text).links) expect(link.protocol).toMatch(/^https?:$/);
        parseSitemap(Buffer.from(text));
      }),
      { numRuns: 150 },
    );
  });
});

describe('addresses', () => {
  test.each([
    ['https://shop.example/a?utm_source=x&b=2&a=1#top', 'https://shop.example/a?a=1&b=2'],
    ['https://user:pass@SHOP.example:443//a//b/../c;jsessionid=1F', 'https://shop.example/a/c'],
    ['https://shop.example/a?gclid=1', 'https://shop.example/a'],
  ])('%s is %s', (given, expected) => {
    expect(normaliseUrl(new URL(given))?.href).toBe(expected);
  });

  test.each([
    'https://shop.example/calendar/next/next/next',
    `https://shop.example/${'a/b/c/d/'.repeat(4)}`,
    `https://shop.example/?q=${'x'.repeat(2_000)}`,
    'https://shop.example/price-list.pdf',
  ])('%s is no page of a catalogue', (address) => {
    expect(normaliseUrl(new URL(address))).toBeNull();
  });

  test('the one form of an address is its own form', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (address) => {
        const normal = normaliseUrl(new URL(address));
        if (normal !== null) expect(normaliseUrl(normal)?.href).toBe(normal.href);
      }),
      { numRuns: 500 },
    );
  });
});
