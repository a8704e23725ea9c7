import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { type Api, containing, startApi } from './api-harness.js';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const view = (n: number, change: object = {}) => ({
  eventId: `e${n}`,
  userId: `u${n}`,
  itemId: 'lamp',
  type: 'VIEW',
  occurredAt: '2026-01-31T12:00:00Z',
  ...change,
});

async function stream(kind: string, rows: readonly (object | string)[], type = 'application/x-ndjson') {
  const body = rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n');
  const response = await fetch(`${api.url}/ingest/${kind}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body,
  });
  return (await response.json()) as Record<string, unknown>;
}

interface Waiting {
  id: string;
  source: string;
  line: number | null;
  index: number | null;
  row: Record<string, unknown>;
  reason: string;
}

async function waiting(source: string): Promise<Waiting[]> {
  const { data } = await api.ask<{ quarantinedRows: { totalCount: number; edges: { node: Waiting }[] } }>(
    `query ($source: String) { quarantinedRows(first: 50, filter: { source: $source }) {
      totalCount edges { node { id source line index row reason } } } }`,
    { source },
  );
  expect(data.quarantinedRows.totalCount).toBe(data.quarantinedRows.edges.length);
  return data.quarantinedRows.edges.map(({ node }) => node);
}

describe('rejected rows of a stream', () => {
  const SOURCE = 'POST /ingest/behaviours';
  const rows = [
    view(0),
    view(1, { occurredAt: 'soon' }),
    '{"eventId": "e2", ',
    view(3, { colour: 'red' }),
    view(4, { itemId: 'x'.repeat(300) }),
  ];

  test('wait in quarantine with index, reason and origin; sent again they wait once', async () => {
    const counts = { accepted: 1, duplicates: 0, rejected: 4, quarantined: 4 };
    expect(await stream('behaviours', rows)).toMatchObject(counts);
    // In another order and other pieces.
    await stream('behaviours', [rows[3], rows[1]]);
    const found = await waiting(SOURCE);
    expect(found.map(({ index, line }) => [index, line])).toEqual([
      [1, null],
      [2, null],
      [3, null],
      [4, null],
    ]);
    expect(found[0]).toMatchObject({
      row: view(1, { occurredAt: 'soon' }),
      reason: containing('occurredAt: must be'),
    });
    expect(found[1].row).toEqual({ '@text': '{"eventId": "e2", ' });
    const { data } = await api.ask('{ quarantineCounts { source reason rows } }');
    expect(data.quarantineCounts).toContainEqual({ source: SOURCE, rows: 1, reason: containing('ISO-8601') });
  });

  test('are mended and come in', async () => {
    const [first, second] = await waiting(SOURCE);
    const mend = 'mutation ($id: ID!, $row: JSON!) { mendQuarantinedRow(id: $id, row: $row) { row state } }';
    const mended = await api.ask(mend, { id: first.id, row: view(1) });
    expect(mended.data.mendQuarantinedRow).toEqual({ row: view(1), state: 'WAITING' });
    const replay =
      'mutation ($ids: [ID!]!) { replayQuarantinedRows(ids: $ids) { rows replayed discarded waiting problems { id reason } } }';
    const { data } = await api.ask(replay, { ids: [first.id, second.id] });
    expect(data.replayQuarantinedRows).toMatchObject({
      rows: 2,
      replayed: 1,
      discarded: 0,
      waiting: 1,
      problems: [{ id: second.id }],
    });
    expect((await api.shop.behaviours({ first: 10 }, { userId: 'u1' })).rows).toMatchObject([
      { eventId: 'e1' },
    ]);
    const again = await api.ask(replay, { ids: [first.id] });
    expect(again.errors?.[0]).toMatchObject({
      message: containing('waits in quarantine'),
      extensions: { code: 'NOT_FOUND' },
    });
    const discard = 'mutation ($ids: [ID!]!) { discardQuarantinedRows(ids: $ids) }';
    expect((await api.ask(discard, { ids: [first.id, second.id] })).data.discardQuarantinedRows).toBe(1);
    expect(await waiting(SOURCE)).toHaveLength(2);
  });

  test('a stream of another format altogether fills no store: 10,000 of its rows are kept', async () => {
    const lines = Array.from({ length: 12_000 }, (_, n) => ({ id: `n${n}`, colour: n }));
    const answer = await stream('items', lines);
    expect(answer).toMatchObject({ accepted: 0, rejected: 12_000, quarantined: 10_000 });
    expect(await api.shop.countQuarantined({ source: 'POST /ingest/items' })).toBe(10_000);
  });

  test('CSV, and rows that the store itself refuses', async () => {
    const csv = [
      'id,amount,userId,currency,occurredAt',
      't1,12.5,ann,EUR,2026-01-31',
      't2,much,ann,EUR,2026-01-31',
    ];
    expect(await stream('transactions', csv, 'text/csv')).toMatchObject({
      accepted: 1,
      rejected: 1,
      quarantined: 1,
    });
    const [row] = await waiting('POST /ingest/transactions');
    expect(row).toMatchObject({
      index: 1,
      row: { id: 't2', amount: 'much', userId: 'ann', currency: 'EUR', occurredAt: '2026-01-31' },
    });
    // Whoever is erased is erased from the quarantine, too.
    await api.shop.eraseUser('ann');
    expect(await waiting('POST /ingest/transactions')).toEqual([]);
  });
});

describe('rejected rows of a mutation', () => {
  test('wait as they were written, times that are none included', async () => {
    const record =
      'mutation ($input: [BehaviourInput!]!) { recordBehaviours(input: $input) { accepted rejected quarantined errors { index message } } }';
    const { data } = await api.ask(record, { input: [view(20), view(21, { occurredAt: 'yesterday' })] });
    expect(data.recordBehaviours).toEqual({
      accepted: 1,
      rejected: 1,
      quarantined: 1,
      errors: [{ index: 1, message: containing('"yesterday"') }],
    });
    const [row] = await waiting('recordBehaviours');
    expect(row).toMatchObject({ index: 1, row: view(21, { occurredAt: 'yesterday' }) });
  });
});

describe('late rows of a visitor who is known by now', () => {
  test('come under the known user, by stream and by mutation', async () => {
    await api.shop.recordLinks([{ aliasId: 'cookie-1', userId: 'nora', linkedAt: new Date('2026-01-01') }]);
    await api.shop.applyLinks();
    const before = view(30, { userId: 'cookie-1' });
    expect(await stream('behaviours', [before, view(31, { userId: 'nora' })])).toMatchObject({ accepted: 2 });
    const record = 'mutation ($input: [BehaviourInput!]!) { recordBehaviours(input: $input) { accepted } }';
    await api.ask(record, { input: [view(32, { userId: 'cookie-1' })] });
    await stream('transactions', [
      { id: 't9', userId: 'cookie-1', amount: '5', currency: 'EUR', occurredAt: '2026-01-31T12:00:00Z' },
    ]);
    await stream('feedback', [
      {
        eventId: 'f1',
        userId: 'cookie-1',
        itemId: 'lamp',
        kind: 'CLICKED',
        occurredAt: '2026-01-31T12:00:00Z',
      },
    ]);
    const { rows } = await api.shop.behaviours({ first: 10 }, { userId: 'nora' });
    expect(rows.map(({ eventId, context }) => [eventId, context?.anonymousId ?? null]).sort()).toEqual([
      ['e30', 'cookie-1'],
      ['e31', null],
      ['e32', 'cookie-1'],
    ]);
    expect(await api.shop.usersByExternalIds(['cookie-1'])).toEqual([null]);
    const of = async (table: string, column: string) =>
      api.shop.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE ${column}`);
    expect(await of('transactions', `user_id = (SELECT id FROM users WHERE external_id = 'nora')`)).toEqual([
      { n: 1 },
    ]);
    expect(await of('feedback', `user_key = 'nora'`)).toEqual([{ n: 1 }]);
    // Sent again, once more.
    await stream('behaviours', [before]);
    expect(await api.shop.countBehaviours({ userId: 'nora' })).toBe(3);
  });
});

