import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Client, createClient } from 'graphql-ws';
import type { PgBoss } from 'pg-boss';
import { WebSocket } from 'ws';

import { createJobs, type Jobs, waitForRun } from '../../../src/jobs/index.js';
import { CHECK_QUEUE, openQueue, requestCheck } from '../../../src/jobs/queue.js';
import { DAY_MS } from '../../../src/pipeline/index.js';
import { type RunningProcess, startProcess, stopProcess, until } from '../../support/processes.js';
import { shopWithTastes, TASTE_START } from '../../support/shop-with-tastes.js';
import { storeHistory } from '../../support/stored-history.js';
import { type Api, startApi } from '../api-harness.js';

const PATIENCE_MS = 240_000;
const TRAINED_UNTIL = TASTE_START + 160 * DAY_MS;
const tastes = shopWithTastes({ users: 210, items: 40, groups: 4, days: 230, seed: 4 });
/** After the training everybody buys by the hundred. */
const history = {
  ...tastes,
  behaviours: {
    ...tastes.behaviours,
    quantity: tastes.behaviours.quantity.map((quantity, row) =>
      tastes.behaviours.occurredAt[row] > TRAINED_UNTIL ? 100 * quantity : quantity,
    ),
  },
};

let api: Api;
let jobs: Jobs;
let boss: PgBoss;
let worker: RunningProcess;
let client: Client;
let directory: string;
beforeAll(async () => {
  api = await startApi();
  const { database } = api;
  directory = await mkdtemp(join(tmpdir(), 'tandem-checks-'));
  const { user, occurredAt } = history.behaviours;
  // One in three stays away towards the end, so that there is something to judge.
  await storeHistory(
    database.shop,
    history,
    (row) => user[row] % 3 > 0 || occurredAt[row] < TASTE_START + 185 * DAY_MS,
  );
  await database.store.createShop('empty', 'Empty');
  jobs = await createJobs({ databaseUrl: database.url, store: database.store });
  boss = await openQueue(database.url, () => undefined);
  worker = startProcess('worker', [], {
    env: { DATABASE_URL: database.url, TANDEM_DATA: directory, TANDEM_CHECK_SCHEDULE: '15 4 * * 1' },
  });
  client = createClient({
    url: `${api.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
}, PATIENCE_MS);
afterAll(async () => {
  await client.dispose();
  await stopProcess(worker);
  await boss.stop({ graceful: false });
  await jobs.close();
  await api.close();
  await rm(directory, { recursive: true, force: true });
}, PATIENCE_MS);

test(
  'workers look at every shop by the clock, keep what they found and tell who listens',
  async () => {
    const run = await jobs.startTraining('default', {
      kind: 'SINGLE_TASK',
      tasks: ['PURCHASE_INTENT'],
      architecture: 'logistic-regression',
      hyperparameters: { epochs: 1 },
      cut: new Date(TRAINED_UNTIL),
      deploy: true,
    });
    const ended = await waitForRun(api.shop, run.id);
    expect({ ...ended, error: ended.error?.message ?? null }).toMatchObject({
      status: 'SUCCEEDED',
      error: null,
    });

    const [schedule] = await boss.getSchedules(CHECK_QUEUE);
    expect(schedule).toMatchObject({ cron: '15 4 * * 1', timezone: 'UTC' });

    const told = client.iterate({
      query: 'subscription { monitoringAlerts { kind severity message value } }',
    });
    const first = told.next();
    // A subscription counts from when the server has it: what is raised before is not told.
    await until(async () => (await api.database.store.isHeld('worker')) === true, PATIENCE_MS);
    await requestCheck(boss, {}); // as the clock does
    await until(
      async () => (await api.shop.shopChecks(1)).length > 0,
      PATIENCE_MS,
      () => worker.output.stderr,
    );
    const [check] = await api.shop.shopChecks(1);
    expect(check.asOf.getTime()).toBe(((await api.shop.latestBehaviourAt())?.getTime() ?? 0) + 1);
    const found = check.result as unknown as {
      drift: { entity: string; psi: number }[];
      live: { task: string; examples: number; metrics: { name: string; value: number }[] }[];
      alerts: { kind: string; message: string }[];
    };
    expect(found.drift[0].psi).toBeGreaterThan(1);
    expect(found.live).toEqual([expect.objectContaining({ task: 'PURCHASE_INTENT' })]);
    expect(found.live[0].examples).toBeGreaterThan(100);
    expect(found.alerts.map(({ kind }) => kind)).toContain('DRIFT');

    const { value } = (await first) as { value: { data: { monitoringAlerts: Record<string, unknown> } } };
    expect(found.alerts.map(({ message }) => message)).toContain(value.data.monitoringAlerts.message);
    const now = Date.now();
    const stored = await api.shop.alerts(new Date(now - DAY_MS), new Date(now + DAY_MS));
    expect(stored.map(({ kind }) => kind)).toContain('DRIFT');
    // A shop without a model in service is passed over.
    expect(await (await api.database.store.forShop('empty')).shopChecks(1)).toEqual([]);
    await told.return?.();
  },
  PATIENCE_MS,
);
