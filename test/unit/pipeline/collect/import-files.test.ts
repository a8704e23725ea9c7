import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';

import { importFiles, type ImportOptions } from '../../../../src/pipeline/collect/index.js';
import { RecordingShop } from '../../../support/recording-shop.js';

let directory: string;
let shop: RecordingShop;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'import-'));
});
beforeEach(() => {
  shop = new RecordingShop();
});
afterAll(() => rm(directory, { recursive: true }));

async function importText(
  text: string | Uint8Array,
  { keepsFile = false, ...options }: ImportOptions & { keepsFile?: boolean } = {},
) {
  const path = join(directory, 'data');
  if (!keepsFile) await writeFile(path, text);
  const { files } = await importFiles(shop.asStore(), [path], options);
  return files[0];
}

/** Notes how far it is behind every batch, and batches are small. */
const OFTEN = { positionEveryMs: 0, batchRows: 500 };

/** A long file with quoted line breaks, letters of several bytes, broken lines and titles of items. */
function fileOf(form: string): { bytes: Uint8Array; lines: number; isSeekable: boolean } {
  const lines = 12_000;
  const at = (n: number) => new Date(1.7e12 + n * 61_000).toISOString();
  if (form === 'shopify') {
    const rows = [
      'Name,Email,Financial Status,Paid at,Created at,Currency,Total,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku',
    ];
    for (let n = 0; n < lines; n++) {
      const order = Math.floor(n / 2);
      const head =
        n % 2 === 0 ? `u${order % 900}@example.com,paid,${at(order)},${at(order)},EUR,20.00` : ',,,,,';
      rows.push(`#${order},${head},1,Lamp ${n % 70},10.00,sku-${n % 70}`);
    }
    return { bytes: Buffer.from(rows.join('\n')), lines, isSeekable: false };
  }
  const titles = ['Lampe „groß“', '花瓶', 'Two\nlines, "quoted"', '🪑 chair'];
  const row = (n: number) => ({
    userId: `u${n % 900}`,
    itemId: `i${n % 70}`,
    title: titles[n % 4],
    occurredAt: n % 503 === 7 ? 'never' : at(n),
  });
  if (form === 'parquet') {
    const rows = Array.from({ length: lines }, (_, n) => row(n));
    const columnData = (['userId', 'itemId', 'title', 'occurredAt'] as const).map((name) => ({
      name,
      type: 'STRING' as const,
      data: rows.map((each) => each[name]),
    }));
    return {
      bytes: new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 900 })),
      lines,
      isSeekable: false,
    };
  }
  if (form === 'ndjson') {
    const text = Array.from({ length: lines }, (_, n) => JSON.stringify(row(n))).join('\n');
    return { bytes: Buffer.from(text), lines, isSeekable: true };
  }
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const text = [
    'userId,itemId,title,occurredAt',
    ...Array.from({ length: lines }, (_, n) => row(n)).map(
      ({ userId, itemId, title, occurredAt }) => `${userId},${itemId},${quoted(title)},${occurredAt}`,
    ),
  ].join('\r\n');
  if (form === 'utf-16') return { bytes: Buffer.from(`\ufeff${text}`, 'utf16le'), lines, isSeekable: false };
  return { bytes: form === 'csv.gz' ? gzipSync(text) : Buffer.from(text), lines, isSeekable: form === 'csv' };
}

const snapshot = () => ({
  users: [...shop.users].sort(),
  items: [...shop.items],
  behaviours: [...shop.behaviours].sort(([a], [b]) => (a < b ? -1 : 1)),
  transactions: [...shop.transactions].sort(([a], [b]) => (a < b ? -1 : 1)),
});

const behaviours = () => [...shop.behaviours.values()];

