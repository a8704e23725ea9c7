import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { accessOf, connectorOf, pullConnector, type PullOptions } from '../../src/pipeline/collect/index.js';
import type { ShopStore } from '../../src/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { answerJson, failInTurn, type ShopSystem, startShopSystem } from '../support/shop-system.js';

interface WooOrder {
  id: number;
  date_modified_gmt: string;
  [key: string]: unknown;
}

const TOKEN = 'ck_read:cs_secret';
const modified = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString().slice(0, 19);

function order(id: number, second: number): WooOrder {
  return {
    id,
    status: 'completed',
    currency: 'EUR',
    total: '30.00',
    customer_id: 1 + (id % 40),
    date_created_gmt: modified(id),
    date_modified_gmt: modified(second),
    date_paid_gmt: modified(id),
    payment_method: 'stripe',
    billing: { email: `c${1 + (id % 40)}@shop.example`, country: 'FR' },
    shipping: { country: 'FR' },
    line_items: [
      { id: id * 10, name: 'Cap', product_id: 1 + (id % 3), quantity: 2, price: 15, total: '30.00', sku: '' },
    ],
    refunds: [],
  };
}

/** Orders, products and customers as the REST API gives them; what a test changes counts at once. */
class WooShop {
  orders: WooOrder[] = [];
  products = [1, 2, 3].map((id) => ({
    id,
    name: `Cap ${id}`,
    price: '15',
    status: 'publish',
    stock_status: 'instock',
    categories: [{ name: 'Caps' }],
    images: [{ src: `https://shop.example/${id}.jpg` }],
    date_modified_gmt: modified(id),
  }));
  customers = Array.from({ length: 130 }, (_, n) => ({
    id: n + 1,
    email: `c${n + 1}@shop.example`,
    billing: { country: 'FR' },
    date_modified_gmt: n % 2 === 0 ? null : modified(n),
    date_created_gmt: modified(n),
  }));
  /** Called before each page of orders with its number. */
  onOrders: (page: number) => void = () => undefined;
  failing = false;
  private turn = 0;
  private pages = 0;

  start(): Promise<ShopSystem> {
    return startShopSystem((request, response) => {
      // Every other request fails, each time in another way.
      if (this.failing && this.turn++ % 2 === 0) return failInTurn(response, (this.turn - 1) / 2);
      if (request.headers.authorization !== `Basic ${Buffer.from(TOKEN).toString('base64')}`)
        return void response.writeHead(401).end('{"code":"woocommerce_rest_cannot_view"}');
      const url = new URL(request.url ?? '', 'http://x');
      const refunds = /\/orders\/(\d+)\/refunds$/.exec(url.pathname);
      if (refunds !== null)
        return answerJson(response, [
          {
            id: 900,
            date_created_gmt: modified(5_000),
            line_items: [{ id: 1, product_id: 2, quantity: -1, total: '-15.00', name: 'Cap' }],
          },
        ]);
      const list = url.pathname.split('/').at(-1) as 'orders' | 'products' | 'customers';
      if (list === 'orders') this.onOrders(++this.pages);
      answerJson(response, this.page(list, url.searchParams));
    });
  }

