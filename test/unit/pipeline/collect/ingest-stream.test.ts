import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { type IngestKind, type IngestOptions, ingestStream } from '../../../../src/pipeline/collect/index.js';
import { INGEST_SCHEMAS } from '../../../../src/pipeline/collect/ingest-schemas.js';
import { plainBehaviour } from '../../../../src/pipeline/collect/plain-behaviour.js';
import { RecordingShop } from '../../../support/recording-shop.js';

let shop: RecordingShop;
beforeEach(() => {
  shop = new RecordingShop();
});

const ingest = (kind: IngestKind, body: string | Uint8Array, options: IngestOptions = {}) =>
  ingestStream(shop.asStore(), kind, Readable.from([Buffer.from(body)]), options);

const view = { eventId: 'e1', userId: 'u1', itemId: 'i1', type: 'VIEW', occurredAt: '2026-01-31T12:00:00Z' };
const ndjson = (...rows: unknown[]) => rows.map((row) => JSON.stringify(row)).join('\n');

describe('rows', () => {
  test('NDJSON, gzip or not, with every field', async () => {
    const row = { ...view, sessionId: 's', quantity: 2, value: 12.5, context: { page: 'home' } };
    const expected = { accepted: 1, duplicates: 0, rejected: 0, quarantined: 0, errors: [] };
    expect(
      await ingest('behaviours', ndjson(row), { contentType: 'application/x-ndjson; charset=utf-8' }),
    ).toEqual(expected);
    expect(shop.behaviours.get('e1')).toEqual({
      ...row,
      value: '12.5',
      occurredAt: new Date(view.occurredAt),
    });
    expect(await ingest('behaviours', gzipSync(ndjson(row)), { contentEncoding: 'gzip' })).toEqual({
      ...expected,
      accepted: 0,
      duplicates: 1,
    });
  });

  test('CSV: empty is absent, numbers and types are read, nested columns', async () => {
    const body =
      'event_id,userId,type,occurredAt,quantity,value,context.page\ne1,u1,add_to_cart,1769860800,2,,home\ne2,u1,VIEW,2026-01-31,,,\n';
    expect(await ingest('behaviours', body, { contentType: 'text/csv' })).toMatchObject({
      accepted: 2,
      rejected: 0,
    });
    expect(shop.behaviours.get('e1')).toEqual({
      eventId: 'e1',
      userId: 'u1',
      type: 'ADD_TO_CART',
      occurredAt: new Date('2026-01-31T12:00:00Z'),
      quantity: 2,
      context: { page: 'home' },
    });
  });

  test('an encoding that the Content-Type names is read', async () => {
    const body = Buffer.from(ndjson({ ...view, userId: 'Zoé' }), 'latin1');
    const typed = { contentType: 'application/x-ndjson; charset="ISO-8859-1"' };
    expect(await ingest('behaviours', body, typed)).toMatchObject({ accepted: 1 });
    expect(shop.behaviours.get('e1')).toMatchObject({ userId: 'Zoé' });
  });

  test('a time of more than a day ahead is refused in its place; clocks that are a little fast are not', async () => {
    const ahead = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
    const rows = [
      { ...view, occurredAt: ahead(26) },
      { ...view, eventId: 'e2', occurredAt: ahead(22) },
      { ...view, eventId: 'e3', type: 'RUN' },
      { ...view, eventId: 'e4', occurredAt: '2150-01-01' },
    ];
    const report = await ingest('behaviours', rows.map((row) => ndjson(row)).join('\n'));
    expect(report).toMatchObject({ accepted: 1, rejected: 3, quarantined: 3 });
    expect(report.errors.map(({ index, message }) => [index, message])).toEqual([
      [0, expect.stringMatching(/^occurredAt: .* is more than a day ahead/)],
      [2, expect.stringMatching(/^type: /)],
      [3, expect.stringMatching(/^occurredAt: 2150-01-01T00:00:00.000Z is more than a day ahead/)],
    ]);
    expect([...shop.behaviours.keys()]).toEqual(['e2']);
  });

  test('users, items, transactions and feedback', async () => {
    await ingest('users', ndjson({ id: 7, attributes: { country: 'DE', tags: ['a', 1, null] } }));
    await ingest(
      'items',
      'id,title,category,price,available,attributes.brand\ni1,Lamp,Home > Light,9.99,true,Aqua\n',
    );
    await ingest(
      'transactions',
      ndjson({
        id: 't1',
        userId: 'u1',
        amount: '10',
        currency: 'EUR',
        occurredAt: view.occurredAt,
        items: [{ itemId: 'i1', quantity: 1, price: 10 }],
      }),
    );
    await ingest(
      'feedback',
      ndjson({ eventId: 'f1', userId: 'u1', itemId: 'i1', kind: 'CLICKED', occurredAt: view.occurredAt }),
    );
    expect(shop.users.get('7')).toEqual({ id: '7', attributes: { country: 'DE', tags: ['a', 1, null] } });
    expect(shop.items.get('i1')).toEqual({
      id: 'i1',
      title: 'Lamp',
      category: ['Home', 'Light'],
      price: '9.99',
      available: true,
      attributes: { brand: 'Aqua' },
    });
    expect(shop.transactions.get('t1')).toMatchObject({
      amount: '10',
      items: [{ itemId: 'i1', quantity: 1, price: '10' }],
    });
    expect(shop.feedback.get('f1')).toMatchObject({ kind: 'CLICKED' });
  });

  test('each refused row is named by index and reason; the others are stored', async () => {
    shop.refusedId = 'e7';
    const bad: [string, RegExp][] = [
      ['{"eventId":"x"', /not JSON/],
      ['7', /not a JSON object/],
      [JSON.stringify({ ...view, occurredAt: 'soon' }), /occurredAt: must be a time/],
      [JSON.stringify({ ...view, userId: '' }), /userId: must be a text/],
      [JSON.stringify({ ...view, useId: 'u' }), /useId/],
      [JSON.stringify({ ...view, type: 'STARE' }), /type: .*VIEW/],
      [JSON.stringify({ ...view, value: '-1' }), /value: must be a decimal/],
      [JSON.stringify({ ...view, userId: 'a\0b' }), /zero characters/],
      [JSON.stringify({ ...view, quantity: 1.5 }), /quantity/],
      [JSON.stringify({ ...view, context: { text: '\0' } }), /context/],
      [JSON.stringify({ ...view, eventId: 'e7' }), /refused/],
      [`{"context":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, /levels deep/],
    ];
    const body = bad
      .map(([line], index) => `${line}\n${JSON.stringify({ ...view, eventId: `good${index}` })}`)
      .join('\n');
    const result = await ingest('behaviours', body);
    expect(result).toMatchObject({ accepted: bad.length, duplicates: 0, rejected: bad.length });
    expect(result.errors.map(({ index }) => index)).toEqual(bad.map((_, index) => 2 * index));
    result.errors.forEach(({ message }, index) => {
      expect(message).toMatch(bad[index][1]);
    });
  });

  test('the list of errors is capped, the count is not', async () => {
    const result = await ingest('behaviours', 'x\n'.repeat(500), {
      contentType: 'application/x-ndjson',
      maxErrors: 10,
    });
    expect(result).toMatchObject({ accepted: 0, rejected: 500 });
    expect(result.errors).toHaveLength(10);
  });

  test('an empty stream is no error', async () => {
    expect(await ingest('users', '')).toEqual({
      accepted: 0,
      duplicates: 0,
      rejected: 0,
      quarantined: 0,
      errors: [],
    });
    expect(await ingest('users', '\n\n', { contentType: 'text/csv' })).toMatchObject({
      accepted: 0,
      rejected: 0,
    });
  });
});

describe('streams', () => {
  test('are read no faster than the store writes, whatever their size', async () => {
    let sent = 0;
    let written = 0;
    let mostAhead = 0;
    const store = shop.asStore();
    const slow: typeof store.recordBehaviours = async (rows) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      written += rows.length;
      return { accepted: rows.length, duplicates: 0, rejected: 0, errors: [] };
    };
    function* rows() {
      for (let chunk = 0; chunk < 200; chunk++) {
        const lines = Array.from({ length: 1_000 }, (_, n) =>
          JSON.stringify({ ...view, eventId: `${chunk}-${n}` }),
        );
        sent += lines.length;
        mostAhead = Math.max(mostAhead, sent - written);
        yield Buffer.from(`${lines.join('\n')}\n`);
      }
    }
    const body = Readable.from(rows(), { objectMode: false, highWaterMark: 1 });
    const result = await ingestStream({ ...store, recordBehaviours: slow }, 'behaviours', body);
    expect(result.accepted).toBe(200_000);
    // Two batches of 10,000, what the first look takes, and a chunk or two under way.
    expect(mostAhead).toBeLessThan(40_000);
  });

  test('a store that fails ends the stream with its error', async () => {
    const store = { ...shop.asStore(), recordBehaviours: () => Promise.reject(new Error('database gone')) };
    const body = Readable.from([Buffer.from(`${ndjson(view)}\n`)]);
    await expect(ingestStream(store, 'behaviours', body)).rejects.toThrow('database gone');
  });

  test.each([
    [{ contentType: 'image/png' }, /Content-Type must be/],
    [{ contentEncoding: 'br' }, /Content-Encoding must be gzip/],
    [
      { contentType: 'text/csv; charset=klingon' },
      /charset of the Content-Type must be utf-8.*it is klingon/,
    ],
  ])('%j is refused', async (options, message) => {
    await expect(ingest('users', '{}', options)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(message),
    });
  });

  test('unknown CSV columns are refused, naming those that may be', async () => {
    await expect(ingest('users', 'id,colour\n1,red\n')).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/no column colour.*attributes/),
    });
  });

  test('whatever bytes come, the counts add up or there is a clear error', async () => {
    const row = fc.oneof(
      fc.constant(JSON.stringify(view)),
      fc.json({ maxDepth: 2 }),
      fc.string({ maxLength: 20 }),
      fc
        .dictionary(
          fc.constantFrom(...Object.keys(view), '__proto__', 'constructor'),
          fc.jsonValue({ maxDepth: 1 }),
        )
        .map((o) => JSON.stringify(o)),
    );
    const lines = fc.array(
      row.map((text) => text.replace(/[\r\n]/g, '')),
      { maxLength: 10 },
    );
    await fc.assert(
      fc.asyncProperty(
        lines,
        fc.constantFrom('application/x-ndjson', 'text/csv', ''),
        async (rows, contentType) => {
          try {
            const { accepted, duplicates, rejected, errors } = await ingest('behaviours', rows.join('\n'), {
              contentType,
            });
            expect(errors).toHaveLength(rejected);
            const filled = rows.filter((text) => text.trim() !== '').length;
            if (contentType === 'application/x-ndjson') expect(accepted + duplicates + rejected).toBe(filled);
          } catch (error) {
            expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

test('the fast way takes only what the schema takes, to the same row', () => {
  const mostly = <T>(usual: T, ...odd: unknown[]) =>
    fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...odd) });
  const id = mostly('u1', '', 'a\0', '\ud800', '😀', 'é', 'x'.repeat(257), 7, 1.5, null);
  const row = fc.record(
    {
      eventId: id,
      userId: id,
      itemId: id,
      type: mostly('VIEW', 'RATING', 'view', 7),
      occurredAt: mostly(
        '2026-01-31T12:00:00Z',
        '2026-02-31',
        '1769860800',
        1769860800,
        'x',
        '1969-01-01',
        '2200-01-01',
      ),
      sessionId: id,
      quantity: mostly(1, 0, -1, 1.5, 1e10, '1', null),
      value: mostly('1.25', '1', '1.23456', '-1', '1e3', 1.5, '.5', null),
      context: mostly(undefined, null, {}),
    },
    { requiredKeys: ['eventId', 'userId', 'type', 'occurredAt'] },
  );
  let taken = 0;
  fc.assert(
    fc.property(row, (candidate) => {
      const judged = INGEST_SCHEMAS.behaviours.safeParse(structuredClone(candidate));
      const fast = plainBehaviour(structuredClone(candidate));
      if (fast === null) return;
      taken++;
      expect(judged.success && judged.data).toEqual(fast);
    }),
    { numRuns: 20_000 },
  );
  expect(taken).toBeGreaterThan(500);
});
