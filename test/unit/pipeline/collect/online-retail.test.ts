import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { readOnlineRetail } from '../../../../src/pipeline/collect/index.js';
import { BEHAVIOUR_CODE } from '../../../../src/pipeline/index.js';

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
// Lines as they stand in the data, and some that show each rule.
const EXCERPT = [
  '536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01T08:26:00Z,2.55,17850,United Kingdom',
  '536365,71053,WHITE METAL LANTERN,6,2010-12-01T08:26:00Z,3.39,17850,United Kingdom',
  '536365,71053,WHITE METAL LANTERN,6,2010-12-01T08:26:00Z,3.39,17850,United Kingdom', // equal in all columns
  'C536379,D,Discount,-1,2010-12-01T09:41:00Z,27.5,14527,United Kingdom',
  '536370,POST,POSTAGE,3,2010-12-01T08:45:00Z,18,12583,France',
  '536414,22139,,56,2010-12-01T11:52:00Z,0,,United Kingdom', // no customer, no price, no title
  '537197,22841,ROUND CAKE TIN VINTAGE GREEN,1,2010-12-05T14:02:00Z,0,12647,Germany', // a gift
  'A563186,B,Adjust bad debt,1,2011-08-12T14:51:00Z,-11062.06,,United Kingdom',
  '536589,21777,,-10,2010-12-01T16:50:00Z,0,,United Kingdom', // breakage
  '536366,71053,"WHITE METAL LANTERN, LARGE",2,2010-12-02T08:26:00Z,3.75,17850,United Kingdom',
  '536367,71053,WHITE METAL LANTERN,x,2010-12-02T08:26:00Z,3.75,17850,United Kingdom',
  '536367,71053,WHITE METAL LANTERN,1,last Tuesday,3.75,17850,United Kingdom',
  '536367,71053',
];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'online-retail-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function read(lines: readonly string[], options = {}) {
  const path = join(directory, 'excerpt.csv');
  await writeFile(path, [HEADER, ...lines, ''].join('\n'));
  return readOnlineRetail(path, options);
}

describe('the excerpt', () => {
  test('every line is a purchase, a refund, dropped by one rule or rejected', async () => {
    const { report } = await read(EXCERPT);
    expect(report).toMatchObject({ lines: 13, purchases: 4, refunds: 1, dropped: 5, rejected: 3 });
    const lines = Object.fromEntries(report.rules.map((rule) => [rule.name, rule.lines]));
    expect(lines).toEqual({
      'exact-duplicate': 1,
      'no-customer': 3,
      'negative-price': 0,
      'zero-price': 1,
      'zero-quantity': 0,
      'stock-adjustment': 0,
      cancellation: 1,
      'service-code': 2,
    });
    const fitting = Object.fromEntries(report.rules.map((rule) => [rule.name, rule.fitting]));
    expect(fitting).toMatchObject({ 'zero-price': 3, 'negative-price': 1, 'stock-adjustment': 1 });
  });

  test('lines become behaviours with money, sessions and kinds', async () => {
    const { history } = await read(EXCERPT);
    const { behaviours, users, items } = history;
    const rows = Array.from({ length: behaviours.count }, (_, row) => ({
      user: users[behaviours.user[row]].id,
      item: items[behaviours.item[row]].id,
      type: behaviours.type[row],
      quantity: behaviours.quantity[row],
      value: behaviours.value[row],
    }));
    const { PURCHASE, REFUND } = BEHAVIOUR_CODE;
    expect(rows).toEqual(
      expect.arrayContaining([
        { user: '17850', item: '85123A', type: PURCHASE, quantity: 6, value: 15.3 },
        { user: '17850', item: '71053', type: PURCHASE, quantity: 6, value: 20.34 },
        { user: '17850', item: '71053', type: PURCHASE, quantity: 2, value: 7.5 },
        { user: '14527', item: 'D', type: REFUND, quantity: 1, value: 27.5 },
        { user: '12583', item: 'POST', type: PURCHASE, quantity: 3, value: 54 },
      ]),
    );
    expect(rows).toHaveLength(5);
    const sessions = new Set(behaviours.session);
    expect(sessions.size).toBe(4);
  });

  test('users, items and transactions', async () => {
    const { history } = await read(EXCERPT);
    const item = (id: string) => history.items.find((candidate) => candidate.id === id);
    expect(item('71053')).toMatchObject({ title: 'WHITE METAL LANTERN', price: 3.75, attributes: {} });
    expect(item('POST')).toMatchObject({ attributes: { isService: true } });
    expect(item('22841')).toMatchObject({ title: 'ROUND CAKE TIN VINTAGE GREEN', price: NaN });
    expect(item('22139')).toBeUndefined();
    expect(history.users.map(({ id }) => id).sort()).toEqual(['12583', '12647', '14527', '17850']);
    expect(history.users.find(({ id }) => id === '12583')?.attributes).toEqual({
      country: 'France',
      countryCode: 'FR',
    });
    expect(history.transactions.map(({ id, amount, lines }) => [id, amount, lines.length])).toEqual([
      ['536365', 35.64, 2],
      ['536370', 54, 1],
      ['536366', 7.5, 1],
    ]);
    expect(history.currency).toBe('GBP');
  });

  test('the published protocol keeps equal lines', async () => {
    const { report } = await read(EXCERPT, { keepDuplicates: true });
    expect(report).toMatchObject({ purchases: 5, refunds: 1, dropped: 4, rejected: 3 });
  });
});

test('the counts add up to every line, whatever the lines hold', async () => {
  const cell = (...usual: string[]) =>
    fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...usual) }, fc.string({ maxLength: 5 }));
  const line = fc
    .tuple(
      cell('536365', 'C536379', ''),
      cell('85123A', 'POST', ''),
      cell('LANTERN', ''),
      cell('6', '-1', '0', '1.5'),
      cell('2010-12-01T08:26:00Z', '', 'never'),
      cell('2.55', '0', '-1', ''),
      cell('17850', ''),
      cell('France', ''),
    )
    .map((cells) => cells.map((text) => text.replace(/[\n\r]/g, ' ')).join(','));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 30 }), async (lines) => {
      const { report, history } = await read(lines);
      expect(report.lines).toBe(report.purchases + report.refunds + report.dropped + report.rejected);
      const dropped = report.rules
        .filter(({ action }) => action === 'DROP')
        .reduce((sum, rule) => sum + rule.lines, 0);
      expect(dropped).toBe(report.dropped);
      expect(history.behaviours.count).toBe(report.purchases + report.refunds);
    }),
    { numRuns: 200 },
  );
});
