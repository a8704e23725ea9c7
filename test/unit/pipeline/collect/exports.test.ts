import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';

import { type FileReport, importFiles, type ImportOptions } from '../../../../src/pipeline/collect/index.js';
import { PROJECT_ROOT } from '../../../../src/root.js';
import { RecordingShop } from '../../../support/recording-shop.js';

let directory: string;
let shop: RecordingShop;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'exports-'));
});
beforeEach(() => {
  shop = new RecordingShop();
});
afterAll(() => rm(directory, { recursive: true }));

async function importFixture(name: string, options: ImportOptions = {}): Promise<FileReport> {
  const path = join(directory, name);
  await copyFile(join(PROJECT_ROOT, 'test/fixtures', name), path);
  const [report] = (await importFiles(shop.asStore(), [path], options)).files;
  expect(report.lines).toBe(report.kept + report.dropped + report.rejected);
  expect(
    report.rules.filter(({ action }) => action === 'DROP').reduce((sum, { lines }) => sum + lines, 0),
  ).toBe(report.dropped);
  expect(shop.quarantined).toHaveLength(report.rejected);
  return report;
}

const behaviours = () => [...shop.behaviours.values()];
const dropped = (report: FileReport) =>
  Object.fromEntries(report.rules.filter(({ lines }) => lines > 0).map(({ name, lines }) => [name, lines]));

/** SHA-256 of the address in small letters, as guests are known by. */
const ANN = 'email-agvwEaH8HpqK3RcocEuN21';

describe('Segment', () => {
  test('track, page, identify and alias calls; bots, foreign events and broken lines are counted', async () => {
    const report = await importFixture('segment.ndjson');
    expect(report).toMatchObject({ layout: 'segment', lines: 11, kept: 8, dropped: 2, rejected: 1 });
    expect(dropped(report)).toEqual({ 'no-shop-event': 1, 'declared-bot': 1 });
    expect(report.problems).toEqual([{ line: 10, message: 'The time "yesterday" is not understood.' }]);
    expect(behaviours()).toMatchObject([
      {
        eventId: 'ajs-1',
        userId: 'a-77',
        itemId: '507f1f77',
        type: 'VIEW',
        occurredAt: new Date('2026-03-01T10:00:00.250Z'),
      },
      { eventId: 'ajs-2', itemId: null, type: 'VIEW', context: { page: '/' } },
      { eventId: 'ajs-4', userId: '97980cfe', type: 'ADD_TO_CART', quantity: 2 },
      {
        eventId: 'ajs-5-0',
        type: 'PURCHASE',
        itemId: '507f1f77',
        quantity: 2,
        value: '37.98',
        sessionId: '50314b8e',
      },
      { eventId: 'ajs-5-1', type: 'PURCHASE', itemId: '505bd76785', quantity: 1, value: '2.00' },
      { eventId: 'ajs-6', type: 'SEARCH', context: { query: 'blue hotpants' } },
      { eventId: 'ajs-11', type: 'REFUND', itemId: '505bd76785', value: '2.00' },
    ]);
    expect(shop.transactions.get('50314b8e')).toMatchObject({
      userId: '97980cfe',
      amount: '47.98',
      currency: 'EUR',
    });
    expect(shop.users.get('97980cfe')?.attributes).toEqual({ plan: 'gold', logins: 5 });
    expect(shop.items.get('507f1f77')).toMatchObject({
      title: 'Lamp',
      category: ['Home', 'Light'],
      price: '18.99',
      currency: 'EUR',
      imageUrl: 'https://shop.example/lamp.jpg',
      attributes: { brand: 'Aqua' },
    });
    expect(shop.links).toEqual([
      { aliasId: 'a-77', userId: '97980cfe', linkedAt: new Date('2026-03-01T10:01:00Z') },
      { aliasId: 'legacy-5', userId: '97980cfe', linkedAt: new Date('2026-03-01T12:00:00Z') },
    ]);
  });

  test('amounts of other currencies are converted, or refused where there is no rate', async () => {
    const report = await importFixture('segment.ndjson', { currency: 'USD', rates: { EUR: 1.25 } });
    expect(dropped(report)).toMatchObject({ 'other-currency': 4 });
    expect(shop.transactions.get('50314b8e')).toMatchObject({ amount: '59.975', currency: 'USD' });
    shop = new RecordingShop();
    const without = await importFixture('segment.ndjson', { currency: 'USD', rates: { GBP: 1.25 } });
    expect(without.problems).toContainEqual({ line: 1, message: 'There is no rate for EUR to USD.' });
  });
});

