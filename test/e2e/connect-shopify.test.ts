import { createHmac } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { accessOf, connectorOf, pullConnector } from '../../src/pipeline/collect/index.js';
import { emailUserId } from '../../src/pipeline/collect/layouts/orders.js';
import { answerJson, failInTurn, startShopSystem } from '../support/shop-system.js';
import { type Api, startApi } from './api-harness.js';

const SECRET = 'webhook-secret';
let api: Api;
beforeAll(async () => {
  api = await startApi({
    webhookSecrets: { shopify: new Map([['default', SECRET]]), woocommerce: new Map([['default', SECRET]]) },
  });
});
afterAll(() => api.close());

const money = (amount: string) => ({ shopMoney: { amount, currencyCode: 'EUR' } });
const at = (minute: number) => new Date(Date.UTC(2026, 1, 1, 0, minute)).toISOString();

function graphqlOrder(id: number, lines: number) {
  return {
    id: `gid://shopify/Order/${id}`,
    updatedAt: at(id),
    createdAt: at(id),
    processedAt: at(id),
    cancelledAt: id === 3 ? at(id + 1) : null,
    cancelReason: id === 3 ? 'FRAUD' : null,
    test: id === 4,
    displayFinancialStatus: 'PAID',
    email: 'ann@shop.example',
    totalPriceSet: money('20.0'),
    customer: { id: 'gid://shopify/Customer/77' },
    paymentGatewayNames: ['shopify_payments'],
    billingAddress: { countryCodeV2: 'DE' },
    shippingAddress: { countryCodeV2: 'DE' },
    lineItems: Array.from({ length: lines }, (_, n) => ({
      id: `gid://shopify/LineItem/${id * 1000 + n}`,
      sku: `S-${n}`,
      title: 'Lamp',
      name: 'Lamp - Blue',
      quantity: 2,
      vendor: 'Aqua',
      originalUnitPriceSet: money('10.0'),
      product: { id: `gid://shopify/Product/${n}` },
    })),
    refunds: [],
  };
}

describe('a pull over GraphQL', () => {
  test('pages by cursor, waits for the bucket, fetches lines that do not fit, and reads only changes the next time', async () => {
    const orders = Array.from({ length: 30 }, (_, n) => graphqlOrder(n + 1, n === 1 ? 70 : 1));
    const queries: (string | null)[] = [];
    let throttles = 0;
    let turn = 0;
    const cut = <Row>(rows: readonly Row[], first: number, after: string | null) => {
      const from = after === null ? 0 : Number(after);
      return {
        nodes: rows.slice(from, from + first),
        pageInfo: {
          hasNextPage: from + first < rows.length,
          endCursor: String(Math.min(from + first, rows.length)),
        },
      };
    };
    const system = await startShopSystem((request, response, body) => {
      if (turn++ % 4 === 1) return failInTurn(response, turn);
      expect(request.headers['x-shopify-access-token']).toBe('shpat_1');
      const { query, variables } = JSON.parse(body) as {
        query: string;
        variables: { first: number; after: string | null; query: string | null; id?: string };
      };
      const cost = (currentlyAvailable: number) => ({
        cost: {
          requestedQueryCost: 60,
          throttleStatus: { maximumAvailable: 1000, currentlyAvailable, restoreRate: 2000 },
        },
      });
      if (throttles++ === 0)
        return answerJson(response, {
          errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }],
          extensions: cost(10),
        });
      const withLines = (order: (typeof orders)[number], after: string | null) => ({
        ...order,
        lineItems: cut(order.lineItems, 50, after),
      });
      if (variables.id !== undefined) {
        const order = orders.find(({ id }) => id === variables.id)!;
        return answerJson(response, {
          data: { order: withLines(order, variables.after) },
          extensions: cost(900),
        });
      }
      expect(query).toContain('sortKey: UPDATED_AT');
      queries.push(variables.query);
      const since = /updated_at:>='([^']+)'/.exec(variables.query ?? '')?.[1] ?? '';
      const page = cut(
        orders.filter(({ updatedAt }) => updatedAt >= since),
        variables.first,
        variables.after,
      );
      answerJson(response, {
        data: { orders: { ...page, nodes: page.nodes.map((order) => withLines(order, null)) } },
        extensions: cost(50),
      });
    });
    const shop = await api.database.store.createShop('graphql', 'GraphQL');
    const access = accessOf('shopify', { url: system.origin.href, token: 'shpat_1' });
    const pull = () =>
      pullConnector(shop, connectorOf('shopify'), access, { resources: ['orders'], backoffMs: 2 });
    try {
      const [report] = await pull();
      expect(report).toMatchObject({ entities: 30, kept: 29, dropped: 1, rejected: 0, unchanged: 0 });
      expect(report.retries).toBeGreaterThanOrEqual(2);
      expect(report.waitedMs).toBeGreaterThan(0);
      expect(await shop.counts()).toEqual({ users: 1, items: 70, behaviours: 70 + 28 + 1, transactions: 29 });
      const transactions = await shop.readTransactions('77', new Date(at(60)));
      expect(transactions.find(({ id }) => id === 'shopify-3')).toMatchObject({
        isFraud: true,
        billingCountry: 'DE',
      });
      expect((await shop.itemsByExternalIds(['5']))[0]).toMatchObject({
        title: 'Lamp',
        price: '10.00',
        currency: 'EUR',
      });
      queries.length = 0;
      orders.push(graphqlOrder(31, 1));
      const [again] = await pull();
      expect(queries[0]).toBe(`updated_at:>='${at(28)}'`);
      expect(again).toMatchObject({ entities: 4, kept: 1, unchanged: 3 });
    } finally {
      await system.close();
    }
  });

  test('an answer that denies access says so', async () => {
    const system = await startShopSystem((_request, response) =>
      answerJson(response, {
        errors: [{ message: 'Access denied for orders field.', extensions: { code: 'ACCESS_DENIED' } }],
      }),
    );
    const access = accessOf('shopify', { url: system.origin.href, token: 'shpat_1' });
    await expect(pullConnector(api.shop, connectorOf('shopify'), access)).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await system.close();
  });
});

