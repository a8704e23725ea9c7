import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { importFiles, ingestStream, readOnlineRetail } from '../../src/pipeline/collect/index.js';
import { PROJECT_ROOT } from '../../src/root.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let directory: string;
let excerpt: string;
beforeAll(async () => {
  database = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'import-db-'));
  excerpt = join(directory, 'online-retail.csv.gz');
  // The first 30,000 lines of the bundled sample.
  const sample = gunzipSync(
    await readFile(join(PROJECT_ROOT, 'data/online-retail/online-retail.csv.gz')),
  ).toString();
  await writeFile(excerpt, gzipSync(sample.split('\n').slice(0, 30_001).join('\n')));
});
afterAll(async () => {
  await database.drop();
  await rm(directory, { recursive: true });
});

describe('the bundled sample in PostgreSQL', () => {
  test('is stored as the reader without a database reads it, and importing twice changes nothing', async () => {
    const shop = await database.store.createShop('sample', 'Sample');
    const [first] = (await importFiles(shop, [excerpt])).files;
    const { history, report } = await readOnlineRetail(excerpt);
    expect(first).toMatchObject({
      layout: 'online-retail',
      lines: 30_000,
      rejected: 0,
      kept: report.purchases + report.refunds,
    });
    expect(first.lines).toBe(first.kept + first.dropped + first.rejected);
    const expected = {
      users: history.users.length,
      items: history.items.length,
      behaviours: history.behaviours.count,
      transactions: history.transactions.length,
    };
    expect(await shop.counts()).toEqual(expected);
    const before = await shop.readHistory();
    const [second] = (await importFiles(shop, [excerpt])).files;
    for (const kind of ['users', 'items', 'behaviours', 'transactions'] as const) {
      expect(second.written[kind]).toEqual({ accepted: 0, duplicates: expected[kind], rejected: 0 });
    }
    expect(await shop.readHistory()).toEqual(before);
  });

  test('the stored history has the same money, units and sessions for every user', async () => {
    const shop = await database.store.forShop('sample');
    const stored = await shop.readHistory();
    const { history } = await readOnlineRetail(excerpt);
    expect(summaryByUser(stored)).toEqual(summaryByUser(history));
  });

  test('an import that was broken off goes on when it is started again', async () => {
    const shop = await database.store.createShop('resumed', 'Resumed');
    const controller = new AbortController();
    const broken = importFiles(shop, [excerpt], {
      signal: controller.signal,
      onProgress: ({ lines }) => {
        if (lines > 25_000) controller.abort(new Error('killed'));
      },
    });
    await expect(broken).rejects.toThrow('killed');
    await importFiles(shop, [excerpt]);
    const whole = await database.store.forShop('sample');
    expect(await shop.counts()).toEqual(await whole.counts());
  });
});

describe('streams into PostgreSQL', () => {
  const rows = Array.from({ length: 25_000 }, (_, n) =>
    JSON.stringify({
      eventId: `e${n}`,
      userId: `u${n % 500}`,
      itemId: `i${n % 90}`,
      type: 'VIEW',
      occurredAt: new Date(1.7e12 + n * 1000).toISOString(),
    }),
  );
  const body = (lines: readonly string[]) => Readable.from([Buffer.from(`${lines.join('\n')}\n`)]);

  test('sent by four clients at once, every row is there once', async () => {
    const shop = await database.store.createShop('stream', 'Stream');
    const results = await Promise.all([0, 1, 2, 3].map(() => ingestStream(shop, 'behaviours', body(rows))));
    const sum = (key: 'accepted' | 'duplicates' | 'rejected') =>
      results.reduce((total, result) => total + result[key], 0);
    expect(sum('accepted')).toBe(25_000);
    expect(sum('duplicates')).toBe(75_000);
    expect(sum('rejected')).toBe(0);
    expect(await shop.countBehaviours()).toBe(25_000);
  });

  test('bad rows do not cost the good ones', async () => {
    const shop = await database.store.createShop('dirty', 'Dirty');
    const dirty = [
      'nonsense',
      rows[0],
      rows[0].replace('"e0"', '"a\\u0000b"'),
      rows[1].replace('VIEW', 'STARE'),
      rows[2],
    ];
    const result = await ingestStream(shop, 'behaviours', body(dirty), {
      contentType: 'application/x-ndjson',
    });
    expect(result).toMatchObject({ accepted: 2, duplicates: 0, rejected: 3 });
    expect(result.errors.map(({ index }) => index)).toEqual([0, 2, 3]);
    expect(await shop.countBehaviours()).toBe(2);
  });
});

/** Behaviours, units, money and sessions by user and type. */
function summaryByUser(
  history: Awaited<ReturnType<typeof readOnlineRetail>>['history'],
): Map<string, number[]> {
  const { behaviours, users } = history;
  const sums = new Map<string, number[]>();
  const sessions = new Map<string, Set<number>>();
  for (let row = 0; row < behaviours.count; row++) {
    const key = `${users[behaviours.user[row]].id} ${behaviours.type[row]}`;
    const sum = sums.get(key) ?? [0, 0, 0, 0];
    const own = sessions.get(key) ?? new Set();
    sums.set(key, sum);
    sessions.set(key, own.add(behaviours.session[row]));
    sum[0]++;
    sum[1] += behaviours.quantity[row];
    sum[2] = Math.round((sum[2] + behaviours.value[row]) * 1e4) / 1e4;
    sum[3] = own.size;
  }
  return new Map([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}
