import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';

import { Random } from '../../src/nn/random.js';
import { evaluateBinary } from '../../src/pipeline/evaluate/index.js';
import type { EvaluationRow, MetricValue, RunRow } from '../../src/store/index.js';
import {
  type Api,
  type ApiOptions,
  knownServing,
  noJobs,
  startApi,
  storeSmallShop,
} from '../e2e/api-harness.js';
import { answerInExplorer, openBrowser, openPage, type WatchedPage } from './browser.js';
import { until } from './shop-server.js';

const script = new URL('../../scripts/dashboard.mjs', import.meta.url).href;
const { buildDashboard } = (await import(script)) as { buildDashboard: () => Promise<boolean> };

let browser: Browser;
let api: Api;
let pages: WatchedPage[] = [];

beforeAll(async () => {
  await buildDashboard();
  browser = await openBrowser();
}, 120_000);

afterEach(async () => {
  await Promise.all(pages.map(({ page }) => page.context().close()));
  pages = [];
  await until(async () => (await openConnections()) === 0, 10_000);
  await api.close();
});

afterAll(() => browser?.close());

/** Sockets of browsers that have not gone yet. */
function openConnections(): Promise<number> {
  return new Promise((resolve, reject) => {
    api.app.app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });
}

async function start(options: ApiOptions = {}): Promise<void> {
  api = await startApi(options);
}

async function open(address: string, colorScheme: 'light' | 'dark' = 'light'): Promise<WatchedPage> {
  const watched = await openPage(browser, api.url, colorScheme);
  pages.push(watched);
  await watched.page.goto(api.url + address);
  return watched;
}

async function startRun(kind: RunRow['kind'] = 'MULTI_TASK', seed = 1): Promise<RunRow> {
  const { id } = await api.shop.createRun({ kind, tasks: ['CHURN'], config: {}, seed });
  return api.shop.updateRun(id, { status: 'RUNNING', startedAt: new Date(), progress: 0.25 });
}

const metric = (name: string, value: number, halfWidth: number): MetricValue => ({
  name,
  value,
  low: value - halfWidth,
  high: value + halfWidth,
});

async function storeEvaluations(
  figures: readonly [family: string, value: MetricValue][],
  modelVersionId: string | null = null,
): Promise<void> {
  const run = await startRun('SINGLE_TASK');
  const rows = figures.map(([family, value]): Omit<EvaluationRow, 'id'> => ({
    runId: run.id,
    modelVersionId,
    family,
    architecture: family.toLowerCase(),
    isServed: false,
    task: 'CHURN',
    split: 'TEST',
    protocol: 'Users with an order before 2011-09-10.',
    examples: 1000,
    loss: 0.5,
    metrics: [value],
    confusionMatrix: null,
    curves: {},
  }));
  await api.shop.addEvaluations(rows);
  await api.shop.updateRun(run.id, { status: 'SUCCEEDED', finishedAt: new Date(), progress: 1 });
}

test('a search shows its trials, the best first, and a cross-validation its spread', async () => {
  await start();
  const search = await api.shop.createRun({
    kind: 'SEARCH',
    tasks: ['CHURN'],
    config: { method: 'RANDOM', architecture: 'dense', parameters: [], budget: null, hyperparameters: {} },
    seed: 1,
  });
  for (const [at, value] of [0.6, 0.7].entries()) {
    const claim = { number: at + 1, hyperparameters: { dropout: at / 10 }, rung: 0, budget: null };
    const trial = await api.shop.claimTrial(search.id, () => claim);
    const result = { rung: 0, budget: null, value, threshold: 0.5, metrics: [], seconds: 1 };
    expect(trial && (await api.shop.finishTrial(trial, { status: 'SUCCEEDED', result }))).toBe(true);
  }
  const { page, problems } = await open(`/#/runs/${search.id}`);
  const first = page.getByRole('region', { name: 'Trials' }).locator('tbody tr').first();
  await first.waitFor();
  expect(await first.innerText()).toMatch(/^2\s+Best so far\s+0.7000/);
  expect(await first.getByRole('button', { name: 'Train trial 2' }).isEnabled()).toBe(true);

  const folds = await api.shop.createRun({
    kind: 'CROSS_VALIDATION',
    tasks: ['CHURN'],
    config: { method: 'ROLLING_ORIGIN' },
    seed: 1,
  });
  const row = (fold: number, seed: number): Omit<EvaluationRow, 'id'> => ({
    runId: folds.id,
    modelVersionId: null,
    family: 'SINGLE',
    architecture: 'dense',
    isServed: false,
    task: 'CHURN',
    split: 'TEST',
    protocol: `rolling origin: fold ${fold} of 2`,
    examples: 100,
    loss: 0.5,
    metrics: [metric('AUC', 0.7 + 0.02 * fold + 0.01 * seed, 0.05)],
    confusionMatrix: null,
    curves: {},
    fold,
    seed,
    cut: new Date(Date.UTC(2026, fold, 1)),
  });
  await api.shop.addEvaluations([row(1, 1), row(1, 2), row(2, 1), row(2, 2)]);
  await page.goto(`${api.url}/#/runs/${folds.id}`);
  const panel = page.getByRole('region', { name: 'Cross-validation' });
  await panel.getByText('rolling origin: fold 2 of 2').waitFor();
  expect(await panel.locator('tbody tr').first().innerText()).toMatch(/0.7450\s+0.0141\s+0.0071/);
  expect(problems).toEqual([]);
});

