import { request } from 'node:http';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { createApp } from '../../src/api/index.js';
import { AppError } from '../../src/errors.js';
import {
  type Api,
  noJobs,
  noServing,
  silentLog,
  startApi,
  storeModelVersion,
  storeSmallShop,
} from './api-harness.js';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';
let api: Api;

beforeAll(async () => {
  api = await startApi({
    // A store whose reads of alerts fail with what must never reach a caller.
    wrapStore: (store) => ({
      ...store,
      forShop: async (key) => ({
        ...(await store.forShop(key)),
        alerts: () =>
          Promise.reject(new Error('relation "alerts" does not exist: SELECT secret FROM alerts')),
      }),
    }),
  });
  await storeSmallShop(api.shop, 5, 5);
});
afterAll(() => api.close());

const codeOf = async (query: string, variables?: Record<string, unknown>) => {
  const { errors } = await api.ask(query, variables);
  return errors?.[0].extensions.code;
};

describe('codes of the contract', () => {
  const range = '{ from: "2011-02-01T00:00:00Z", to: "2011-01-01T00:00:00Z" }';
  test.each([
    ['a syntax error', '{ users(', 'BAD_USER_INPUT'],
    ['an unknown field', '{ user(id: 1) { shoeSize } }', 'BAD_USER_INPUT'],
    ['a wrong type', '{ users(first: "ten") { totalCount } }', 'BAD_USER_INPUT'],
    ['a page of no rows', '{ users(first: 0) { totalCount } }', 'BAD_USER_INPUT'],
    ['a page too large', '{ users(first: 101) { totalCount } }', 'LIMIT_EXCEEDED'],
    ['a cursor that is none', '{ users(after: "nonsense") { totalCount } }', 'BAD_USER_INPUT'],
    ['a range backwards', `{ behaviourAnalytics(range: ${range}) { funnel { type } } }`, 'BAD_USER_INPUT'],
    ['a time that is none', '{ behaviours(filter: { from: "yesterday" }) { totalCount } }', 'BAD_USER_INPUT'],
    ['a price that is none', '{ items(filter: { minPrice: "cheap" }) { totalCount } }', 'BAD_USER_INPUT'],
    ['a horizon of no days', '{ demandForecast(itemId: "i1", horizonDays: 0) { total } }', 'BAD_USER_INPUT'],
    ['demand of an unknown item', '{ demandForecast(itemId: "nothing") { total } }', 'NOT_FOUND'],
    ['a missing model', '{ demandForecast(itemId: "i1") { total } }', 'NOT_READY'],
    ['a user without a model', '{ user(id: "u1") { predictions { churn { label } } } }', 'NOT_READY'],
    ['an unknown version to deploy', `mutation { deployModel(id: "${UNKNOWN}") { id } }`, 'NOT_FOUND'],
    ['an id of another form', 'mutation { deployModel(id: "42") { id } }', 'NOT_FOUND'],
    ['a rollback of nothing', 'mutation { rollbackDeployment { id } }', 'CONFLICT'],
    [
      'unknown versions to compare',
      `{ compareModels(ids: ["${UNKNOWN}"]) { tasks { metric } } }`,
      'NOT_FOUND',
    ],
    ['no version to compare', '{ compareModels(ids: []) { tasks { metric } } }', 'BAD_USER_INPUT'],
    [
      'an ensemble of one',
      `mutation { startEnsemble(input: { members: ["${UNKNOWN}"], method: VOTING }) { id } }`,
      'BAD_USER_INPUT',
    ],
    [
      'an ensemble of the unknown',
      `mutation { startEnsemble(input: { members: ["${UNKNOWN}", "42"], method: VOTING }) { id } }`,
      'NOT_FOUND',
    ],
    [
      'a kind that is started otherwise',
      'mutation { startTraining(input: { kind: ENSEMBLE }) { id } }',
      'BAD_USER_INPUT',
    ],
    [
      'hyper-parameters that are no object',
      'mutation { startTraining(input: { kind: SINGLE_TASK, hyperparameters: [1] }) { id } }',
      'BAD_USER_INPUT',
    ],
    [
      'a weight of nothing',
      'mutation { startTraining(input: { kind: MULTI_TASK, lossBalancing: { method: "FIXED", weights: [{ task: CHURN, weight: 0 }] } }) { id } }',
      'BAD_USER_INPUT',
    ],
    [
      'a search without values',
      'mutation { startSearch(input: { task: CHURN, space: { learningRate: [] } }) { id } }',
      'BAD_USER_INPUT',
    ],
    ['a second run of a kind', 'mutation { startTraining(input: { kind: SINGLE_TASK }) { id } }', 'CONFLICT'],
    ['an unknown person to erase', 'mutation { eraseUser(id: "nobody") { id } }', 'NOT_FOUND'],
  ])('%s', async (_what, query, code) => {
    expect(await codeOf(query)).toBe(code);
  });

  test('a deployment of a share that is none, or of a part with nothing for the rest', async () => {
    const id = await storeModelVersion(api.shop);
    expect(await codeOf('mutation ($id: ID!) { deployModel(id: $id, trafficShare: 0) { id } }', { id })).toBe(
      'BAD_USER_INPUT',
    );
    expect(
      await codeOf('mutation ($id: ID!) { deployModel(id: $id, trafficShare: 0.5) { id } }', { id }),
    ).toBe('CONFLICT');
  });

  test('unknown ids of single things are null, not errors', async () => {
    const { data, errors } = await api.ask(
      `{ item(id: "x") { id } trainingRun(id: "x") { id } modelVersion(id: "${UNKNOWN}") { id } deployment { id } }`,
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({ item: null, trainingRun: null, modelVersion: null, deployment: null });
  });
});

describe('what goes wrong inside stays inside', () => {
  test('an id goes out, and the log has what happened under it', async () => {
    const range = { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' };
    const { errors } = await api.ask(
      'query ($range: DateRange!) { monitoring(range: $range) { alerts { id } } }',
      { range },
    );
    const [error] = errors ?? [];
    expect(error.extensions.code).toBe('INTERNAL');
    const sent = JSON.stringify(errors);
    for (const secret of ['SELECT', 'relation', 'secret', 'stack', ' at '])
      expect(sent).not.toContain(secret);
    const line = api.logged.find((logged) => logged.includes(String(error.extensions.id)));
    expect(line).toContain('SELECT secret FROM alerts');
  });
});

describe('limits', () => {
  const nested = (levels: number): string =>
    levels === 0
      ? 'totalCount'
      : `edges { node { user { behaviours(first: 1) { ${nested(levels - 1)} } } } }`;

  test.each([
    ['depth', `{ behaviours(first: 1) { ${nested(5)} } }`, /Depth/],
    [
      'cost',
      '{ users(first: 100) { edges { node { behaviours(first: 100) { edges { node { item { title } user { id } } } } } } } }',
      /Cost/,
    ],
    [
      'aliases',
      `{ ${Array.from({ length: 51 }, (_, n) => `a${n}: deployment { id }`).join(' ')} }`,
      /aliases/,
    ],
    ['tokens', `{ ${'deployment { id } '.repeat(1100)} }`, /tokens/],
    [
      'fragments that spread each other twice',
      `{ ...f0 } ${Array.from({ length: 40 }, (_, n) => `fragment f${n} on Query { ...f${n + 1} ...f${n + 1} }`).join(' ')} fragment f40 on Query { deployment { id } }`,
      /nodes|Cost/,
    ],
  ])('%s', async (_what, query, message) => {
    const started = Date.now();
    const { errors } = await api.ask(query);
    expect(errors?.[0].extensions.code).toBe('LIMIT_EXCEEDED');
    expect(errors?.[0].message).toMatch(message);
    expect(Date.now() - started).toBeLessThan(2000);
  });

  test('the cost goes along with each answer, and grows with the page', async () => {
    const cost = async (first: number) =>
      (await api.ask(`{ users(first: ${first}) { edges { node { id } } } }`)).extensions.cost;
    const [ten, twenty] = [await cost(10), await cost(20)];
    expect(twenty.requested - 1).toBe(2 * (ten.requested - 1));
    expect(ten.limit).toBe(20_000);
  });

  test('rows of a mutation', async () => {
    const input = Array.from({ length: 10_001 }, (_, n) => ({ id: `x${n}` }));
    expect(
      await codeOf('mutation ($input: [UserInput!]!) { upsertUsers(input: $input) { accepted } }', { input }),
    ).toBe('LIMIT_EXCEEDED');
  });

  const post = async (
    body: string,
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ) => {
    const response = await fetch(`${api.url}/graphql`, { method: 'POST', headers, body });
    return {
      status: response.status,
      body: (await response.json()) as { errors: { extensions: { code: string } }[] },
    };
  };

  test('size of a body', async () => {
    const { status, body } = await post(`{"query":"${'x'.repeat(17 << 20)}"}`);
    expect([status, body.errors[0].extensions.code]).toEqual([413, 'LIMIT_EXCEEDED']);
  });

  test('several operations in one request', async () => {
    const { status, body } = await post('[{"query":"{ deployment { id } }"}]');
    expect([status, body.errors[0].extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
  });

  test('a body that is no JSON', async () => {
    const { status, body } = await post('{"query"');
    expect([status, body.errors[0].extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
  });

  test('a request that a page of another site could send (CSRF)', async () => {
    const { status } = await post('{"query":"mutation { rollbackDeployment { id } }"}', {
      'content-type': 'text/plain',
    });
    expect([400, 415]).toContain(status);
  });

  test('a name of somebody else that points here (DNS rebinding)', async () => {
    const { port } = new URL(api.url);
    const status = await new Promise((resolve, reject) => {
      const sent = request(
        { port, host: '127.0.0.1', path: '/health/live', headers: { host: 'evil.example' } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      sent.once('error', reject);
      sent.end();
    });
    expect(status).toBe(403);
  });
});

describe('batches', () => {
  test('valid rows are stored, each refused one comes back with its index and reason', async () => {
    const row = {
      eventId: 'b1',
      userId: 'u1',
      itemId: 'i1',
      type: 'VIEW',
      occurredAt: '2011-12-01T10:00:00Z',
    };
    const input = [
      row,
      { ...row, eventId: 'b2', occurredAt: 'soon' },
      { ...row, eventId: 'b3', value: 'much' },
      { ...row, eventId: 'b4', quantity: -1 },
      row,
      { ...row, eventId: 'b5', userId: 'a new user', itemId: null },
    ];
    const { data, errors } = await api.ask<{
      recordBehaviours: { accepted: number; errors: { index: number; code: string; message: string }[] };
    }>(
      'mutation ($input: [BehaviourInput!]!) { recordBehaviours(input: $input) { accepted duplicates rejected errors { index code message } } }',
      { input },
    );
    expect(errors).toBeUndefined();
    expect(data.recordBehaviours).toMatchObject({ accepted: 2, duplicates: 1, rejected: 3 });
    expect(data.recordBehaviours.errors.map(({ index, code }) => [index, code])).toEqual([
      [1, 'BAD_USER_INPUT'],
      [2, 'BAD_USER_INPUT'],
      [3, 'BAD_USER_INPUT'],
    ]);
    expect(data.recordBehaviours.errors[1].message).toContain('much');
    const stored = await api.ask<{ user: { behaviours: { totalCount: number } } }>(
      '{ user(id: "a new user") { behaviours { totalCount } } }',
    );
    expect(stored.data.user.behaviours.totalCount).toBe(1);
  });
});

test('a port in use says so', async () => {
  const config = {
    host: '127.0.0.1',
    port: Number(new URL(api.url).port),
    isAuthOn: false,
    isProduction: false,
    dataDir: api.dataDir,
  };
  const second = await createApp({
    config,
    store: api.database.store,
    jobs: noJobs(),
    serving: noServing(),
    log: silentLog(),
  });
  const refused: unknown = await second.listen().catch((thrown: unknown) => thrown);
  await second.close();
  expect(refused).toBeInstanceOf(AppError);
  expect((refused as AppError).code).toBe('CONFLICT');
  expect((refused as AppError).message).toContain(`Port ${config.port} is in use`);
});
