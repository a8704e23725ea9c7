import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { importFiles, replayQuarantine } from '../../src/pipeline/collect/index.js';
import { PROJECT_ROOT } from '../../src/root.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let directory: string;
beforeAll(async () => {
  database = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'quarantine-'));
});
afterAll(async () => {
  await database.drop();
  await rm(directory, { recursive: true });
});

describe('rows that were not understood', () => {
  test('are kept once, mended, and come into the shop as their import would have brought them', async () => {
    const shop = await database.store.createShop('mending', 'Mending');
    const path = join(directory, 'visits.csv');
    await writeFile(
      path,
      'who;what;when;unit price;quantity\nann;lamp;31.01.2026;3,50;2\nben;lamp;soon;1,00;1\ncid;bulb;30.01.2026;1,00\ndan;"open\neve;bulb;29.01.2026;-1;1\n',
    );
    const options = {
      mapping: { userId: 'who', itemId: 'what', occurredAt: 'when', type: '=PURCHASE' },
      timeZone: 'Europe/Berlin',
    };
    const [report] = (await importFiles(shop, [path], options)).files;
    expect(report).toMatchObject({ lines: 5, kept: 1, dropped: 1, rejected: 3 });
    await importFiles(shop, [path], options);
    expect(await shop.countQuarantined({ state: 'WAITING' })).toBe(3);
    const { rows } = await shop.quarantinedRows({ first: 10 }, { source: 'visits.csv' });
    const byLine = new Map(rows.map((row) => [row.line, row]));
    expect(byLine.get(3)).toMatchObject({
      raw: { who: 'ben', what: 'lamp', when: 'soon', 'unit price': '1,00', quantity: '1' },
      reason: 'The time "soon" is not understood.',
      userId: 'ben',
    });
    expect(byLine.get(5)?.raw).toEqual({ '@text': 'dan;"open' });

    await shop.mendQuarantined(byLine.get(3)!.id, {
      who: 'ben',
      what: 'lamp',
      when: '01.02.2026',
      'unit price': '1,00',
      quantity: '3',
    });
    await shop.mendQuarantined(byLine.get(4)!.id, {
      who: 'cid',
      what: 'bulb',
      when: '30.01.2026',
      'unit price': '0',
      quantity: '0',
    });
    const replayed = await replayQuarantine(shop);
    expect(replayed).toMatchObject({ rows: 3, replayed: 1, discarded: 1, waiting: 1 });
    expect(replayed.problems[0].reason).toMatch(/no columns yet.*who, what, when/);
    const behaviours = await shop.behaviours({ first: 10 }, {});
    expect(behaviours.rows).toMatchObject([
      { type: 'PURCHASE', quantity: 3, value: '3.00', occurredAt: new Date('2026-01-31T23:00:00Z') },
      { type: 'PURCHASE', quantity: 2, value: '7.00' },
    ]);
    expect(await replayQuarantine(shop)).toMatchObject({ rows: 1, waiting: 1 });
    await expect(replayQuarantine(shop, { ids: [byLine.get(3)!.id] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe('an import that is killed', () => {
  const ROWS = 120_000;
  const lines = Array.from(
    { length: ROWS },
    (_, n) => `u${n % 900},i${n % 90},view,${new Date(1.7e12 + n * 7_000).toISOString()}`,
  );

  test('is resumed by starting it again: every line is there once', async () => {
    const shop = await database.store.createShop('killed', 'Killed');
    const path = join(directory, 'views.csv');
    await writeFile(path, `user,item,event,time\n${lines.join('\n')}\nx,y,view,never\n`);
    const run = () =>
      spawn(
        process.execPath,
        [join(PROJECT_ROOT, 'dist/src/cli.js'), 'import', path, '--shop', 'killed', '--json'],
        {
          env: { ...process.env, DATABASE_URL: database.url },
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
    const first = run();
    const ended = new Promise((resolve) => first.once('exit', (_code, signal) => resolve(signal)));
    for (;;) {
      if ((await shop.countBehaviours()) > 0) break;
      if (first.exitCode !== null) throw new Error('The import ended before it could be killed.');
    }
    first.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    const stored = await shop.countBehaviours();
    expect(stored).toBeLessThan(ROWS);

    const second = run();
    let output = '';
    second.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await new Promise((resolve) => second.once('exit', resolve));
    const [report] = (
      JSON.parse(output) as {
        files: {
          lines: number;
          kept: number;
          rejected: number;
          written: { behaviours: { accepted: number; duplicates: number; rejected: number } };
        }[];
      }
    ).files;
    expect(report).toMatchObject({ lines: ROWS + 1, kept: ROWS, rejected: 1 });
    // What lies before the position that the first one left counts as the first one stored it; what lies behind comes again.
    const { accepted, duplicates, rejected } = report.written.behaviours;
    expect({ behaviours: accepted + duplicates, rejected }).toEqual({ behaviours: ROWS, rejected: 0 });
    expect(duplicates).toBeLessThanOrEqual(stored);
    expect(await shop.countBehaviours()).toBe(ROWS);
    expect(await shop.countQuarantined()).toBe(1);
  });
});