test('a model’s page draws what its tasks share, and says which metrics there cannot be', async () => {
  await start();
  const run = await startRun();
  const gate = (task: string, share: number) => ({
    task,
    sources: [
      { name: 'expert 1', share },
      { name: 'expert 2', share: 1 - share },
    ],
  });
  const sharing = {
    directory: 'net',
    architecture: 'mmoe',
    tasks: ['CHURN', 'FRAUD', 'CUSTOM_GIFTS'],
    gates: [gate('CHURN', 0.9), gate('CUSTOM_GIFTS', 0.25)],
    weights: [
      { task: 'CHURN', weight: 1 },
      { task: 'CUSTOM_GIFTS', weight: 0.5 },
    ],
    affinities: [{ task: 'CHURN', other: 'CUSTOM_GIFTS', cosine: -0.4 }],
  };
  const { id } = await api.shop.createModelVersion({
    runId: run.id,
    contentHash: 'a'.repeat(64),
    tasks: ['CHURN'],
    architecture: 'mmoe',
    dataUntil: new Date('2011-12-09T00:00:00Z'),
    sizeBytes: 1000,
    manifest: { sharing: [sharing] },
  });
  await storeEvaluations(
    [['MULTI', { name: 'AUC', value: Number.NaN, low: Number.NaN, high: Number.NaN }]],
    id,
  );
  const { page, problems } = await open(`/#/versions/${id}`);
  const panel = page.getByRole('region', { name: 'What the tasks share: mmoe' });
  const gates = panel.locator('table.gates tbody tr');
  await gates.nth(1).waitFor();
  expect(await gates.allInnerTexts()).toEqual(['Churn\t90%\t10%', 'Gifts\t25%\t75%']);
  expect(await gates.first().locator('td').first().getAttribute('style')).toContain('0.495');
  await panel.getByText('-0.400').waitFor();
  await page.getByText('AUC: not defined here. AUC cannot be computed from these 1000 examples.').waitFor();
  expect(problems).toEqual([]);
});

test('forms tell what is wrong at its field; a task of the shop’s own is defined and offered', async () => {
  await start();
  const { page, problems } = await open('/#/runs');
  await page.getByText('Tasks of your own').click();
  const define = page.getByRole('form', { name: 'Define task' });
  await define.getByLabel('Name').fill('9 lives');
  await define.getByLabel('View').check();
  await define.getByRole('button', { name: 'Define task' }).click();
  await define
    .locator('[data-field=name] .problem')
    .getByText(/expected 2 to 40 of A-Z/)
    .waitFor();
  await define.getByLabel('Name').fill('looks soon');
  await define.getByRole('button', { name: 'Define task' }).click();
  await page
    .getByText('Probability that a user shows at least 1 behaviours of the type VIEW within 30 days.')
    .waitFor();
  await page.reload();
  await page.getByText('Start a run').click();
  await page.getByLabel('Looks soon').check();
  await page.getByRole('tab', { name: 'Search settings' }).click();
  await page.locator('[data-field=task] select').selectOption('CUSTOM LOOKS_SOON');
  await page.getByLabel('What to try').fill('[1]');
  await page.getByRole('button', { name: 'Start search' }).click();
  await page
    .locator('[data-field=space] .problem')
    .getByText(/expected a JSON object/)
    .waitFor();
  await page.getByLabel('What to try').fill('{"dropout": []}');
  await page.getByRole('button', { name: 'Start search' }).click();
  await page
    .locator('[data-field=space] .problem')
    .getByText(/Expected parameters such as/)
    .waitFor();
  await page.getByRole('tab', { name: 'Cross-validate' }).click();
  await page.getByRole('button', { name: 'Start cross-validation' }).click();
  await page.locator('[data-code=CONFLICT]').waitFor();
  expect(problems).toEqual([]);
});