describe('known layouts', () => {
  test('REES46: events, with brand, category and price of the items', async () => {
    const report = await importText(
      gzipSync(
        [
          'event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session',
          '2019-10-01 00:00:00 UTC,view,3900821,2053013552326770905,appliances.environment.water_heater,aqua,33.20,554748717,s1',
          '2019-10-01 00:02:14 UTC,purchase,1004856,2053013555631882655,electronics.smartphone,samsung,130.76,543272936,s2',
          '2019-10-01 00:03:00 UTC,cart,44600062,2103807459595387724,,shiseido,35.79,543272936,s2',
          '2019-10-01 00:03:00 UTC,cart,446000',
        ].join('\n'),
      ),
    );
    expect(report).toMatchObject({
      layout: 'rees46',
      kind: 'BEHAVIOURS',
      lines: 4,
      kept: 3,
      dropped: 0,
      rejected: 1,
    });
    expect(report.problems).toEqual([{ line: 5, message: 'The line has 3 values; the header has 9.' }]);
    expect(behaviours()[1]).toMatchObject({
      userId: '543272936',
      itemId: '1004856',
      type: 'PURCHASE',
      occurredAt: new Date('2019-10-01T00:02:14Z'),
      sessionId: 's2',
      quantity: 1,
      value: '130.76',
    });
    expect(behaviours().map(({ type }) => type)).toEqual(['VIEW', 'PURCHASE', 'ADD_TO_CART']);
    expect(shop.items.get('3900821')).toMatchObject({
      title: 'aqua water heater',
      category: ['appliances', 'environment', 'water_heater'],
      price: '33.20',
      currency: 'USD',
      attributes: { brand: 'aqua', categoryId: '2053013552326770905' },
    });
    expect(shop.items.get('44600062')).toMatchObject({ title: 'shiseido', category: [] });
  });

  test('Taobao: no header line, impossible times left out', async () => {
    const report = await importText(
      '1,2268318,2520377,pv,1511544070\n1,2333346,2520771,buy,1511561733\n1,2,3,fav,-1\n1,2,3,cart,9999999999\n',
    );
    expect(report).toMatchObject({ layout: 'taobao', lines: 4, kept: 2, dropped: 1, rejected: 1 });
    expect(report.rules.find(({ name }) => name === 'impossible-time')?.lines).toBe(1);
    expect(behaviours()[0]).toMatchObject({ userId: '1', itemId: '2268318', type: 'VIEW' });
    expect(shop.items.get('2333346')).toMatchObject({ category: ['2520771'] });
  });

  test('RecBole: ratings, items and users', async () => {
    const ratings = await importText(
      'user_id:token\titem_id:token\trating:float\ttimestamp:float\n196\t242\t3\t881250949\n186\t302\t4.5\t891717742\n',
    );
    expect(ratings).toMatchObject({ layout: 'recbole', kept: 2, mapping: { rating: 'rating:float' } });
    expect(behaviours()).toMatchObject([
      { type: 'RATING', quantity: 3, context: null },
      { type: 'RATING', quantity: 5, context: { rating: 4.5 } },
    ]);
    await importText(
      "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n1\tToy Story\t1995\tAnimation Children's\n",
    );
    expect(shop.items.get('1')).toMatchObject({
      title: 'Toy Story',
      category: ['Animation', "Children's"],
      attributes: { release_year: '1995' },
    });
    await importText('user_id:token\tage:token\n196\t49\n');
    expect(shop.users.get('196')).toEqual({ id: '196', attributes: { age: '49' } });
  });

  test('RetailRocket', async () => {
    const report = await importText(
      'timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,view,355908,\n1433222276276,121688,transaction,15335,11117\n',
    );
    expect(report).toMatchObject({ layout: 'retailrocket', kept: 2 });
    expect(behaviours()).toMatchObject([
      { type: 'VIEW', sessionId: null },
      { type: 'PURCHASE', sessionId: '11117' },
    ]);
  });
});

