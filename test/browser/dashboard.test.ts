import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';

import { answerInExplorer, openBrowser, openPage, type WatchedPage } from './browser.js';
import { type ShopServer, startShopServer } from './shop-server.js';

const script = new URL('../../scripts/dashboard.mjs', import.meta.url).href;
const { buildDashboard } = (await import(script)) as { buildDashboard: () => Promise<boolean> };

/** Customers of the sample that the shop of this test has: 14911, whom the README asks about, and one in eight of the others. */
const isChosen = (customerId: number): boolean => customerId % 8 === 14911 % 8;
const USER = '14911';
const ITEM = '85123A';
/** From an empty model store to a deployed ensemble, on a busy machine. */
const TRAINING_MS = 480_000;

let server: ShopServer;
let browser: Browser;
let overview: WatchedPage;

/** Text of a cell as a number; the dashboard writes it in the browser's locale, en-GB here. */
const asNumber = (shown: string): number => Number(shown.replace(/,/g, ''));

async function open(address: string, colorScheme: 'light' | 'dark' = 'light'): Promise<WatchedPage> {
  const watched = await openPage(browser, server.url, colorScheme);
  await watched.page.goto(server.url + address);
  return watched;
}

async function close({ page, problems }: WatchedPage): Promise<void> {
  await page.context().close();
  expect(problems).toEqual([]);
}

async function cells(page: Page, row: string): Promise<string[]> {
  return page.locator(`${row} > *`).allInnerTexts();
}

beforeAll(async () => {
  await buildDashboard();
  browser = await openBrowser();
  server = await startShopServer(isChosen);
  // Open from the first second on: what follows must show up without a reload.
  overview = await open('/');
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
}, 60_000);

describe('a new shop', () => {
  test('shows what it holds, and its first training as it goes on', async () => {
    const { page } = overview;
    const shop = await server.ask<{ users: { totalCount: number }; items: { totalCount: number } }>(
      '{ users(first: 1) { totalCount } items(first: 1) { totalCount } }',
    );
    await page.getByText('Latest behaviour').waitFor();
    const facts = await page.locator('dl.facts.big').first().innerText();
    expect(facts).toContain(shop.users.totalCount.toLocaleString('en-GB'));
    expect(facts).toContain(shop.items.totalCount.toLocaleString('en-GB'));
    await page.getByRole('progressbar').first().waitFor({ timeout: 60_000 });
  }, 90_000);

  test(
    'shows how good each model is as soon as that is known',
    async () => {
      const { page } = overview;
      await page.locator('[data-task=PURCHASE_INTENT] tbody tr').nth(2).waitFor({ timeout: TRAINING_MS });
      await page
        .locator('[data-task=PURCHASE_INTENT] .status.good')
        .first()
        .waitFor({ timeout: TRAINING_MS });
      const answer = await server.ask<{
        trainingRuns: { edges: { node: { evaluations: Evaluation[] } }[] };
      }>(
        '{ trainingRuns(first: 20) { edges { node { evaluations { task split family metrics { name value low high } } } } } }',
      );
      const known = answer.trainingRuns.edges.flatMap(({ node }) => node.evaluations);
      for (const task of ['PURCHASE_INTENT', 'CHURN', 'RECOMMENDATION', 'DEMAND', 'FRAUD']) {
        const rows = page.locator(`[data-task=${task}] tbody tr`);
        expect(await rows.count()).toBeGreaterThanOrEqual(2);
        for (const row of await rows.all()) {
          const [, value = '', interval = ''] = await row.locator('> *').allInnerTexts();
          const [low = '', high = ''] = interval.split(' – ');
          expect(asNumber(low)).toBeLessThanOrEqual(asNumber(value));
          expect(asNumber(value)).toBeLessThanOrEqual(asNumber(high));
          const figures = known
            .filter((evaluation) => evaluation.task === task && evaluation.split === 'TEST')
            .flatMap(({ metrics }) => metrics.map((metric) => metric.value.toFixed(3)));
          expect(figures).toContain(value);
        }
      }
      expect(overview.problems).toEqual([]);
    },
    TRAINING_MS + 60_000,
  );
});

interface Evaluation {
  task: string;
  split: string;
  family: string;
  metrics: { name: string; value: number; low: number; high: number }[];
}

describe('users and items', () => {
  test('a user is found by id and shows predictions with their reasons, recommendations and behaviour', async () => {
    const watched = await open('/#/users');
    const { page } = watched;
    await page.getByLabel('Find by id').fill(USER);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: USER, exact: true }).click();
    for (const name of ['purchaseIntent', 'churn']) {
      const card = page.locator(`[data-prediction=${name}]`);
      await card.waitFor();
      expect(await card.locator('.large').innerText()).toMatch(/^([<>] )?\d+(\.\d+)?%$/);
      expect(await card.locator('tbody tr').count()).toBeGreaterThan(0);
    }
    const recommended = page.getByRole('region', { name: 'Recommendations' }).locator('tbody tr');
    await recommended.first().waitFor();
    expect(await recommended.count()).toBe(10);
    const [rank, title, , , reason] = await recommended.first().locator('> *').allInnerTexts();
    expect(rank).toBe('1');
    expect(title).not.toBe('');
    expect(reason).not.toBe('');
    await page.getByRole('region', { name: 'Behaviour, newest first' }).locator('tbody tr').first().waitFor();
    await close(watched);
  });

  test('an unknown user is said to be unknown', async () => {
    const watched = await open('/#/users/nobody');
    await watched.page.getByText('There is no user with this id.').waitFor();
    await close(watched);
  });

  test('an item shows its demand forecast and what is like it', async () => {
    const watched = await open(`/#/items/${ITEM}`);
    const { page } = watched;
    await page.getByText(/units expected in the next 14 days/).waitFor();
    await page.locator('.recharts-area-area').first().waitFor();
    const similar = page.getByRole('region', { name: 'Similar items' }).locator('tbody tr');
    await similar.first().waitFor();
    await page.getByLabel('Days ahead').selectOption('7');
    await page.getByText(/units expected in the next 7 days/).waitFor();
    await close(watched);
  });
});