  private page(list: 'orders' | 'products' | 'customers', query: URLSearchParams): unknown[] {
    const perPage = Number(query.get('per_page'));
    const offset = Number(query.get('offset'));
    const rows: { id: number; date_modified_gmt: string | null }[] = [...this[list]];
    if (list === 'customers') {
      return rows.sort((a, b) => a.id - b.id).slice(offset, offset + perPage);
    }
    const after = query.get('modified_after') ?? '';
    return rows
      .filter((row) => row.date_modified_gmt! > after)
      .sort((a, b) =>
        a.date_modified_gmt! < b.date_modified_gmt!
          ? -1
          : a.date_modified_gmt! > b.date_modified_gmt!
            ? 1
            : a.id - b.id,
      )
      .slice(offset, offset + perPage);
  }
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

let shops = 0;
async function withShop(
  woo: WooShop,
  work: (
    shop: ShopStore,
    pull: (options?: PullOptions) => ReturnType<typeof pullConnector>,
    system: ShopSystem,
  ) => Promise<void>,
): Promise<void> {
  const system = await woo.start();
  const shop = await database.store.createShop(`woo-${shops++}`, 'Woo');
  const access = accessOf('woocommerce', { url: system.origin.href, token: TOKEN });
  try {
    await work(
      shop,
      (options = {}) => pullConnector(shop, connectorOf('woocommerce'), access, { backoffMs: 2, ...options }),
      system,
    );
  } finally {
    await system.close();
  }
}

const sum = (report: { kept: number; dropped: number; rejected: number; unchanged: number }) =>
  report.kept + report.dropped + report.rejected + report.unchanged;

describe('a pull from WooCommerce', () => {
  test('takes everything from a server that fails every other time, then only what changed', async () => {
    const woo = new WooShop();
    woo.orders = Array.from({ length: 230 }, (_, n) => order(n + 1, n + 1));
    woo.orders[4].refunds = [{ id: 900, total: '-15.00' }];
    woo.orders[5].status = 'failed';
    woo.orders[6].total = 'a lot';
    woo.failing = true;
    await withShop(woo, async (shop, pull) => {
      const [products, customers, orders] = await pull();
      expect(products).toMatchObject({ resource: 'products', entities: 3, kept: 3 });
      expect(customers.kept).toBe(130);
      expect(orders).toMatchObject({
        resource: 'orders',
        kept: 228,
        dropped: 1,
        rejected: 1,
        isResumed: false,
      });
      for (const report of [products, customers, orders]) {
        expect(report.entities).toBe(sum(report));
        expect(report.retries).toBeGreaterThan(0);
      }
      expect(await shop.counts()).toMatchObject({ users: 130, items: 3, behaviours: 229, transactions: 228 });
      const [cap] = await shop.itemsByExternalIds(['2']);
      expect(cap).toMatchObject({ title: 'Cap 2', category: ['Caps'], price: '15.00' });
      const { rows } = await shop.behaviours({ first: 5 }, { types: ['REFUND'] });
      expect(rows).toMatchObject([{ eventId: 'woocommerce-5-refund-900-2', quantity: 1, value: '15.00' }]);

      expect(await shop.countQuarantined()).toBe(1);

      woo.orders.push(order(500, 9_000));
      woo.orders[0] = { ...woo.orders[0], date_modified_gmt: modified(9_001), status: 'cancelled' };
      const [again] = await pull({ resources: ['orders'] });
      expect(again).toMatchObject({ kept: 2, dropped: 0, rejected: 0 });
      expect(again.entities).toBeLessThan(200);
      expect((await shop.behaviours({ first: 5 }, { types: ['REFUND'] })).rows).toHaveLength(2);
    });
  });

  test('loses nothing and takes nothing twice while orders change and customers go as it pages', async () => {
    const woo = new WooShop();
    // Two hundred share one second: a page cannot tell them apart by time.
    woo.orders = Array.from({ length: 450 }, (_, n) => order(n + 1, n < 200 ? 7 : n));
    woo.onOrders = (page) => {
      if (page > 4) return;
      woo.orders[page] = { ...woo.orders[page], date_modified_gmt: modified(20_000 + page) };
    };
    await withShop(woo, async (shop, pull) => {
      const [report] = await pull({ resources: ['orders'] });
      expect(report.entities).toBe(sum(report));
      expect((await shop.counts()).transactions).toBe(450);
      expect(await shop.countBehaviours()).toBe(450);
      let isFirst = true;
      await pull({
        resources: ['customers'],
        onProgress: () => {
          if (isFirst) woo.customers.splice(0, 20);
          isFirst = false;
        },
      });
      const known = await shop.usersByExternalIds(Array.from({ length: 110 }, (_, n) => String(n + 21)));
      expect(known.filter((user) => user === null)).toEqual([]);
    });
  });

  test('that is broken off goes on behind its last page', async () => {
    const woo = new WooShop();
    woo.orders = Array.from({ length: 350 }, (_, n) => order(n + 1, n + 1));
    await withShop(woo, async (shop, pull, system) => {
      const controller = new AbortController();
      const broken = pull({
        resources: ['orders'],
        signal: controller.signal,
        onProgress: ({ entities }) => {
          if (entities >= 200) controller.abort(new Error('killed'));
        },
      });
      await expect(broken).rejects.toThrow('killed');
      const asked = system.asked.length;
      const [report] = await pull({ resources: ['orders'] });
      expect(report).toMatchObject({ isResumed: true });
      expect(system.asked.length - asked).toBeLessThanOrEqual(3);
      expect((await shop.counts()).transactions).toBe(350);
    });
  });

  test('a wrong key, a wrong address and a server that never recovers are told apart', async () => {
    const woo = new WooShop();
    await withShop(woo, async (shop, _pull, system) => {
      const pullWith = (token: string, url = system.origin.href, options: PullOptions = {}) =>
        pullConnector(shop, connectorOf('woocommerce'), accessOf('woocommerce', { url, token }), {
          backoffMs: 1,
          ...options,
        });
      await expect(pullWith('ck_a:cs_wrong')).rejects.toMatchObject({ code: 'FORBIDDEN' });
      const message = await pullWith('ck_a:cs_wrong').catch((error: Error) => error.message);
      expect(message).not.toMatch(/cs_wrong|Y2tf/);
      expect(() => accessOf('woocommerce', { url: 'http://shop.example', token: TOKEN })).toThrow(/https/);
      expect(() => accessOf('woocommerce', { url: 'https://shop.example', token: 'ck_only' })).toThrow(
        /colon/,
      );
      const dead = await startShopSystem((_request, response) => void response.writeHead(502).end());
      await expect(pullWith(TOKEN, dead.origin.href, { maxTries: 3 })).rejects.toThrow(
        /failed 3 times, at last: answered 502/,
      );
      expect(dead.asked).toHaveLength(3);
      await dead.close();
    });
  });
});