test('Google Analytics 4: BigQuery’s events', async () => {
  const report = await importFixture('ga4.ndjson');
  expect(report).toMatchObject({ layout: 'ga4', lines: 9, kept: 5, dropped: 3, rejected: 1 });
  expect(dropped(report)).toEqual({ 'no-shop-event': 2, 'no-user': 1 });
  expect(behaviours()).toMatchObject([
    {
      type: 'VIEW',
      itemId: null,
      userId: '1026454.42',
      sessionId: '1026454.42.1772359200',
      context: { page: 'https://shop.example/hoodie', device: 'mobile' },
    },
    { type: 'VIEW', itemId: 'GGOEGXXX1', quantity: 1 },
    { type: 'SEARCH', itemId: null, context: { query: 'mug' } },
    { type: 'ADD_TO_CART', quantity: 2 },
    { type: 'PURCHASE', userId: 'C-1', itemId: 'GGOEGXXX1', quantity: 2, value: '84.00' },
    { type: 'PURCHASE', userId: 'C-1', itemId: 'GGOEMUG', value: '11.50' },
  ]);
  expect(behaviours()[0].occurredAt).toEqual(new Date(1772359200000));
  expect(shop.transactions.get('T-9')).toMatchObject({ userId: 'C-1', amount: '95.50', currency: 'USD' });
  expect(shop.items.get('GGOEGXXX1')).toMatchObject({
    title: 'Hoodie',
    category: ['Apparel', 'Mens'],
    attributes: { brand: 'Google' },
  });
  expect(shop.users.get('C-1')?.attributes).toEqual({ country: 'Germany' });
  expect(shop.links).toMatchObject([{ aliasId: '1026454.42', userId: 'C-1' }]);
});

describe('Shopify', () => {
  test('orders: lines of one order, cancelled, voided, test and guest orders, refunds without a time', async () => {
    const report = await importFixture('shopify-orders.csv');
    expect(report).toMatchObject({ layout: 'shopify-orders', lines: 8, kept: 4, dropped: 3, rejected: 1 });
    expect(dropped(report)).toEqual({
      'test-order': 1,
      unpaid: 1,
      'no-customer': 1,
      'timeless-refund': 1,
      cancelled: 1,
    });
    expect(report.problems).toEqual([
      { line: 8, message: 'The quantity must be a whole number; it is "one".' },
    ]);
    expect(shop.transactions.get('shopify-7410991464714')).toEqual({
      id: 'shopify-7410991464714',
      userId: ANN,
      amount: '53.90',
      currency: 'EUR',
      occurredAt: new Date('2026-02-01T08:50:26Z'),
      items: [
        { itemId: 'L-1-B', quantity: 2, price: '19.95' },
        { itemId: 'gift-card-red', quantity: 1, price: '14.00' },
      ],
      paymentMethod: 'Shopify Payments',
      billingCountry: 'DE',
      shippingCountry: 'DE',
      isFraud: null,
    });
    expect(behaviours()).toMatchObject([
      { eventId: 'shopify-7410991464714-L-1-B', type: 'PURCHASE', quantity: 2, value: '39.90' },
      { eventId: 'shopify-7410991464714-gift-card-red', type: 'PURCHASE' },
      { eventId: 'shopify-7410991464716-L-1-B', type: 'PURCHASE' },
      {
        eventId: 'shopify-7410991464716-cancelled-L-1-B',
        type: 'REFUND',
        occurredAt: new Date('2026-02-04T11:00:00Z'),
      },
      { eventId: 'shopify-7410991464720-bulb', type: 'PURCHASE', quantity: 3 },
    ]);
    expect(JSON.stringify([...shop.users.values(), ...shop.transactions.values()])).not.toMatch(/@|10115/);
    expect(shop.items.get('L-1-B')).toMatchObject({ title: 'Lamp - Blue', attributes: { brand: 'Aqua' } });
  });

  test('customers: guests are linked to accounts, names and addresses left out', async () => {
    const report = await importFixture('shopify-customers.csv');
    expect(report).toMatchObject({ layout: 'shopify-customers', lines: 3, kept: 2, rejected: 1 });
    expect(shop.users.get('8779761975521')?.attributes).toEqual({
      acceptsMarketing: true,
      country: 'DE',
      tags: ['VIP', 'Wholesale'],
    });
    expect(shop.links).toEqual([{ aliasId: ANN, userId: '8779761975521', linkedAt: new Date(0) }]);
  });

  test('products: a row a variant, further images, what is sold out or unpublished', async () => {
    const report = await importFixture('shopify-products.csv', { currency: 'EUR' });
    expect(report).toMatchObject({ layout: 'shopify-products', lines: 5, kept: 4, rejected: 1 });
    expect(shop.items.get('L-1-B')).toEqual({
      id: 'L-1-B',
      title: 'Lamp - Blue',
      category: ['Home & Garden', 'Lighting', 'Lamps'],
      price: '19.95',
      currency: 'EUR',
      available: true,
      imageUrl: 'https://cdn.shop.example/lamp.jpg',
      attributes: { handle: 'lamp', brand: 'Aqua', tags: ['new', 'sale'] },
    });
    expect(shop.items.get('L-1-R')).toMatchObject({
      available: false,
      imageUrl: 'https://cdn.shop.example/red.jpg',
    });
    expect(shop.items.get('gift-card-red')).toMatchObject({ title: 'Gift card, red', available: false });
  });
});

