import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { type ApiRole } from '../../src/store/index.js';
import { type Api, containing, knownServing, startApi } from './api-harness.js';

let api: Api;
const keys = new Map<ApiRole, string>();

beforeAll(async () => {
  api = await startApi({ isAuthOn: true, isProduction: true, serving: () => knownServing([]) });
  for (const role of ['ADMIN', 'STUDIO', 'INGEST', 'SHOP'] as const) {
    keys.set(role, (await api.database.store.apiKeys.create('default', role.toLowerCase(), role)).key);
  }
});
afterAll(() => api.close());

const bearer = (role: ApiRole) => ({ authorization: `Bearer ${keys.get(role)}` });

describe('keys', () => {
  test('none, a wrong one and a malformed header: 401 and UNAUTHENTICATED', async () => {
    for (const headers of [{}, { authorization: 'Bearer tandem_nonsense' }, { authorization: 'Basic abc' }]) {
      const { status, errors } = await api.ask(
        '{ users { totalCount } }',
        undefined,
        headers as Record<string, string>,
      );
      expect([status, errors?.[0].extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
    }
  });

  test('a revoked key stops working at once', async () => {
    const { id, key } = await api.database.store.apiKeys.create('default', 'short-lived', 'STUDIO');
    const ask = () => api.ask('{ users { totalCount } }', undefined, { authorization: `Bearer ${key}` });
    expect((await ask()).errors).toBeUndefined();
    await api.database.store.apiKeys.revoke('default', id);
    expect((await ask()).errors?.[0].extensions.code).toBe('UNAUTHENTICATED');
  });

  test('a key opens its own shop and no other', async () => {
    const { store } = api.database;
    await store.createShop('second', 'Second shop');
    const { key } = await store.apiKeys.create('second', 'all', 'ADMIN');
    await api.shop.upsertUsers([{ id: 'only in default' }]);
    const query = '{ user(id: "only in default") { id } users { totalCount } }';
    const mine = await api.ask(query, undefined, bearer('ADMIN'));
    expect(mine.data).toEqual({ user: { id: 'only in default' }, users: { totalCount: 1 } });
    const theirs = await api.ask(query, undefined, { authorization: `Bearer ${key}` });
    expect(theirs.data).toEqual({ user: null, users: { totalCount: 0 } });
  });
});

describe('roles', () => {
  const QUERIES: readonly [string, readonly ApiRole[]][] = [
    ['{ users { totalCount } }', ['ADMIN', 'STUDIO']],
    ['{ items { totalCount } }', ['ADMIN', 'STUDIO', 'SHOP']],
    ['{ recommendations(userId: "x") { rank } }', ['ADMIN', 'STUDIO', 'SHOP']],
    ['mutation { upsertUsers(input: []) { accepted } }', ['ADMIN', 'INGEST']],
    ['mutation { recordBehaviours(input: []) { accepted } }', ['ADMIN', 'INGEST', 'SHOP']],
    ['mutation { startTraining(input: { kind: SINGLE_TASK }) { id } }', ['ADMIN', 'STUDIO']],
    ['mutation { eraseUser(id: "x") { id } }', ['ADMIN']],
    ['{ quarantinedRows { totalCount } }', ['ADMIN', 'INGEST']],
    ['{ dataJobs { totalCount } }', ['ADMIN', 'STUDIO', 'INGEST']],
    ['mutation { startImport(input: { source: {} }) { id } }', ['ADMIN', 'INGEST']],
    ['{ retentionPolicies { kind } }', ['ADMIN', 'STUDIO']],
    ['mutation { setRetention(kind: FEEDBACK) { kind } }', ['ADMIN']],
    ['mutation { removeSourceConnection(id: "x") }', ['ADMIN']],
    ['mutation { startPull(connectionId: "x") { id } }', ['ADMIN', 'INGEST']],
  ];
  test.each(QUERIES)('%s', async (query, allowed) => {
    for (const role of keys.keys()) {
      const { errors } = await api.ask(query, undefined, bearer(role));
      const isForbidden = errors?.[0]?.extensions.code === 'FORBIDDEN';
      expect([role, isForbidden]).toEqual([role, !allowed.includes(role)]);
    }
  });

  test('streams and metrics', async () => {
    const status = async (path: string, init: RequestInit) => (await fetch(api.url + path, init)).status;
    const rows = { method: 'POST', body: '{"id":"u1"}\n' };
    const type = { 'content-type': 'application/x-ndjson' };
    expect(await status('/ingest/users', { ...rows, headers: type })).toBe(401);
    expect(await status('/ingest/users', { ...rows, headers: { ...type, ...bearer('SHOP') } })).toBe(403);
    expect(await status('/ingest/users', { ...rows, headers: { ...type, ...bearer('INGEST') } })).toBe(200);
    expect(await status('/metrics', {})).toBe(401);
    expect(await status('/metrics', { headers: bearer('STUDIO') })).toBe(200);
    expect(await status('/health/live', {})).toBe(200);
  });
});

test('in production with keys, the schema is not told', async () => {
  const { errors } = await api.ask('{ __schema { types { name } } }', undefined, bearer('ADMIN'));
  expect(errors?.[0]).toMatchObject({
    extensions: { code: 'BAD_USER_INPUT' },
    message: containing('introspection'),
  });
});

describe('POST /ingest', () => {
  const post = async (
    kind: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string>,
  ) => {
    const response = await fetch(`${api.url}/ingest/${kind}`, {
      method: 'POST',
      body,
      headers: { ...bearer('INGEST'), ...headers },
    });
    return {
      status: response.status,
      body: (await response.json()) as Record<string, unknown> & { error?: { code: string } },
    };
  };

  test('NDJSON, gzip, counted to every line', async () => {
    const line = (n: number) =>
      JSON.stringify({
        eventId: `g${n}`,
        userId: `u${n % 50}`,
        itemId: `i${n % 9}`,
        type: 'VIEW',
        occurredAt: '2026-01-01T00:00:00Z',
      });
    const lines = [
      ...Array.from({ length: 20_000 }, (_, n) => line(n)),
      line(5),
      '{ broken',
      '{"eventId":"x"}',
    ];
    const body = new Uint8Array(gzipSync(lines.join('\n')));
    const sent = await post('behaviours', body, {
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
    });
    expect(sent.status).toBe(200);
    expect(sent.body).toMatchObject({ accepted: 20_000, duplicates: 1, rejected: 2 });
    expect((sent.body.errors as { index: number }[]).map((error) => error.index)).toEqual([20_001, 20_002]);
  });

  test('CSV', async () => {
    const sent = await post(
      'items',
      'id,title,price,currency\nc1,"A lamp, red",12.50,EUR\nc2,Chair,much,EUR\n',
      { 'content-type': 'text/csv' },
    );
    expect(sent.body).toMatchObject({ accepted: 1, rejected: 1 });
    const { data } = await api.ask('{ item(id: "c1") { title price } }', undefined, bearer('SHOP'));
    expect(data.item).toEqual({ title: 'A lamp, red', price: '12.50' });
  });

  test('an unknown kind, a form, and contents that are neither', async () => {
    const ndjson = { 'content-type': 'application/x-ndjson' };
    expect((await post('secrets', '{}', ndjson)).body.error?.code).toBe('NOT_FOUND');
    expect(
      (await post('users', 'id=1', { 'content-type': 'application/x-www-form-urlencoded' })).body.error?.code,
    ).toBe('BAD_USER_INPUT');
    expect((await post('users', new Uint8Array([0, 1, 2, 255, 254]), ndjson)).status).toBe(400);
  });
});

describe('health and metrics', () => {
  test('live, ready, and numbers that move', async () => {
    expect(await (await fetch(`${api.url}/health/ready`)).json()).toEqual({
      status: 'ok',
      database: true,
      serving: true,
    });
    await api.ask('query Counted { items { totalCount } }', undefined, bearer('SHOP'));
    const text = await (await fetch(`${api.url}/metrics`, { headers: bearer('ADMIN') })).text();
    expect(text).toMatch(/tandem_graphql_duration_seconds_count\{operation="Counted"\} 1/);
    expect(text).toMatch(/tandem_sql_statements_total [1-9]/);
    expect(text).toMatch(/tandem_graphql_errors_total\{code="UNAUTHENTICATED"\} [1-9]/);
  });
});