describe('a shop without a model', () => {
  test('each page says what is missing, and shows the rest', async () => {
    await start();
    await storeSmallShop(api.shop);
    const { page, problems } = await open('/#/users/u3');
    await page.locator('[data-code=NOT_READY]').nth(1).waitFor();
    expect(await page.locator('[data-code=NOT_READY]').count()).toBe(2);
    expect(
      await page.getByRole('region', { name: 'Behaviour, newest first' }).locator('tbody tr').count(),
    ).toBe(4);
    await page.goto(`${api.url}/#/overview`);
    await page.getByText('No model is deployed yet.').waitFor();
    await page.getByText('No finished run has been evaluated yet.').waitFor();
    await page.goto(`${api.url}/#/runs`);
    await page.getByText('No run yet.').waitFor();
    await page.goto(`${api.url}/#/items/i1`);
    await page.locator('[data-code=NOT_READY]').first().waitFor();
    expect(problems).toEqual([]);
  });

  test('an empty shop counts zero and breaks nothing', async () => {
    await start();
    const { page, problems } = await open('/');
    await page.locator('dl.big').waitFor();
    expect(await page.locator('dl.big dd').allInnerTexts()).toEqual(['0', '0', '0']);
    for (const address of ['users', 'items', 'behaviour', 'monitoring']) {
      await page.goto(`${api.url}/#/${address}`);
      await page.locator('section.panel').first().waitFor();
    }
    expect(problems).toEqual([]);
  });
});

describe('lists', () => {
  test('go on page by page, and can be searched', async () => {
    await start();
    await storeSmallShop(api.shop, 60);
    const { page, problems } = await open('/#/users');
    const rows = page.locator('tbody tr');
    const more = page.getByRole('button', { name: 'Show more' });
    await rows.nth(24).waitFor();
    expect(await rows.count()).toBe(25);
    await more.click();
    await rows.nth(49).waitFor();
    await more.click();
    await rows.nth(59).waitFor();
    expect(await more.count()).toBe(0);
    expect(new Set(await rows.locator('th').allInnerTexts()).size).toBe(60);
    await page.getByLabel('Find by id').fill('u59');
    await page.keyboard.press('Enter');
    // The old list stays until the new one is there: wait for the state, not for one of its rows.
    await rows.nth(1).waitFor({ state: 'detached' });
    await rows.first().waitFor();
    expect(await rows.locator('th').allInnerTexts()).toEqual(['u59']);
    await page.getByLabel('Find by id').fill('nobody');
    await page.keyboard.press('Enter');
    await page.getByText('No user matches.').waitFor();
    expect(problems).toEqual([]);
  });

  test('a user with odd characters in the id opens from the list', async () => {
    await start();
    await api.shop.upsertUsers([{ id: 'a/b?c#d %e', attributes: { note: '<b>bold</b>' } }]);
    const { page, problems } = await open('/#/users');
    await page.getByRole('link', { name: 'a/b?c#d %e' }).click();
    await page.getByRole('heading', { name: 'User a/b?c#d %e' }).waitFor();
    await page.getByText('<b>bold</b>').waitFor();
    expect(problems).toEqual([]);
  });
});

