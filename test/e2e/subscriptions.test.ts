import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

import type { RunRow } from '../../src/store/index.js';
import { type Api, noJobs, startApi } from './api-harness.js';

let api: Api;
const jobs = noJobs();
const clients: Client[] = [];

beforeAll(async () => {
  api = await startApi({ isAuthOn: true, jobs: () => Promise.resolve(jobs) });
});
afterAll(async () => {
  for (const client of clients) await client.dispose();
  await api.close();
});

async function connect(role: 'STUDIO' | 'SHOP' = 'STUDIO', shopKey = 'default'): Promise<Client> {
  const { key } = await api.database.store.apiKeys.create(shopKey, 'test', role);
  return open({ authorization: `Bearer ${key}` });
}

function open(connectionParams?: Record<string, unknown>): Client {
  const client = createClient({
    url: `${api.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams,
    retryAttempts: 0,
  });
  clients.push(client);
  return client;
}

type Answer = {
  data?: Record<string, Record<string, unknown>> | null;
  errors?: readonly { message: string; extensions?: { code?: string } }[];
};

/** Answers as they come; `next` waits for the next one, at most five seconds. */
function subscribe(client: Client, query: string, variables?: Record<string, unknown>) {
  const stream = client.iterate({ query, variables });
  return {
    next: async (): Promise<Answer | null> => {
      const late = new Promise<never>((_, reject) =>
        setTimeout(() => reject(new Error('No answer within 5 s.')), 5000).unref(),
      );
      const { value, done } = (await Promise.race([stream.next(), late])) as IteratorResult<Answer>;
      return done ? null : value;
    },
    end: () => stream.return?.(),
  };
}

const RUN_PROGRESS =
  'subscription ($id: ID!) { runProgress(id: $id) { runId status progress message epoch { model epoch task trainLoss } } }';

describe('runProgress', () => {
  const createRun = (): Promise<RunRow> =>
    api.shop.createRun({ kind: 'SINGLE_TASK', tasks: ['CHURN'], config: {}, seed: 1 });

  test('the state now, each change of this run alone, and the end with the run', async () => {
    const run = await createRun();
    const progress = subscribe(await connect(), RUN_PROGRESS, { id: run.id });
    expect((await progress.next())?.data?.runProgress).toMatchObject({
      runId: run.id,
      status: 'QUEUED',
      progress: 0,
    });
    const event = { shopKey: 'default', runId: run.id, message: 'dense, epoch 1', epoch: null } as const;
    jobs.send({ ...event, runId: 'another', status: 'RUNNING', progress: 0.9 });
    const epoch = { model: 'dense', epoch: 1, task: 'CHURN', trainLoss: 0.6, validationLoss: null } as const;
    jobs.send({ ...event, status: 'RUNNING', progress: 0.5, epoch });
    expect((await progress.next())?.data?.runProgress).toEqual({
      runId: run.id,
      status: 'RUNNING',
      progress: 0.5,
      message: 'dense, epoch 1',
      epoch: { model: 'dense', epoch: 1, task: 'CHURN', trainLoss: 0.6 },
    });
    jobs.send({ ...event, status: 'SUCCEEDED', progress: 1 });
    expect((await progress.next())?.data?.runProgress).toMatchObject({ status: 'SUCCEEDED' });
    expect(await progress.next()).toBeNull();
  });

  test('a run that has ended gives its state and ends', async () => {
    const run = await createRun();
    await api.shop.updateRun(run.id, { status: 'RUNNING' });
    await api.shop.updateRun(run.id, {
      status: 'FAILED',
      error: { code: 'TOO_FEW_DATA', message: 'Too few users.' },
    });
    const progress = subscribe(await connect(), RUN_PROGRESS, { id: run.id });
    expect((await progress.next())?.data?.runProgress).toMatchObject({
      status: 'FAILED',
      message: 'Too few users.',
    });
    expect(await progress.next()).toBeNull();
  });

  test('an unknown run is an error of the contract', async () => {
    const progress = subscribe(await connect(), RUN_PROGRESS, { id: '00000000-0000-4000-8000-000000000000' });
    expect(await progress.next()).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] });
    expect(await progress.next()).toBeNull();
  });
});

describe('monitoringAlerts', () => {
  const ALERTS = 'subscription { monitoringAlerts { id kind severity message value threshold createdAt } }';
  const alert = {
    id: 'a1',
    kind: 'DRIFT',
    severity: 'WARNING',
    message: 'Prices moved.',
    value: 0.3,
    threshold: 0.2,
    createdAt: '2026-01-01T00:00:00.000Z',
  };

  test("only the caller's shop's", async () => {
    const { store } = api.database;
    await store.createShop('other', 'Another shop');
    const alerts = subscribe(await connect('STUDIO', 'default'), ALERTS);
    const first = alerts.next();
    // LISTEN takes effect at some moment after the subscription was sent.
    let isHeard = false;
    void first.then(() => (isHeard = true));
    while (!isHeard) {
      await store.notify('alerts', { shopKey: 'other', alert: { ...alert, id: 'of another shop' } });
      await store.notify('alerts', { shopKey: 'default', alert });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await first)?.data?.monitoringAlerts).toEqual(alert);
    await alerts.end();
  });
});

describe('the same rules as over HTTP', () => {
  const failure = async (client: Client, query: string): Promise<unknown> =>
    subscribe(client, query)
      .next()
      .catch((thrown: unknown) => thrown);

  test('no connection without a key, or with a wrong one', async () => {
    for (const client of [open(), open({ authorization: 'Bearer tandem_wrong' })]) {
      expect(await failure(client, 'subscription { monitoringAlerts { id } }')).toMatchObject({ code: 4403 });
    }
  });

  test('roles, limits and validation', async () => {
    const shop = await connect('SHOP');
    expect(await failure(shop, 'subscription { monitoringAlerts { id } }')).toMatchObject({
      errors: [{ extensions: { code: 'FORBIDDEN' } }],
    });
    const studio = await connect();
    expect(await failure(studio, 'subscription { nothing }')).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT' } },
    ]);
    expect(await failure(studio, 'subscription {')).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT' } },
    ]);
    const aliases = Array.from({ length: 51 }, (_, n) => `a${n}: id`).join(' ');
    expect(await failure(studio, `subscription { monitoringAlerts { ${aliases} } }`)).toMatchObject([
      { extensions: { code: 'LIMIT_EXCEEDED' } },
    ]);
  });

  test('queries answer too', async () => {
    const answer = await subscribe(await connect(), '{ users { totalCount } }').next();
    expect(answer?.data).toEqual({ users: { totalCount: 0 } });
  });

  test('a page of another site may not open a connection', async () => {
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      origin: 'https://evil.example',
    });
    const status = await new Promise((resolve) => {
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode));
      socket.once('open', () => resolve('open'));
      socket.once('error', () => undefined);
    });
    expect(status).toBe(403);
  });
});