describe('a pull over REST', () => {
  test('follows Link headers, slows down before the bucket is full, and sends the key nowhere else', async () => {
    let leadsAway = false;
    const system = await startShopSystem((request, response) => {
      const url = new URL(request.url ?? '', system.origin);
      const from = Number(url.searchParams.get('page_info') ?? 0);
      const products = Array.from({ length: 3 }, (_, n) => ({
        id: from + n + 1,
        title: `Lamp ${from + n + 1}`,
        updated_at: at(from + n),
        status: from + n === 0 ? 'draft' : 'active',
        product_type: 'Lamps',
        variants: [
          {
            id: 1,
            price: '12.00',
            sku: 'a',
            inventory_policy: 'deny',
            inventory_quantity: from + n === 4 ? 0 : 3,
          },
          { id: 2, price: '9.00', sku: 'b', inventory_policy: 'deny', inventory_quantity: 0 },
        ],
      }));
      const next = leadsAway
        ? 'http://evil.example/next'
        : `${system.origin.href}admin/products.json?page_info=${from + 2}`;
      const link = from < 4 ? { link: `<http://x/prev>; rel="previous", <${next}>; rel="next"` } : {};
      answerJson(
        response,
        { products },
        { 'x-shopify-shop-api-call-limit': from === 0 ? '39/40' : '2/40', ...(link as object) },
      );
    });
    const shop = await api.database.store.createShop('rest', 'REST');
    const access = accessOf('shopify', { url: system.origin.href, token: 'shpat_1' });
    const pull = () =>
      pullConnector(shop, connectorOf('shopify', 'REST'), access, { resources: ['products'], maxWaitMs: 30 });
    const [report] = await pull();
    // Pages that overlap by one: the entity that came twice is known the second time.
    expect(report).toMatchObject({ entities: 9, kept: 7, unchanged: 2, waitedMs: 30 });
    const items = await shop.itemsByExternalIds(['1', '2', '5']);
    expect(items.map((item) => item?.available)).toEqual([false, true, false]);
    expect(items[1]).toMatchObject({ title: 'Lamp 2', category: ['Lamps'], price: '9.00' });
    leadsAway = true;
    await expect(pull()).rejects.toThrow(/leads on to evil.example: the key is not sent there/);
    await system.close();
  });
});

