import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';

import { createJobs } from '../../src/jobs/index.js';
import { type Api, startApi } from '../e2e/api-harness.js';
import { type RunningProcess, startProcess, stopProcess } from '../support/processes.js';
import { openBrowser, openPage, type WatchedPage } from './browser.js';
import { until } from './shop-server.js';

const script = new URL('../../scripts/dashboard.mjs', import.meta.url).href;
const { buildDashboard } = (await import(script)) as { buildDashboard: () => Promise<boolean> };
const PATIENCE_MS = 120_000;

let browser: Browser;
let api: Api;
let worker: RunningProcess;
let watched: WatchedPage;
beforeAll(async () => {
  await buildDashboard();
  api = await startApi({ jobs: ({ url, store }) => createJobs({ databaseUrl: url, store }) });
  worker = startProcess('worker', [], {
    env: { DATABASE_URL: api.database.url, TANDEM_DATA: api.dataDir, LOG_LEVEL: 'warn' },
  });
  browser = await openBrowser();
  watched = await openPage(browser, api.url);
}, PATIENCE_MS);
afterAll(async () => {
  await watched.page.context().close();
  await browser.close();
  await stopProcess(worker);
  await api.close();
}, PATIENCE_MS);

test(
  'a file is looked at, mapped and imported; a row that was not understood is mended; rows are kept for so long',
  async () => {
    const { page, problems } = watched;
    await page.goto(`${api.url}/#/data`);
    await page.getByText('No row waits.').waitFor();
    await page.getByText('Import a file').click();
    const lines = ['who,product,when', 'ann,lamp,2026-01-30', 'ben,lamp,soon', 'cid,vase,2026-01-31'];
    await page.locator('input[type=file]').setInputFiles({
      name: 'visits.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(lines.join('\n')),
    });
    await page.getByRole('button', { name: 'Look at it' }).click();
    // A product and no user that could be told: the guess is items, and wrong.
    await page.getByLabel('itemId (needed)').waitFor();
    expect(await page.getByLabel('Lines are').inputValue()).toBe('ITEMS');
    await page.getByLabel('Lines are').selectOption('BEHAVIOURS');
    await page.getByText('Choose a column for userId, occurredAt.').waitFor();
    expect(await page.getByRole('combobox', { name: 'itemId', exact: true }).inputValue()).toBe('product');
    await page.getByLabel('userId (needed)').selectOption('who');
    await page.getByLabel('occurredAt (needed)').selectOption('when');
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.locator('[data-status=SUCCEEDED]').waitFor({ timeout: PATIENCE_MS });
    await page.getByText('3 lines = 2 kept + 0 left out + 1 not understood').waitFor();
    expect(await api.shop.countBehaviours()).toBe(2);

    const summary = page.getByText('visits.csv, line 3', { exact: true });
    await summary.waitFor();
    await summary.click();
    const row = page.getByLabel('The row from visits.csv, line 3, as JSON');
    expect(JSON.parse(await row.inputValue())).toEqual({ who: 'ben', product: 'lamp', when: 'soon' });
    const replay = page.getByRole('button', { name: 'Mend and replay the row from visits.csv, line 3' });
    await row.fill('{"who": "ben"');
    await replay.click();
    await page.getByText('This is no JSON object.').waitFor();
    await row.fill('{"who": "ben", "product": "lamp", "when": "2026-02-01"}');
    await replay.click();
    await page.getByText('No row waits.').waitFor();
    expect(await api.shop.countBehaviours()).toBe(3);

    await page.getByLabel('Days that behaviours are kept').fill('3650');
    await page.getByLabel('Archive behaviours to Parquet first').check();
    await page.getByRole('button', { name: 'Save for behaviours' }).click();
    await page.getByRole('button', { name: 'Apply now' }).waitFor();
    expect(await api.shop.retentionPolicies()).toEqual([
      { kind: 'BEHAVIOURS', keepDays: 3650, isArchived: true },
    ]);
    await page.getByRole('button', { name: 'Apply now' }).click();
    await until(
      async () => (await api.shop.countDataJobs({ kinds: ['RETENTION'], statuses: ['SUCCEEDED'] })) === 1,
      PATIENCE_MS,
    );
    await page
      .getByRole('row', { name: /Retention/ })
      .locator('[data-status=SUCCEEDED]')
      .waitFor();

    await page.getByLabel('Address of the catalogue').fill('https://catalogue.example/');
    await page.getByLabel('Minutes between two, or a cron expression (UTC)').fill('0 5 1 1 *');
    await page.getByRole('button', { name: 'Set', exact: true }).click();
    await page.getByRole('button', { name: 'Pause https://catalogue.example' }).click();
    await page.getByText('Paused').waitFor();
    await page.getByRole('button', { name: 'Resume https://catalogue.example' }).click();
    await page.getByRole('button', { name: 'Pause https://catalogue.example' }).waitFor();
    await page.getByRole('button', { name: 'Remove the schedule of https://catalogue.example' }).click();
    await page.getByText('Nothing comes by the clock yet.').waitFor();
    expect(problems).toEqual([]);
  },
  2 * PATIENCE_MS,
);