describe('WooCommerce', () => {
  test('products: variations have their parent’s category', async () => {
    const report = await importFixture('woocommerce-products.csv', { currency: 'EUR' });
    expect(report).toMatchObject({ layout: 'woocommerce-products', lines: 4, kept: 3, rejected: 1 });
    expect(shop.items.get('hoodie-red')).toMatchObject({
      category: ['Clothing', 'Hoodies'],
      price: '40.00',
      available: false,
    });
    expect(shop.items.get('13')).toMatchObject({ title: 'Cap', price: '16.50', available: false });
    expect(shop.items.get('hoodie')).toMatchObject({ imageUrl: 'https://shop.example/h.jpg' });
  });

  test('orders, a row an order; local times are of the shop’s zone', async () => {
    const report = await importFixture('woocommerce-orders.csv', { timeZone: 'Europe/Paris' });
    expect(report).toMatchObject({
      layout: 'woocommerce-orders',
      lines: 4,
      kept: 2,
      dropped: 1,
      rejected: 1,
    });
    expect(dropped(report)).toEqual({ unpaid: 1, 'local-time': 2 });
    expect(shop.transactions.get('woocommerce-501')).toMatchObject({
      userId: '7',
      amount: '101.50',
      occurredAt: new Date('2026-02-01T09:00:00Z'),
      items: [
        { itemId: 'hoodie-red', quantity: 2, price: '40.00' },
        { itemId: '13', quantity: 1, price: '16.50' },
      ],
    });
    expect(shop.links).toHaveLength(1);
  });

  test('orders, a row a line, and customers', async () => {
    const report = await importFixture('woocommerce-order-rows.csv', { currency: 'EUR' });
    expect(report).toMatchObject({ layout: 'woocommerce-order-rows', lines: 3, kept: 2, dropped: 1 });
    expect(shop.transactions.get('woocommerce-601')?.items).toHaveLength(2);
    const customers = await importFixture('woocommerce-customers.csv');
    expect(customers).toMatchObject({ layout: 'woocommerce-customers', kept: 1, rejected: 1 });
  });
});

describe('data sets', () => {
  const importText = async (name: string, text: string) => {
    const path = join(directory, name);
    await writeFile(path, text);
    return (await importFiles(shop.asStore(), [path])).files[0];
  };

  test('MovieLens without headers', async () => {
    expect(await importText('u.data', '196\t242\t3\t881250949\n186\t302\t5\t891717742\n')).toMatchObject({
      layout: 'movielens-ratings',
      kept: 2,
    });
    expect(await importText('ratings.dat', '1::1193::5::978300760\n2::1193::3.5::978298413\n')).toMatchObject(
      {
        layout: 'movielens-ratings',
        kept: 2,
        delimiter: '::',
      },
    );
    const flags = '0|0|0|1|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0';
    const items = `1|Toy Story (1995)|01-Jan-1995||http://us.imdb.com/M/title-exact?Toy%20Story%20(1995)|${flags}\n`;
    expect(await importText('u.item', items)).toMatchObject({ layout: 'movielens-items', kept: 1 });
    expect(shop.items.get('1')).toMatchObject({
      title: 'Toy Story (1995)',
      category: ['Animation', "Children's", 'Comedy'],
    });
    expect(
      await importText('movies.dat', '2::Jumanji (1995)::Adventure|Fantasy\n3::Shop, The (1990)::Drama\n'),
    ).toMatchObject({
      layout: 'movielens-movies',
      kept: 2,
    });
    expect(shop.items.get('2')).toMatchObject({
      title: 'Jumanji (1995)',
      category: ['Adventure', 'Fantasy'],
    });
    await importText('u.user', '1|24|M|technician|85711\n');
    await importText('users.dat', '2::M::56::16::70072\n');
    expect(shop.users.get('1')?.attributes).toEqual({ gender: 'M', age: 24, occupation: 'technician' });
    expect(shop.users.get('2')?.attributes).toEqual({ gender: 'M', age: 56, occupation: '16' });
  });

  test('RetailRocket item properties: the latest of the two that are not hashed', async () => {
    const report = await importText(
      'item_properties.csv',
      'timestamp,itemid,property,value\n1433041200000,5,categoryid,7\n1432041200000,5,categoryid,9\n1433041200000,5,790,n6\n1433041200000,5,available,0\n',
    );
    expect(report).toMatchObject({ layout: 'retailrocket-properties', lines: 4, kept: 3, dropped: 1 });
    expect(shop.items.get('5')).toMatchObject({ category: ['7'], available: false });
  });

  test('Online Retail II, as saved from its spreadsheet', async () => {
    const report = await importText(
      'online_retail_II.csv',
      'Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n489434,85048,"15CM LIGHTS",12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom\nC489449,22087,PAPER,-12,12/1/2009 10:33,2.95,16321,Australia\n',
    );
    expect(report).toMatchObject({ layout: 'online-retail', lines: 2, kept: 2 });
    expect(behaviours()).toMatchObject([
      { userId: '13085', type: 'PURCHASE', occurredAt: new Date('2009-12-01T07:45:00Z'), value: '83.40' },
      { type: 'REFUND', occurredAt: new Date('2009-12-01T10:33:00Z') },
    ]);
  });
});