describe('quality', () => {
  /** A model's test evaluation from a seed, with labels and scores of 200 users that it was measured on. */
  const measured = async (family: string, seed: number, skill: number): Promise<void> => {
    const run = await startRun('SINGLE_TASK', seed);
    const random = new Random(seed).fork(family);
    const labels = Float32Array.from({ length: 400 }, (_, user) => user % 2);
    const probabilities = labels.map((label) => 1 / (1 + Math.exp(-(skill * label + random.normal()))));
    const report = evaluateBinary({ labels, probabilities, threshold: 0.5, seed: 1 });
    const { id } = await api.shop.createModelVersion({
      runId: run.id,
      contentHash: 'a'.repeat(64),
      tasks: ['CHURN'],
      architecture: family.toLowerCase(),
      dataUntil: new Date('2011-12-09T00:00:00Z'),
      sizeBytes: 1000,
      manifest: {},
    });
    const row = { runId: run.id, modelVersionId: id, family, architecture: family.toLowerCase(), seed };
    const what = {
      task: 'CHURN',
      split: 'TEST',
      protocol: 'Users with an order before 2011-09-10.',
    } as const;
    await api.shop.addEvaluations([{ ...row, ...what, isServed: false, ...report }]);
    const ended = { status: 'SUCCEEDED', finishedAt: new Date(), progress: 1, modelVersionId: id } as const;
    await api.shop.updateRun(run.id, ended);
  };

  test('a seed alone ranks nothing; from two on the paired bootstrap says who is ahead', async () => {
    await start();
    await measured('SINGLE', 1, 2);
    await measured('BASELINE', 1, 0.2);
    const { page, problems } = await open('/');
    const rows = page.locator('[data-task=CHURN] tbody tr');
    await rows.nth(1).waitFor();
    const verdicts = () => rows.locator('td:last-child').allInnerTexts();
    expect(await verdicts()).toEqual(['One seed: not known', 'One seed: not known']);
    await page.getByText('An order, not a ranking').waitFor();
    await measured('SINGLE', 2, 2);
    await measured('BASELINE', 2, 0.2);
    await page.reload();
    await page.locator('[data-ranking=RANKED]').waitFor();
    expect(await verdicts()).toEqual(['Behind', 'Best']);
    expect(await rows.nth(1).locator('td').nth(3).innerText()).toMatch(/^2, mean 0\.\d{3}$/);
    expect(problems).toEqual([]);
  });
});

describe('runs', () => {
  test('progress, epochs and the end arrive without a reload', async () => {
    const jobs = noJobs();
    await start({ jobs: () => Promise.resolve(jobs) });
    const run = await startRun();
    const { page, problems } = await open(`/#/runs/${run.id}`);
    const bar = page.getByRole('progressbar');
    await bar.waitFor();
    await page.getByText('25%').waitFor();
    await jobs.listened();
    const sent = { shopKey: 'default', runId: run.id, status: 'RUNNING' as const, message: 'Epoch 2 of 10' };
    const losses = [0.7, 0.6].map((trainLoss, at) => ({
      model: 'shared-bottom',
      epoch: at + 1,
      task: 'CHURN' as const,
      trainLoss,
      validationLoss: trainLoss + 0.05,
    }));
    for (const epoch of losses) jobs.send({ ...sent, progress: 0.7, epoch });
    await page.getByText('70%').waitFor();
    await page.getByText('Epoch 2 of 10').waitFor();
    await page.locator('.recharts-line-curve').nth(1).waitFor();
    await page.getByText('Figures of every epoch').click();
    const figures = page.locator('details table tbody tr');
    expect(await figures.locator('td:nth-child(3)').allInnerTexts()).toEqual(['0.7000', '0.6000']);
    const error = { code: 'INTERNAL' as const, message: 'The loss became infinite in epoch 3.' };
    await api.shop.updateRun(run.id, { status: 'FAILED', finishedAt: new Date(), error });
    jobs.send({ ...sent, status: 'FAILED', progress: 0.7, epoch: null });
    await page.getByText('The loss became infinite in epoch 3.').first().waitFor();
    await page.locator('[data-status=FAILED]').waitFor();
    expect(await bar.count()).toBe(0);
    expect(problems).toEqual([]);
  });

  test('a run that was started elsewhere shows up by itself', async () => {
    await start();
    const { page, problems } = await open('/#/runs');
    await page.getByText('No run yet.').waitFor();
    await startRun();
    await page.locator('[data-status=RUNNING]').waitFor();
    expect(problems).toEqual([]);
  });
});