describe('webhooks', () => {
  const sign = (body: string, secret = SECRET) => createHmac('sha256', secret).update(body).digest('base64');
  const send = async (source: string, body: string, headers: Record<string, string>) => {
    const response = await fetch(`${api.url}/webhooks/${source}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });
    return {
      status: response.status,
      answer: (await response.json()) as { outcome?: string; error?: { code: string } },
    };
  };
  const shopify = (topic: string, payload: object, delivery: string, secret = SECRET) => {
    // Spaces and key order are part of what is signed.
    const body = JSON.stringify(payload, null, 1);
    return send('shopify', body, {
      'x-shopify-topic': topic,
      'x-shopify-webhook-id': delivery,
      'x-shopify-hmac-sha256': sign(body, secret),
    });
  };
  const product = {
    id: 632,
    title: 'Läufer',
    updated_at: at(10),
    status: 'active',
    variants: [{ price: '99.00', sku: 'x' }],
  };

  test('signed ones are taken once; older versions and repeats change nothing', async () => {
    expect(await shopify('products/update', product, 'd1')).toEqual({
      status: 200,
      answer: { outcome: 'TAKEN' },
    });
    expect((await shopify('products/update', { ...product, title: 'Other' }, 'd1')).answer.outcome).toBe(
      'DUPLICATE',
    );
    const older = { ...product, title: 'Older', updated_at: at(9) };
    expect((await shopify('products/update', older, 'd2')).answer.outcome).toBe('OUTDATED');
    expect((await api.shop.itemsByExternalIds(['632']))[0]).toMatchObject({
      title: 'Läufer',
      price: '99.00',
    });
    expect((await shopify('products/delete', { id: 632 }, 'd3')).answer.outcome).toBe('TAKEN');
    expect((await api.shop.itemsByExternalIds(['632']))[0]).toMatchObject({
      title: 'Läufer',
      available: false,
    });
    expect((await shopify('products/update', { ...product, updated_at: at(11) }, 'd4')).answer.outcome).toBe(
      'OUTDATED',
    );
    expect((await shopify('carts/update', { id: 1 }, 'd5')).answer.outcome).toBe('IGNORED');
    expect((await shopify('products/update', { id: 9, updated_at: at(1) }, 'd6')).answer.outcome).toBe(
      'QUARANTINED',
    );
    expect(await api.shop.countQuarantined({ source: 'shopify webhooks products' })).toBe(1);
  });

  test('a customer who asks to be forgotten is', async () => {
    await shopify('customers/create', { id: 5, email: 'eve@shop.example', updated_at: at(1) }, 'd7');
    expect((await api.shop.usersByExternalIds(['5']))[0]).not.toBeNull();
    expect((await shopify('customers/redact', { customer: { id: 5 } }, 'd8')).answer.outcome).toBe('TAKEN');
    expect((await api.shop.usersByExternalIds(['5']))[0]).toBeNull();

    // A guest has no number: the address names them.
    const guest = emailUserId('guest@shop.example');
    await api.shop.upsertUsers([{ id: guest }]);
    const customer = { id: null, email: 'Guest@shop.example' };
    expect((await shopify('customers/redact', { customer }, 'd9')).answer.outcome).toBe('TAKEN');
    expect(await api.shop.usersByExternalIds([guest])).toEqual([null]);
    expect((await shopify('customers/redact', { customer }, 'd10')).answer.outcome).toBe('IGNORED');
  });

  test('WooCommerce’s have their own headers, and its trial is answered', async () => {
    const body = JSON.stringify({
      id: 12,
      status: 'processing',
      currency: 'EUR',
      total: '20.00',
      customer_id: 4,
      date_created_gmt: '2026-01-01T10:00:00',
      date_modified_gmt: '2026-01-01T10:00:00',
      billing: { email: 'x@shop.example' },
      line_items: [{ id: 1, product_id: 8, quantity: 1, price: 20, name: 'Mug' }],
    });
    const headers = {
      'x-wc-webhook-topic': 'order.created',
      'x-wc-webhook-delivery-id': 'w1',
      'x-wc-webhook-signature': sign(body),
    };
    expect((await send('woocommerce', body, headers)).answer.outcome).toBe('TAKEN');
    expect((await api.shop.behaviours({ first: 5 }, { itemId: '8' })).rows).toMatchObject([
      { type: 'PURCHASE' },
    ]);
    expect(
      await send('woocommerce', 'webhook_id=12', { 'content-type': 'application/x-www-form-urlencoded' }),
    ).toEqual({
      status: 200,
      answer: { outcome: 'IGNORED' },
    });
  });

  test('wrong or missing signatures, other sources and broken bodies are refused', async () => {
    const wrong = await shopify('products/update', product, 'd9', 'another-secret');
    expect(wrong).toMatchObject({ status: 401, answer: { error: { code: 'UNAUTHENTICATED' } } });
    for (const signature of ['', 'AAAA', sign('other body'), 'nonsense!'])
      expect(
        (await send('shopify', '{}', { 'x-shopify-webhook-id': 'd', 'x-shopify-hmac-sha256': signature }))
          .status,
      ).toBe(401);
    expect((await send('magento', '{}', {})).status).toBe(404);
    expect((await send('shopify?shop=other', '{}', {})).status).toBe(403);
    const broken = await send('shopify', '[1', {
      'x-shopify-webhook-id': 'd',
      'x-shopify-hmac-sha256': sign('[1'),
    });
    expect(broken).toMatchObject({ status: 400, answer: { error: { code: 'BAD_USER_INPUT' } } });
  });
});