describe('analytics and monitoring', () => {
  test('funnel, cohorts, segments and top items come from the shop', async () => {
    const watched = await open('/#/behaviour');
    const { page } = watched;
    await page.locator('table.cohorts tbody tr').first().waitFor();
    const [, users = '', first] = await cells(page, 'table.cohorts tbody tr:first-child');
    expect(asNumber(users)).toBeGreaterThan(0);
    expect(first).toBe('100%');
    for (const name of ['Funnel', 'Top items', 'Segments by recency, frequency and money']) {
      expect(await page.getByRole('region', { name }).locator('tbody tr').count()).toBeGreaterThan(0);
    }
    await close(watched);
  });

  test('monitoring shows the latency of what was asked just now', async () => {
    const watched = await open('/#/monitoring', 'dark');
    await watched.page.getByRole('region', { name: 'Latency' }).getByText('Overview').waitFor();
    await close(watched);
  });
});

describe('runs and model versions', () => {
  test('a run started here shows its progress, its losses, and can be cancelled', async () => {
    const watched = await open('/#/runs');
    const { page } = watched;
    await page.getByText('Start a run').click();
    await page.getByLabel('Kind').selectOption('MULTI_TASK');
    await page.getByRole('button', { name: 'Start training' }).click();
    const newest = page.locator('table tbody tr').first();
    await newest.getByRole('progressbar').waitFor({ timeout: 60_000 });
    await newest.getByRole('link').first().click();
    await page.locator('.recharts-line-curve').first().waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('[data-status=CANCELLED]').waitFor({ timeout: 60_000 });
    await close(watched);
  }, 180_000);

  test('two runs of a kind at once are refused with the reason', async () => {
    const { startTraining } = await server.ask<{ startTraining: { id: string } }>(
      'mutation { startTraining(input: { kind: MULTI_TASK }) { id } }',
    );
    const watched = await open('/#/runs');
    const { page } = watched;
    await page.getByText('Start a run').click();
    await page.getByLabel('Kind').selectOption('MULTI_TASK');
    await page.getByRole('button', { name: 'Start training' }).click();
    await page.locator('[data-code=CONFLICT]').waitFor();
    await server.ask('mutation ($id: ID!) { cancelRun(id: $id) { id } }', { id: startTraining.id });
    await close(watched);
  });

  test('a version shows its confusion matrix and curves; roll-back asks first', async () => {
    const { deployment } = await server.ask<{ deployment: { modelVersion: { id: string } } }>(
      '{ deployment { modelVersion { id } } }',
    );
    const watched = await open(`/#/versions/${deployment.modelVersion.id}`);
    const { page } = watched;
    await page.locator('table.matrix td').first().waitFor();
    const counts = await page.locator('table.matrix td').allInnerTexts();
    const examples = counts
      .map((cell) => asNumber(cell.split('\n')[0] ?? ''))
      .reduce((sum, count) => sum + count, 0);
    expect(examples).toBeGreaterThan(0);
    expect(await page.getByText(/ examples$/).innerText()).toContain(examples.toLocaleString('en-GB'));
    for (const name of ['Precision and recall', 'Calibration', 'Lift', 'ROC']) {
      await page.getByRole('tab', { name }).click();
      await page.locator('.recharts-line-curve').first().waitFor();
    }
    let question = '';
    page.once('dialog', (dialog) => {
      question = dialog.message();
      void dialog.dismiss();
    });
    await page.getByRole('button', { name: 'Roll back' }).click();
    expect(question).toContain('go back');
    await close(watched);
  });
});

describe('explorer', () => {
  test('answers the first query of the README, offline', async () => {
    const watched = await open('/explorer');
    expect(await answerInExplorer(watched, '"purchaseIntent"')).not.toContain('"errors"');
    await close(watched);
  });
});

describe('keyboard', () => {
  test('the first tab stop leads past the navigation, and every page can be reached', async () => {
    const watched = await open('/');
    const { page } = watched;
    await page.getByText('Latest behaviour').waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('main');
    for (const name of ['Training runs', 'Users', 'Items', 'Behaviour', 'Monitoring', 'Overview']) {
      await page.getByRole('link', { name, exact: true }).focus();
      await page.keyboard.press('Enter');
      await page.locator('h1').waitFor();
      expect(await page.title()).toContain('Tandem');
    }
    await close(watched);
  });
});