describe('what goes wrong is explained', () => {
  test('CONFLICT: a run of the kind is under way', async () => {
    await start();
    const { page } = await open('/#/runs');
    await page.getByText('Start a run').click();
    await page.getByRole('button', { name: 'Start training' }).click();
    const note = page.locator('[data-code=CONFLICT]');
    await note.getByText('A run of this kind is under way.').waitFor();
    await note.getByText('This cannot be done right now.').waitFor();
  });

  test('INTERNAL: with the id that the log has', async () => {
    const broken = { ...knownServing([]), rankItems: () => Promise.reject(new Error('secret detail')) };
    await start({ serving: () => broken });
    await storeSmallShop(api.shop, 5);
    const { page } = await open('/#/users/u1');
    const note = page.locator('[data-code=INTERNAL]').first();
    await note.waitFor();
    const shown = await note.innerText();
    const [id = 'none'] = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(shown) ?? [];
    expect(api.logged.some((line) => line.includes(id))).toBe(true);
    expect(shown).not.toContain('secret detail');
  });

  test('UNREACHABLE: the server went away, and is asked again', async () => {
    await start();
    await storeSmallShop(api.shop, 5);
    const { page } = await open('/#/users');
    await page.locator('tbody tr').first().waitFor();
    await page.route('**/graphql', (route) => route.abort());
    await page.getByRole('link', { name: 'u1', exact: true }).click();
    await page.locator('[data-code=UNREACHABLE]').waitFor();
    await page.unroute('**/graphql');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('Behaviour, newest first').waitFor();
  });

  test('UNAUTHENTICATED: a key is asked for, a wrong one refused, the right one kept for the tab', async () => {
    await start({ isAuthOn: true });
    await storeSmallShop(api.shop, 5);
    const { key } = await api.database.store.apiKeys.create('default', 'test', 'ADMIN');
    const { page } = await open('/#/users');
    await page.getByLabel('API key').fill(randomUUID());
    await page.keyboard.press('Enter');
    await page.getByText('The key is unknown or was revoked.').waitFor();
    await page.getByLabel('API key').fill(key);
    await page.keyboard.press('Enter');
    await page.locator('tbody tr').first().waitFor();
    await page.reload();
    await page.locator('tbody tr').first().waitFor();
  });
});

describe('monitoring', () => {
  test('an alert shows as it is raised', async () => {
    await start();
    const { page, problems } = await open('/#/monitoring');
    await page.getByText('No alert in this time.').waitFor();
    const alert = await api.shop.addAlert({
      kind: 'DRIFT',
      severity: 'CRITICAL',
      message: 'Order values drifted.',
      value: 0.4,
      threshold: 0.2,
    });
    const payload = { ...alert, createdAt: alert.createdAt.toISOString() };
    await api.database.store.notify('alerts', { shopKey: 'default', alert: payload });
    await page.getByText('Order values drifted.').waitFor();
    await page.getByText('Critical').waitFor();
    expect(problems).toEqual([]);
  });
});

describe('explorer', () => {
  test('starts with the first query of the README and answers it, from files of our own alone', async () => {
    await start({ serving: () => knownServing(['i1', 'i2', 'i3']) });
    await storeSmallShop(api.shop, 5);
    await api.shop.upsertUsers([{ id: '14911' }]);
    await api.shop.upsertItems([{ id: '85123A', title: 'White hanging heart' }]);
    const watched = await open('/explorer');
    const answer = await answerInExplorer(watched, '"purchaseIntent"');
    expect(answer).not.toContain('"errors"');
    expect(answer).toContain('"recommendations":[{"rank":1');
    expect(watched.problems).toEqual([]);
  });

  test('takes a query from its address, and subscriptions over the socket', async () => {
    const jobs = noJobs();
    await start({ jobs: () => Promise.resolve(jobs) });
    const run = await startRun();
    const query = `subscription { runProgress(id: "${run.id}") { status progress } }`;
    const watched = await open(`/explorer?query=${encodeURIComponent(query)}`);
    expect(await answerInExplorer(watched, '"runProgress"')).toContain('"progress":0.25');
    jobs.send({
      shopKey: 'default',
      runId: run.id,
      status: 'RUNNING',
      progress: 0.5,
      message: '',
      epoch: null,
    });
    await watched.page.locator('.result-window').getByText('0.5').first().waitFor();
    expect(watched.problems).toEqual([]);
  });
});
