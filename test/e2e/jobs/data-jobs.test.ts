import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

import { DATA_QUEUE } from '../../../src/jobs/queue.js';
import type { Api } from '../api-harness.js';
import { DataJobWorld, killDataJob, PATIENCE_MS } from './data-job-world.js';

const DAY_MS = 86_400_000;
const LINES = 60_000;
const visits = [
  'who,what,did,when',
  ...Array.from(
    { length: LINES },
    (_, n) => `u${n % 500},i${n % 60},view,${new Date(1.7e12 + n * 61_000).toISOString()}`,
  ),
  'broken,i1,view,never',
].join('\n');

let world: DataJobWorld;
let api: Api;
beforeAll(async () => {
  world = await new DataJobWorld().open();
  api = world.api;
}, PATIENCE_MS);
afterAll(() => world.close(), PATIENCE_MS);

describe('an import by mutation', () => {
  test(
    'is guessed, mapped, followed and reported; killed in its midst it goes on, and every line is there once',
    async () => {
      const uploadId = await world.upload(visits, 'visits.csv');
      const guess = await api.ask<{ guessImport: Record<string, unknown> & { fields: object[] } }>(
        `query ($source: FileSourceInput!, $settings: ImportSettingsInput) {
          guessImport(source: $source, settings: $settings) { layout format delimiter columns kind fields { field column isNeeded } sample } }`,
        {
          source: { uploadId },
          settings: {
            kind: 'BEHAVIOURS',
            mapping: [
              { field: 'userId', column: 'who' },
              { field: 'occurredAt', column: 'when' },
            ],
          },
        },
      );
      expect(guess.data.guessImport).toMatchObject({
        layout: 'generic',
        format: 'CSV',
        delimiter: ',',
        columns: ['who', 'what', 'did', 'when'],
        kind: 'BEHAVIOURS',
      });
      expect(guess.data.guessImport.sample).toContainEqual({
        who: 'u0',
        what: 'i0',
        did: 'view',
        when: '2023-11-14T22:13:20.000Z',
      });
      expect(guess.data.guessImport.fields).toContainEqual({
        field: 'itemId',
        column: null,
        isNeeded: false,
      });

      const mapping = Object.entries({ userId: 'who', itemId: 'what', type: 'did', occurredAt: 'when' }).map(
        ([field, column]) => ({ field, column }),
      );
      const id = await world.startImport({ source: { uploadId }, settings: { mapping, keepBots: true } });
      const client = createClient({
        url: `${api.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
      });
      const told = (async () => {
        const states: { status: string; progress: number }[] = [];
        const query = `subscription { dataJobProgress(id: "${id}") { status progress message } }`;
        for await (const { data } of client.iterate<{ dataJobProgress: (typeof states)[number] }>({ query }))
          states.push(data!.dataJobProgress);
        return states;
      })();
      // The process of the job is killed once it has noted how far it is.
      await world.until(async () => (await api.shop.query('SELECT 1 FROM import_positions')).length > 0);
      const stored = await api.shop.countBehaviours();
      await killDataJob(id);

      const job = await world.ended(id);
      expect(job).toMatchObject({
        status: 'SUCCEEDED',
        progress: 1,
        attempts: 2,
        importReport: { lines: LINES + 1, kept: LINES, dropped: 0, rejected: 1 },
      });
      const { written, problems } = job.importReport as {
        written: { kind: string; accepted: number; duplicates: number }[];
        problems: { line: number }[];
      };
      const behaviours = written.find(({ kind }) => kind === 'behaviours')!;
      expect(behaviours.accepted + behaviours.duplicates).toBe(LINES);
      // It did not begin anew: what is sent twice is what was stored behind the last note alone.
      const resumedAt = job.report?.resumedAt as number;
      expect(resumedAt).toBeGreaterThanOrEqual(20_000);
      expect(behaviours.duplicates).toBeLessThanOrEqual(LINES - resumedAt);
      expect(behaviours.accepted).toBeGreaterThanOrEqual(Math.min(stored, resumedAt));
      expect(await api.shop.query('SELECT 1 FROM import_positions')).toEqual([]);
      expect(problems).toMatchObject([{ line: LINES + 2 }]);
      expect(await api.shop.countBehaviours()).toBe(LINES);
      const states = await told;
      expect(states.at(-1)?.status).toBe('SUCCEEDED');
      expect(states.some(({ status, progress }) => status === 'RUNNING' && progress > 0)).toBe(true);
      await client.dispose();
      // What was imported lies there no longer, what was not understood waits.
      expect(await readdir(join(api.dataDir, 'uploads', 'default'))).toEqual([]);
      expect(await api.shop.countQuarantined({ state: 'WAITING', source: 'visits.csv' })).toBe(1);
    },
    PATIENCE_MS,
  );

  test(
    'from an address: a transfer that breaks off goes on where it was; what cannot be read fails with its reason',
    async () => {
      const body = [
        'id,name,price',
        ...Array.from({ length: 20_000 }, (_, n) => `sku-${n},Lamp ${n},${n % 90}.50`),
      ].join('\n');
      const ranges: unknown[] = [];
      world.served = (path, headers) => {
        if (path !== '/items.csv?token=secret') return { status: path === '/gone.csv' ? 404 : 500 };
        ranges.push(headers.range);
        const from = Number(/^bytes=(\d+)-/.exec(String(headers.range))?.[1] ?? 0);
        const validators = { etag: '"one"' };
        if (from === 0) return { body, headers: validators, cut: 200_000 };
        expect(headers['if-range']).toBe('"one"');
        return { body: body.slice(from), headers: validators, status: 206 };
      };
      const url = `${world.files.origin.href}items.csv?token=secret`;
      const job = await world.ended(await world.startImport({ source: { url } }));
      expect(job).toMatchObject({
        status: 'SUCCEEDED',
        importReport: {
          lines: 20_000,
          kept: 20_000,
          written: expect.arrayContaining([
            { kind: 'items', accepted: 20_000, duplicates: 0, rejected: 0 },
          ]) as unknown,
        },
      });
      expect(ranges[0]).toBeUndefined();
      expect(ranges.at(-1)).toMatch(/^bytes=\d+-$/);
      const { data } = await api.ask<{
        dataJobs: { edges: { node: { subject: string; input: object } }[]; totalCount: number };
      }>(
        '{ dataJobs(first: 1, filter: { kinds: [IMPORT] }) { totalCount edges { node { subject input } } } }',
      );
      expect(data.dataJobs.edges[0].node.subject).toBe('items.csv');
      // What opens the address is nobody's business.
      expect(JSON.stringify(data)).not.toContain('secret');

      const gone = await world.ended(
        await world.startImport({ source: { url: `${world.files.origin.href}gone.csv` } }),
      );
      expect(gone).toMatchObject({ status: 'FAILED', errorCode: 'NOT_FOUND' });
      const wrong = await world.ended(
        await world.startImport({ source: { uploadId: await world.upload('a,b\n1,2\n', 'ab.csv') } }),
      );
      expect(wrong).toMatchObject({ status: 'FAILED', errorCode: 'BAD_USER_INPUT' });
      expect(wrong.error).toMatch(/^ab.csv: cannot tell/);
    },
    PATIENCE_MS,
  );
});

describe('connections', () => {
  test(
    'are stored with a sealed key and pulled by mutation',
    async () => {
      const keys: unknown[] = [];
      world.served = (path, headers) => {
        keys.push(headers.authorization);
        const rows = path.startsWith('/wp-json/wc/v3/products')
          ? [
              {
                id: 7,
                name: 'Lamp',
                price: '9.50',
                status: 'publish',
                date_modified_gmt: '2026-01-31T10:00:00',
              },
            ]
          : [];
        return { body: JSON.stringify(rows), headers: { 'content-type': 'application/json' } };
      };
      const save = `mutation ($input: SourceConnectionInput!) { saveSourceConnection(input: $input) { id system url pulledAt } }`;
      const { origin } = world.files.origin;
      const input = { system: 'WOOCOMMERCE', url: `${origin}/shop/`, key: 'ck_1:cs_2' };
      const { data } = await api.ask<{ saveSourceConnection: { id: string } }>(save, { input });
      expect(data.saveSourceConnection).toMatchObject({ system: 'WOOCOMMERCE', url: origin, pulledAt: null });
      const [row] = await api.shop.connections();
      expect(Buffer.from(row.sealedKey, 'base64').toString('latin1')).not.toContain('cs_2');
      expect((await stat(join(api.dataDir, 'secret.key'))).mode & 0o077).toBe(0);

      const pull = `mutation ($id: ID!) { startPull(connectionId: $id) { id } }`;
      const job = await world.ended(await world.start('startPull', pull, { id: row.id }));
      expect(job).toMatchObject({ status: 'SUCCEEDED' });
      expect(job.report?.resources).toMatchObject([
        { resource: 'products', entities: 1, kept: 1 },
        { resource: 'customers', entities: 0 },
        { resource: 'orders', entities: 0 },
      ]);
      expect(new Set(keys)).toEqual(new Set([`Basic ${Buffer.from('ck_1:cs_2').toString('base64')}`]));
      expect((await api.shop.itemsByExternalIds(['7']))[0]?.title).toBe('Lamp');
      const listed = await api.ask<{ sourceConnections: { pulledAt: string | null }[] }>(
        '{ sourceConnections { id pulledAt } }',
      );
      expect(listed.data.sourceConnections[0].pulledAt).not.toBeNull();
      const removed = await api.ask<{ removeSourceConnection: boolean }>(
        `mutation { removeSourceConnection(id: "${row.id}") }`,
      );
      expect(removed.data.removeSourceConnection).toBe(true);
      expect((await api.ask(pull, { id: row.id })).errors?.[0].extensions.code).toBe('NOT_FOUND');
    },
    PATIENCE_MS,
  );
});

describe('by the clock', () => {
  const SCHEDULE = 'id kind subject cron everyMinutes isPaused nextAt failures jobId jobStatus jobError';
  const set = `mutation ($input: SourceScheduleInput!) { setSourceSchedule(input: $input) { ${SCHEDULE} } }`;
  interface Schedule {
    id: string;
    isPaused: boolean;
    nextAt: string | null;
    failures: number;
    jobId: string | null;
    jobStatus: string | null;
    jobError: string | null;
  }

  async function scheduled(test: (schedule: Schedule) => boolean): Promise<Schedule> {
    let found: Schedule | undefined;
    await world.until(
      async () => {
        const { data } = await api.ask<{ sourceSchedules: Schedule[] }>(
          `{ sourceSchedules { ${SCHEDULE} } }`,
        );
        found = data.sourceSchedules.at(0);
        return found !== undefined && test(found);
      },
      () => found,
    );
    return found!;
  }

  test(
    'a pull comes at its time, goes on from its cursor, backs off and raises an alert when it fails; it is paused, resumed and ended',
    async () => {
      let isBroken = true;
      const seen: string[] = [];
      world.served = (path) => {
        if (isBroken) return { status: 401 };
        if (path.includes('/products')) seen.push(path);
        const product = {
          id: 9,
          name: 'Vase',
          price: '4',
          status: 'publish',
          date_modified_gmt: '2026-01-31T10:00:00',
        };
        return {
          body: JSON.stringify(path.includes('/products') ? [product] : []),
          headers: { 'content-type': 'application/json' },
        };
      };
      const { data } = await api.ask<{ saveSourceConnection: { id: string } }>(
        'mutation ($input: SourceConnectionInput!) { saveSourceConnection(input: $input) { id } }',
        { input: { system: 'WOOCOMMERCE', url: world.files.origin.origin, key: 'ck_1:cs_2' } },
      );
      const connectionId = data.saveSourceConnection.id;
      const wrong = await api.ask(set, { input: { connectionId, cron: 'now and then' } });
      expect(wrong.errors?.[0].message).toMatch(/^cron: expected minute/);
      expect((await api.ask(set, { input: { everyMinutes: 5 } })).errors?.[0].message).toMatch(
        /connectionId or crawl/,
      );

      // An interval begins at once, and what fails is tried again after five minutes.
      const began = Date.now();
      await api.ask(set, { input: { connectionId, everyMinutes: 600 } });
      const failed = await scheduled(({ failures }) => failures === 1);
      expect(failed).toMatchObject({ jobStatus: 'FAILED', isPaused: false });
      expect(failed.jobError).not.toBe('');
      const pause = Date.parse(failed.nextAt!) - Date.now();
      expect(pause).toBeGreaterThan(4 * 60_000);
      expect(pause).toBeLessThanOrEqual(5 * 60_000);
      const [alert] = (await api.shop.alerts(new Date(began - 1000), new Date(Date.now() + 1000))).filter(
        ({ kind }) => kind === 'SOURCE',
      );
      expect(alert).toMatchObject({ severity: 'WARNING', value: 1 });
      expect(alert.message).toMatch(/^Scheduled pull of woocommerce 127.0.0.1 port \d+: failed\. /);

      // The source is whole again when its time has come; two workers and a schedule that is read twice start one job.
      isBroken = false;
      const before = await api.shop.countDataJobs({ kinds: ['PULL'] });
      await api.shop.continueSchedule(failed.id, new Date());
      const done = await scheduled(({ failures, jobStatus }) => failures === 0 && jobStatus === 'SUCCEEDED');
      expect(Date.parse(done.nextAt!) - Date.now()).toBeGreaterThan(590 * 60_000);
      expect(await api.shop.countDataJobs({ kinds: ['PULL'] })).toBe(before + 1);
      expect((await api.shop.itemsByExternalIds(['9']))[0]?.title).toBe('Vase');

      await api.ask(`mutation { pauseSourceSchedule(id: "${done.id}") { id } }`);
      expect(await scheduled(() => true)).toMatchObject({ isPaused: true, nextAt: null });
      const { data: resumed } = await api.ask<{ resumeSourceSchedule: Schedule }>(
        `mutation { resumeSourceSchedule(id: "${done.id}") { ${SCHEDULE} } }`,
      );
      expect(resumed.resumeSourceSchedule.isPaused).toBe(false);
      await scheduled(({ jobId, jobStatus }) => jobId !== done.jobId && jobStatus === 'SUCCEEDED');
      // The second pull asks for what changed since the first.
      expect(seen.at(-1)).toMatch(/modified_after=2026-01-31/);

      await api.ask(`mutation { removeSourceConnection(id: "${connectionId}") }`);
      const { data: left } = await api.ask<{ sourceSchedules: Schedule[] }>('{ sourceSchedules { id } }');
      expect(left.sourceSchedules).toEqual([]);
      const gone = await api.ask(`mutation { resumeSourceSchedule(id: "${done.id}") { id } }`);
      expect(gone.errors?.[0].extensions.code).toBe('NOT_FOUND');
    },
    PATIENCE_MS,
  );
});

describe('a crawl by mutation', () => {
  test(
    'brings items, and is cancelled between two pages',
    async () => {
      const product = (name: string) =>
        `<html><script type="application/ld+json">{"@type":"Product","name":"${name}","sku":"${name}","offers":{"price":"5","priceCurrency":"EUR"}}</script></html>`;
      world.served = (path) => {
        if (path === '/robots.txt' || path === '/sitemap.xml') return { status: 404 };
        if (path === '/')
          return { body: '<a href="/a">a</a><a href="/b">b</a>', headers: { 'content-type': 'text/html' } };
        return { body: product(path.slice(1)), headers: { 'content-type': 'text/html' } };
      };
      const crawl = `mutation ($url: String!, $delay: Int) { startCrawl(input: { url: $url, delayMs: $delay }) { id } }`;
      const job = await world.ended(
        await world.start('startCrawl', crawl, { url: world.files.origin.href, delay: 100 }),
      );
      expect(job).toMatchObject({
        status: 'SUCCEEDED',
        report: { pages: 3, read: 3, items: { accepted: 2 }, failures: 0 },
      });

      world.served = (path) => ({
        ...(path === '/robots.txt' || path === '/sitemap.xml' ? { status: 404 } : {}),
        body: `<a href="${path}x">on</a>`,
        headers: { 'content-type': 'text/html' },
      });
      const endless = await world.start('startCrawl', crawl, { url: world.files.origin.href, delay: 1500 });
      const second = await api.ask(crawl, { url: world.files.origin.href, delay: 1500 });
      expect(second.errors?.[0].extensions).toMatchObject({ code: 'CONFLICT', jobId: endless });
      await world.until(async () => (await api.shop.dataJobsByIds([endless]))[0]?.status === 'RUNNING');
      await api.ask(`mutation { cancelDataJob(id: "${endless}") { status } }`);
      expect(await world.ended(endless)).toMatchObject({ status: 'CANCELLED', error: null });
    },
    PATIENCE_MS,
  );
});

describe('retention', () => {
  test(
    'is set, applied by mutation and by the clock, and archives what goes',
    async () => {
      const shop = await api.database.store.createShop('old', 'Old');
      const other = await api.database.store.createShop('kept', 'Kept');
      const row = (n: number, days: number) => ({
        eventId: `e${n}`,
        userId: 'u',
        type: 'VIEW' as const,
        occurredAt: new Date(Date.now() - days * DAY_MS),
      });
      for (const each of [shop, other]) await each.recordBehaviours([row(1, 500), row(2, 40), row(3, 1)]);
      const { key } = await api.database.store.apiKeys.create('old', 'all', 'ADMIN');
      const headers = { authorization: `Bearer ${key}` };
      const ask = <Data>(query: string) => api.ask<Data>(query, undefined, headers);
      expect((await ask('mutation { applyRetention { id } }')).errors?.[0].extensions.code).toBe('CONFLICT');
      const set = await ask<{ setRetention: object }>(
        'mutation { setRetention(kind: BEHAVIOURS, keepDays: 365, isArchived: true) { kind keepDays isArchived } }',
      );
      expect(set.data.setRetention).toEqual([{ kind: 'BEHAVIOURS', keepDays: 365, isArchived: true }]);
      const wrong = await ask('mutation { setRetention(kind: BEHAVIOURS, keepDays: 0) { kind } }');
      expect(wrong.errors?.[0].message).toContain('from 1 to');

      const now = await ask<{ applyRetention: { id: string } }>('mutation { applyRetention { id } }');
      const done = async (id: string) => (await shop.dataJobsByIds([id]))[0];
      await world.until(async () => (await done(now.data.applyRetention.id))?.status === 'SUCCEEDED');
      const { report } = (await done(now.data.applyRetention.id))!;
      const [{ files: archives }] = report?.kinds as { removed: number; files: string[] }[];
      expect(report?.kinds).toMatchObject([{ kind: 'BEHAVIOURS', removed: 1 }]);
      expect((await readFile(archives[0])).subarray(0, 4).toString()).toBe('PAR1');
      expect(archives[0].startsWith(join(api.dataDir, 'archive', 'old'))).toBe(true);

      await ask('mutation { setRetention(kind: BEHAVIOURS, keepDays: 30) { kind } }');
      const [schedule] = await world.boss.getSchedules(DATA_QUEUE);
      expect(schedule).toMatchObject({ cron: '15 4 * * 1', timezone: 'UTC' });
      await world.boss.send(DATA_QUEUE, {}); // as the clock does
      await world.until(async () => (await shop.countBehaviours()) === 1);
      expect(await other.countBehaviours()).toBe(3);
      const ended = await ask<{ setRetention: object }>(
        'mutation { setRetention(kind: BEHAVIOURS) { kind } }',
      );
      expect(ended.data.setRetention).toEqual([]);
    },
    PATIENCE_MS,
  );
});