describe('any other file, by a mapping of columns', () => {
  test('GroupLens ratings and movies', async () => {
    await importText('userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n');
    expect(behaviours()).toMatchObject([
      { userId: '1', itemId: '31', type: 'RATING', context: { rating: 2.5 } },
    ]);
    const items = await importText('movieId,title,genres\n1,"Toy Story, The (1995)",Adventure|Animation\n');
    expect(items).toMatchObject({ layout: 'generic', kind: 'ITEMS' });
    expect(shop.items.get('1')).toMatchObject({
      title: 'Toy Story, The (1995)',
      category: ['Adventure', 'Animation'],
    });
  });

  test('a guess is shown and can be overridden, with constants too', async () => {
    const text = 'when;who;what;note\n01/02/2020;a;x;gift\n25/02/2020;b;y;\n';
    await expect(importText(text)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/when, who, what, note/),
    });
    const report = await importText(text, {
      mapping: { userId: 'who', itemId: 'what', occurredAt: 'when', type: '=FAVOURITE' },
    });
    expect(report).toMatchObject({
      delimiter: ';',
      mapping: { userId: 'who', itemId: 'what', occurredAt: 'when' },
      kept: 2,
    });
    expect(behaviours()[0]).toMatchObject({
      type: 'FAVOURITE',
      occurredAt: new Date('2020-02-01T00:00:00Z'),
    });
  });

  test('dates that fit both orders ask which', async () => {
    const text = 'date,user,item\n01/02/2020,a,x\n03/04/2020,b,y\n';
    await expect(importText(text)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/DMY or MDY/),
    });
    await importText(text, { dateOrder: 'MDY' });
    expect(behaviours()[0].occurredAt).toEqual(new Date('2020-01-02T00:00:00Z'));
  });

  test('negative quantities of purchases are refunds, zero is nothing', async () => {
    const report = await importText(
      'order_id,customer,sku,qty,unit_price,date\n1,a,x,2,1.5,2020-01-13\n1,a,x,-1,1.5,2020-01-14\n1,a,x,0,1.5,2020-01-15\n',
    );
    expect(report).toMatchObject({ kept: 2, dropped: 1 });
    expect(behaviours()).toMatchObject([
      { type: 'PURCHASE', quantity: 2, value: '3.00', sessionId: '1' },
      { type: 'REFUND', quantity: 1, value: '1.50' },
    ]);
  });

  test('transactions need a currency', async () => {
    const text =
      'id,user_id,amount,created_at,ip_country,is_fraud\nt1,a,"1,200.50",2020-01-13T10:00:00Z,DE,no\n';
    await expect(importText(text)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/currency/),
    });
    await importText(text, { currency: 'EUR' });
    expect(shop.transactions.get('t1')).toMatchObject({
      amount: '1200.50',
      currency: 'EUR',
      ipCountry: 'DE',
      isFraud: false,
    });
  });

  test.each([
    [{ layout: 'nonsense' }, /no layout nonsense.*online-retail.*generic/],
    [{ layout: 'rees46' }, /not of the layout rees46/],
    [{ mapping: { userId: 'nobody', occurredAt: 'date' } }, /column nobody, which is not there/],
    [{ kind: 'TRANSACTIONS' as const }, /No column is mapped to transactionId, amount/],
  ])('%j is refused', async (options, message) => {
    await expect(importText('user,item,date\na,b,2020-01-13\n', options)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(message),
    });
  });
});