describe('addresses that the API is asked to reach', () => {
  const private_ = [
    'http://127.0.0.1:5432/x.csv',
    'http://localhost/x.csv',
    'http://[::1]/x.csv',
    'http://169.254.169.254/latest',
  ];
  test.each(private_)('%s is refused', async (url) => {
    const guess = await api.ask('query ($url: String) { guessImport(source: { url: $url }) { layout } }', {
      url,
    });
    expect(guess.errors?.[0]).toMatchObject({
      message: containing('address'),
      extensions: { code: 'BAD_USER_INPUT' },
    });
    for (const start of [
      'startImport(input: { source: { url: $url } })',
      'startCrawl(input: { url: $url })',
    ]) {
      const asked = await api.ask(`mutation ($url: String!) { ${start} { id } }`, { url });
      expect(asked.errors?.[0]).toMatchObject({
        message: containing('private address'),
        extensions: { code: 'BAD_USER_INPUT' },
      });
    }
    const save = `mutation ($url: String!) { saveSourceConnection(input: { system: SHOPIFY, url: $url, key: "shpat_1" }) { id } }`;
    const saved = await api.ask(save, { url: url.replace('http:', 'https:') });
    expect(saved.errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
  });

  test('wrong settings are refused before anything is queued', async () => {
    const start = 'mutation ($input: StartImportInput!) { startImport(input: $input) { id } }';
    const source = { url: 'https://shop.example/x.csv' };
    const wrong: [object, string][] = [
      [{ source: {} }, 'one of the two'],
      [{ source: { url: 'file:///etc/passwd' } }, 'expected an address'],
      [{ source: { url: 'https://me:secret@shop.example/x.csv' } }, 'password'],
      [{ source: { uploadId: '../../etc' } }, 'There is no upload'],
      [{ source, settings: { layout: 'nothing' } }, 'There is no layout'],
      [{ source, settings: { timeZone: 'Mars/Olympus' } }, 'Mars/Olympus'],
      [{ source, settings: { mapping: [{ field: 'nope', column: 'x' }] } }, 'There is no field nope'],
      [{ source, settings: { rates: [{ currency: 'USD', rate: 0.9 }] } }, 'which'],
    ];
    for (const [input, message] of wrong) {
      const { errors } = await api.ask(start, { input });
      expect(errors?.[0].message).toContain(message);
      expect(['BAD_USER_INPUT', 'NOT_FOUND']).toContain(errors?.[0].extensions.code);
    }
  });
});
