import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { BotWatch, isDeclaredBot } from '../../../../src/pipeline/collect/bots.js';
import { parseRates } from '../../../../src/pipeline/collect/currencies.js';
import { importFiles, type ImportOptions } from '../../../../src/pipeline/collect/index.js';
import { isLocalTime, timeFrom } from '../../../../src/pipeline/collect/times.js';
import { currencyFrom, moneyFrom, numberFrom } from '../../../../src/pipeline/collect/values.js';
import { RecordingShop } from '../../../support/recording-shop.js';

let directory: string;
let shop: RecordingShop;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cleaning-'));
});
beforeEach(() => {
  shop = new RecordingShop();
});
afterAll(() => rm(directory, { recursive: true }));

async function importText(text: string, options: ImportOptions = {}) {
  const path = join(directory, 'data.csv');
  await writeFile(path, text);
  return (await importFiles(shop.asStore(), [path], options)).files[0];
}

describe('time zones', () => {
  test.each([
    ['2026-01-15 12:00:00', 'Europe/Berlin', '2026-01-15T11:00:00Z'],
    ['2026-07-15 12:00:00', 'Europe/Berlin', '2026-07-15T10:00:00Z'],
    ['2026-07-15T12:00:00Z', 'Europe/Berlin', '2026-07-15T12:00:00Z'],
    ['2026-07-15T12:00:00+05:30', 'Europe/Berlin', '2026-07-15T06:30:00Z'],
    ['2026-01-15 12:00', 'Asia/Kathmandu', '2026-01-15T06:15:00Z'],
    ['2026-10-25 02:30', 'Europe/Berlin', '2026-10-25T00:30:00Z'], // shown twice: the first
    ['2026-03-29 02:30', 'Europe/Berlin', '2026-03-29T01:30:00Z'], // skipped: as if the clocks had gone on
    ['2026-11-01 01:30', 'America/New_York', '2026-11-01T05:30:00Z'],
  ])('%s in %s is %s', (text, zone, expected) => {
    expect(timeFrom(text, 'YMD', zone)).toBe(Date.parse(expected));
  });

  test('what the clocks of a zone show is read back as the same time', () => {
    const zones = fc.constantFrom(
      'Europe/Berlin',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Asia/Kolkata',
      'UTC',
    );
    const times = fc
      .integer({ min: Date.UTC(1995, 0), max: Date.UTC(2035, 0) })
      .map((ms) => ms - (ms % 1000));
    fc.assert(
      fc.property(times, zones, (time, timeZone) => {
        const shown = new Date(time).toLocaleString('sv-SE', { timeZone });
        const read = timeFrom(shown, 'YMD', timeZone);
        expect(new Date(read).toLocaleString('sv-SE', { timeZone })).toBe(shown);
        // Only an hour that is shown twice may be read as the earlier of its two times.
        expect(time - read === 0 || (time > read && time - read <= 3_600_000)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('a local time is told from one with a zone', () => {
    expect(['2026-01-01', '2026-01-01 10:00', '31.12.2026 10:00'].map(isLocalTime)).toEqual([
      true,
      true,
      true,
    ]);
    expect(['2026-01-01T10:00Z', '1767225600', 'soon', 5].map(isLocalTime)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('amounts', () => {
  test.each([
    ['€ 1.234,50', 1234.5, 'EUR'],
    ['19.99 USD', 19.99, 'USD'],
    ['US$19', 19, 'USD'],
    ["CHF 1'250.00", 1250, 'CHF'],
    ['12,5', 12.5, null],
    ['$5', 5, null],
    ['-3', -3, null],
    ['free', NaN, null],
    ['1.2.3', NaN, null],
  ])('%s', (text, amount, currency) => {
    expect(moneyFrom(text)).toEqual({ amount, currency });
  });

  test('a comma is the decimal sign only where it can be nothing else', () => {
    expect(['1,234', '1,23', '1.234,5', '1,234.5', '1,2345'].map(numberFrom)).toEqual([
      1234,
      1.23,
      1234.5,
      1234.5,
      NaN,
    ]);
    expect(['eur', '£', '$', 'euro'].map(currencyFrom)).toEqual(['EUR', 'GBP', null, null]);
  });

  test('no text makes it throw, and what it reads is finite or NaN', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."0123456789.,-+€$ 'e") })),
        (text) => {
          const { amount, currency } = moneyFrom(text);
          expect(Number.isFinite(amount) || Number.isNaN(amount)).toBe(true);
          expect(currency === null || /^[A-Z]{3}$/.test(currency)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('are brought to one currency at the rates given; a currency without a rate is refused', async () => {
    const text =
      'order_id,customer_id,total,currency,date\n1,a,10.00,USD,2026-01-01\n2,a,10.00,eur,2026-01-01\n3,a,10,JPY,2026-01-01\n';
    const report = await importText(text, { currency: 'EUR', rates: parseRates('usd=0.5') });
    expect(report).toMatchObject({ kind: 'TRANSACTIONS', kept: 2, rejected: 1 });
    expect([...shop.transactions.values()].map(({ amount, currency }) => `${amount} ${currency}`)).toEqual([
      '5.00 EUR',
      '10.00 EUR',
    ]);
    expect(report.rules).toContainEqual(expect.objectContaining({ name: 'other-currency', lines: 1 }));
    await expect(importText(text, { rates: { USD: 1 } })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(() => parseRates('USD:2')).toThrow(/no rate/);
    await expect(importText(text, { timeZone: 'Mars/Base' })).rejects.toThrow(/no time zone Mars\/Base/);
  });
});

describe('bots', () => {
  const MINUTE = 60_000;
  const watchOf = (lines: readonly [string, 'VIEW' | 'PURCHASE' | 'ADD_TO_CART', number][]) => {
    const watch = new BotWatch();
    for (const [user, type, time] of lines) watch.see(user, type, time);
    return watch.verdicts();
  };
  const views = (user: string, count: number, everyMs: number, from = 1) =>
    Array.from({ length: count }, (_, n) => [user, 'VIEW', from + n * everyMs] as [string, 'VIEW', number]);

  test('speed that no person has, unless they buy', () => {
    const fast = views('bot', 200, 100);
    expect(watchOf(fast)).toEqual([
      { userId: 'bot', rule: 'machine-speed', views: 200, viewsAMinute: 200, viewsADay: 200 },
    ]);
    expect(watchOf([...fast, ['bot', 'PURCHASE', 5 * MINUTE]])).toEqual([]);
    expect(watchOf(views('ann', 300, 2_000))).toEqual([]);
  });

  test('thousands of views a day and never a basket', () => {
    const slow = views('bot', 4_000, 20_000);
    expect(watchOf(slow)).toMatchObject([{ userId: 'bot', rule: 'tireless', viewsADay: 4_000 }]);
    expect(watchOf([...slow, ['bot', 'ADD_TO_CART', 1]])).toEqual([]);
  });

  test('days without hours make no one a bot', () => {
    expect(watchOf(views('ann', 500, 0, 86_400_000 * 20_000))).toEqual([]);
  });

  test('user agents that say so', () => {
    expect(isDeclaredBot('Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)')).toBe(
      true,
    );
    expect(isDeclaredBot('curl/8.5.0')).toBe(true);
    expect(
      isDeclaredBot(
        'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1',
      ),
    ).toBe(false);
    expect(isDeclaredBot('')).toBe(false);
  });

  test('their lines are left out from the first to the last, with the evidence; on wish they stay', async () => {
    const start = Date.UTC(2026, 0, 1, 10);
    const lines = Array.from(
      { length: 200 },
      (_, n) => `bot,i${n},view,${new Date(start + n * 90).toISOString()}`,
    );
    const text = `user,item,event,time\nann,i1,view,${new Date(start + 1).toISOString()}\n${lines.join('\n')}\n`;
    const report = await importText(text);
    expect(report).toMatchObject({ lines: 201, kept: 1, dropped: 200 });
    expect(report.bots).toMatchObject([{ userId: 'bot', viewsAMinute: 200 }]);
    const rule = report.rules.find(({ name }) => name === 'bot');
    expect(rule).toMatchObject({ lines: 200, before: 201, after: 1 });
    const kept = await importText(text, { leavesBotsOut: false });
    expect(kept).toMatchObject({ kept: 201, dropped: 0, bots: [] });
  });
});

test('anonymous and known ids in one file: rows count for the known one, and the two are linked', async () => {
  const report = await importText(
    'user_id,anonymous_id,item_id,event,timestamp\n,x1,i1,view,2026-01-01T10:00:00Z\nann,x1,i1,cart,2026-01-01T10:01:00Z\nben,,i2,view,2026-01-01T10:02:00Z\n',
  );
  expect(report).toMatchObject({ kept: 3, mapping: { userId: 'user_id', anonymousId: 'anonymous_id' } });
  expect([...shop.behaviours.values()].map(({ userId }) => userId)).toEqual(['x1', 'ann', 'ben']);
  expect(shop.links).toEqual([{ aliasId: 'x1', userId: 'ann', linkedAt: new Date('2026-01-01T10:01:00Z') }]);
});

test('every rule says how many lines came and how many were left, and the report adds up', async () => {
  const row = fc.tuple(
    fc.constantFrom('a', 'b', ''),
    fc.constantFrom('2026-01-01', '1970-01-01', 'soon', '9999-01-01'),
    fc.constantFrom('1', '-2', '0', 'x', ''),
    fc.constantFrom('3.5', '-1', '', 'EUR 4'),
    fc.constantFrom('true', ''),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), async (rows) => {
      shop = new RecordingShop();
      const report = await importText(
        `user,date,quantity,price,is_test,n\n${rows.map((values, n) => `${values.join(',')},${n}`).join('\n')}\n`,
      );
      expect(report.lines).toBe(rows.length);
      expect(report.lines).toBe(report.kept + report.dropped + report.rejected);
      expect(shop.behaviours.size).toBe(report.kept);
      expect(shop.quarantined).toHaveLength(report.rejected);
      const { rules } = report;
      rules.forEach((rule, at) => {
        expect(rule.before - rule.after).toBe(rule.action === 'DROP' ? rule.lines : 0);
        if (at > 0) expect(rule.before).toBe(rules[at - 1].after);
      });
      expect(rules[0].before).toBe(report.lines - report.rejected);
      expect(rules.at(-1)?.after).toBe(report.kept);
    }),
    { numRuns: 60 },
  );
});