describe('the way of an import', () => {
  test('importing twice changes nothing', async () => {
    const text = 'date,user,item,qty,price\n2020-01-13,a,x,1,2\n2020-01-14,a,x,1,2\n2020-01-14,a,x,1,2\n';
    const first = await importText(text);
    const before = behaviours();
    const second = await importText(text);
    expect(first.written.behaviours).toEqual({ accepted: 2, duplicates: 1, rejected: 0 });
    expect(second.written.behaviours).toEqual({ accepted: 0, duplicates: 3, rejected: 0 });
    expect(behaviours()).toEqual(before);
  });

  test('a row that the store refuses is a rejected line', async () => {
    shop.refusedId = 'e2';
    const report = await importText(
      'event_id,date,user,item\ne1,2020-01-13,a,x\ne2,2020-01-13,a,x\ne3,2020-01-13,a,x\n',
    );
    expect(report).toMatchObject({
      lines: 3,
      kept: 2,
      dropped: 0,
      rejected: 1,
      problems: [{ line: 3, message: 'refused' }],
    });
  });

  test('rows go in batches, progress reaches the last byte', async () => {
    const rows = Array.from({ length: 50_000 }, (_, n) => `e${n},2020-01-13,u${n % 100},i${n % 7}`);
    const progress: number[] = [];
    const report = await importText(`event_id,date,user,item\n${rows.join('\n')}\n`, {
      onProgress: ({ share }) => progress.push(share),
    });
    expect(report.written.behaviours.accepted).toBe(50_000);
    expect(Math.max(...shop.writes)).toBeLessThan(40_000);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(1);
  });

  test.each(['csv', 'csv.gz', 'ndjson', 'parquet', 'utf-16', 'shopify'])(
    'broken off at any place it goes on from there, and ends as one that was not: %s',
    async (form) => {
      const { bytes, lines, isSeekable } = fileOf(form);
      const whole = await importText(bytes, OFTEN);
      expect(whole).toMatchObject({ lines, resumedAt: null });
      const stored = snapshot();
      shop = new RecordingShop();
      let firstBytes: number | null = null;
      const ends = [0.2, 0.5, 0.8].map((share) => Math.round(share * lines));
      for (const end of [...ends, Infinity]) {
        const controller = new AbortController();
        firstBytes = null;
        const attempt = importText(bytes, {
          ...OFTEN,
          signal: controller.signal,
          keepsFile: true,
          onProgress: ({ lines: read, bytesRead }) => {
            firstBytes ??= bytesRead;
            if (read >= end) controller.abort(new Error('enough'));
          },
        });
        if (end !== Infinity) {
          await expect(attempt).rejects.toThrow('enough');
          continue;
        }
        const report = await attempt;
        expect(report.resumedAt).toBeGreaterThan(lines / 2);
        const { resumedAt: _at, seconds: _took, written, ...rest } = report;
        const { resumedAt: _none, seconds: _other, written: writtenAtOnce, ...others } = whole;
        expect(rest).toEqual(others);
        // What was sent behind the last position is sent again, and is there already.
        for (const [kind, { accepted, duplicates }] of Object.entries(writtenAtOnce)) {
          const counts = written[kind as keyof typeof written];
          expect(counts.accepted + counts.duplicates).toBe(accepted + duplicates);
        }
      }
      expect(snapshot()).toEqual(stored);
      expect(shop.positions.size).toBe(0);
      // What lies before the position is not read again where that can be.
      if (isSeekable) expect(firstBytes).toBeGreaterThan(bytes.length / 2);
    },
    30_000,
  );

  test('a file that was changed since it was broken off begins anew', async () => {
    const { bytes } = fileOf('csv');
    const stop = (at: number) => {
      const controller = new AbortController();
      const onProgress = ({ lines }: { lines: number }) => {
        if (lines >= at) controller.abort(new Error('enough'));
      };
      return { ...OFTEN, signal: controller.signal, onProgress };
    };
    await expect(importText(bytes, stop(6_000))).rejects.toThrow('enough');
    expect(shop.positions.size).toBe(1);
    expect((await importText(bytes)).resumedAt).toBeNull();
  });

  test('an abort stops it', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(importText('event_id,date,user,item\ne1,2020-01-13,a,x\n', { signal })).rejects.toThrow(
      'enough',
    );
  });

  test('lines = kept + dropped + rejected, for any lines', async () => {
    const cell = (...usual: string[]) =>
      fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...usual) }, fc.string({ maxLength: 6 }));
    const line = fc
      .tuple(
        cell('2020-01-13', '', '1970-01-01'),
        cell('u1', ''),
        cell('i1', ''),
        cell('1', '0', '-2', ''),
        cell('9.99', '-1', ''),
      )
      .map((cells) => cells.join(',').replace(/[\r\n]/g, ' '));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 20 }), async (lines) => {
        const report = await importText(`date,user,item,qty,price\n${lines.join('\n')}\n`, {
          dateOrder: 'YMD',
        });
        expect(report.lines).toBe(report.kept + report.dropped + report.rejected);
        const { accepted, duplicates } = report.written.behaviours;
        expect(accepted + duplicates).toBe(report.kept);
      }),
      { numRuns: 150 },
    );
  });
});

describe('several files', () => {
  test('one that cannot be read is told and costs the others nothing; the note of a simulated shop is left out', async () => {
    const files: Record<string, string> = {
      'items.csv': 'itemId,title\nlamp,Lamp\n',
      'readme.md': 'What this folder holds, in words.\n',
      'simulation.json': '{ "seed": 1, "behaviours": 1000 }\n',
      'visits.csv': 'userId,itemId,occurredAt\nann,lamp,2026-01-01\n',
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
    const paths = [...Object.keys(files), 'missing.csv'].map((name) => join(directory, name));
    const { files: reports, skipped } = await importFiles(shop.asStore(), paths);
    expect(reports.map(({ path, kept }) => [path, kept])).toEqual([
      [paths[0], 1],
      [paths[3], 1],
    ]);
    expect(skipped.map(({ path, code }) => [path, code])).toEqual([
      [paths[1], 'BAD_USER_INPUT'],
      [paths[2], null],
      [paths[4], 'NOT_FOUND'],
    ]);
    expect(behaviours()).toHaveLength(1);
    await expect(importFiles(shop.asStore(), [paths[1]])).rejects.toThrow(/readme.md/);
  });
});
