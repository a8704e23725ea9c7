import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import {
  type Api,
  containing,
  type GraphQLAnswer,
  knownServing,
  startApi,
  storeModelVersion,
  storeSmallShop,
} from './api-harness.js';

let api: Api;
let serving: ReturnType<typeof knownServing>;
let version: string;

beforeAll(async () => {
  const ranking = Array.from({ length: 30 }, (_, item) => `i${item}`);
  serving = knownServing(ranking);
  api = await startApi({ serving: () => serving });
  await storeSmallShop(api.shop);
  version = await storeModelVersion(api.shop);
  serving.servedBy.modelVersionId = version;
});
afterAll(() => api.close());

describe('users, items, behaviours', () => {
  test('a user by id, and null for one that is not there', async () => {
    const { data, errors } = await api.ask(
      '{ user(id: "u3") { id attributes } none: user(id: "nobody") { id } }',
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({ user: { id: 'u3', attributes: { country: 'DE' } }, none: null });
  });

  test('pages go on where the last one ended, without a row twice or left out', async () => {
    const seen: string[] = [];
    let after: string | null = null;
    for (;;) {
      const query =
        'query ($after: String) { users(first: 10, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } totalCount } }';
      const answer: GraphQLAnswer<{ users: UsersPage }> = await api.ask(query, { after });
      const { edges, pageInfo, totalCount } = answer.data.users;
      expect(totalCount).toBe(25);
      seen.push(...edges.map((edge) => edge.node.id));
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor;
    }
    expect(seen).toHaveLength(25);
    expect([...seen].sort()).toEqual(Array.from({ length: 25 }, (_, user) => `u${user}`).sort());
  });

  test('items by filter: every condition holds', async () => {
    const query =
      '{ items(first: 100, filter: { category: ["even"], minPrice: "5", maxPrice: "9.50", excludeIds: ["i6"] }) { edges { node { id price } } totalCount } }';
    const { data } = await api.ask(query);
    expect(data.items).toEqual({
      edges: [{ node: { id: 'i4', price: '5.00' } }, { node: { id: 'i8', price: '9.00' } }],
      totalCount: 2,
    });
  });

  test('behaviours are newest first, with user and item', async () => {
    const query =
      '{ behaviours(first: 3, filter: { userId: "u2" }) { edges { node { eventId occurredAt value user { id } item { id } } } totalCount } }';
    const { data } = await api.ask<{
      behaviours: { edges: { node: Record<string, unknown> }[]; totalCount: number };
    }>(query);
    expect(data.behaviours.totalCount).toBe(3);
    expect(data.behaviours.edges[0].node).toEqual({
      eventId: 'e2-2',
      occurredAt: '2011-01-21T00:00:00.000Z',
      value: '5.00',
      user: { id: 'u2' },
      item: { id: 'i4' },
    });
  });
});

interface UsersPage {
  edges: { node: { id: string } }[];
  pageInfo: { hasNextPage: boolean; endCursor: string };
  totalCount: number;
}

describe('one page costs the same number of statements and calls whatever its size', () => {
  const page = `query ($first: Int!) { users(first: $first) { edges { node { id attributes
    behaviours(first: 3) { edges { node { type item { title } } } }
    predictions {
      purchaseIntent { probability label threshold modelVersion { id architecture } explanation(first: 2) { feature contribution } }
      churn { probability modelVersion { id } explanation { feature } } }
    recommendations(first: 5) { rank score item { id title price } reason { kind text item { id } } impressionId } } } } }`;

  const measure = async (first: number) => {
    const statements = api.database.store.statementCount();
    for (const kind of Object.keys(serving.calls)) serving.calls[kind] = 0;
    const answer = await api.ask<{
      users: { edges: { node: { id: string; predictions: { purchaseIntent: { probability: number } } } }[] };
    }>(page, { first });
    expect(answer.errors).toBeUndefined();
    expect(answer.data.users.edges).toHaveLength(first);
    // Impressions are written behind the answer; they count too.
    await api.ask('mutation { recordFeedback(input: []) { accepted } }');
    return {
      statements: api.database.store.statementCount() - statements,
      calls: { ...serving.calls },
      answer,
    };
  };

  test('10 users and 20 users alike', async () => {
    await measure(1); // the shop's clock is read once in five seconds
    const ten = await measure(10);
    const twenty = await measure(20);
    expect(twenty.statements).toBe(ten.statements);
    expect(twenty.calls).toEqual(ten.calls);
    expect(twenty.calls).toMatchObject({ scoreUsers: 1, rankItems: 1, explainUsers: 2 });
    expect(twenty.statements).toBeLessThanOrEqual(16);
    console.info(`statements a page: ${twenty.statements}`);
    // Each user has an own number: no mix-up within the batch.
    for (const { node } of twenty.answer.data.users.edges) {
      const behaviours = Number(node.id.slice(1)) + 1;
      expect(node.predictions.purchaseIntent.probability).toBeCloseTo(behaviours / 100, 6);
    }
  });

  test('runs, their evaluations and versions', async () => {
    const query =
      'query ($first: Int!) { trainingRuns(first: $first) { edges { node { id epochs { epoch } evaluations { id } modelVersion { id } } } } }';
    for (let n = 0; n < 6; n++) await storeModelVersion(api.shop);
    const statements = async (first: number) => {
      const before = api.database.store.statementCount();
      await api.ask(query, { first });
      return api.database.store.statementCount() - before;
    };
    expect(await statements(6)).toBe(await statements(2));
  });
});

describe('recommendations', () => {
  const query =
    'query ($id: ID!, $first: Int, $filter: ItemFilter, $weights: GoalWeights) { recommendations(userId: $id, first: $first, filter: $filter, weights: $weights) { rank item { id } reason { kind text item { id } } impressionId } }';
  type List = {
    recommendations: {
      rank: number;
      item: { id: string };
      reason: { kind: string; text: string };
      impressionId: string;
    }[];
  };
  const list = async (variables: Record<string, unknown>) => {
    const answer = await api.ask<List>(query, { first: 5, ...variables });
    expect(answer.errors).toBeUndefined();
    return answer.data.recommendations;
  };

  test('a user that nobody knows gets a list, not an error', async () => {
    const shown = await list({ id: 'a stranger' });
    expect(shown.map((one) => one.item.id)).toEqual(['i0', 'i1', 'i2', 'i3', 'i4']);
    expect(shown.map((one) => one.rank)).toEqual([1, 2, 3, 4, 5]);
    expect(shown[1].reason.text).toBe('Because you bought Item 0');
  });

  test('a filter is held to exactly', async () => {
    const shown = await list({ id: 'u1', filter: { category: ['odd'], minPrice: '10' } });
    expect(shown.map((one) => one.item.id)).toEqual(['i9', 'i11', 'i13', 'i15', 'i17']);
  });

  test('what is not for sale is not shown, at once and without a filter', async () => {
    await api.ask('mutation ($input: [ItemInput!]!) { upsertItems(input: $input) { accepted } }', {
      input: [{ id: 'i1', title: 'Item 1', available: false }],
    });
    const shown = await list({ id: 'u1' });
    expect(shown.map((one) => one.item.id)).toEqual(['i0', 'i2', 'i3', 'i4', 'i5']);
    await api.ask('mutation ($input: [ItemInput!]!) { upsertItems(input: $input) { accepted } }', {
      input: [{ id: 'i1', title: 'Item 1', available: true }],
    });
  });

  test('every list is kept as impressions, which feedback counts on', async () => {
    const shown = await list({ id: 'u7' });
    const [first] = shown;
    const feedback = {
      eventId: 'f1',
      userId: 'u7',
      impressionId: first.impressionId,
      kind: 'CLICKED',
      occurredAt: new Date().toISOString(),
    };
    const sent = await api.ask(
      'mutation ($input: [FeedbackInput!]!) { recordFeedback(input: $input) { accepted duplicates } }',
      {
        input: [feedback, feedback],
      },
    );
    expect(sent.data.recordFeedback).toEqual({ accepted: 1, duplicates: 1 });
    const stored = await api.shop.query<{ id: string; rank: number; item: string }>(
      'SELECT m.id::text AS id, m.rank, i.external_id AS item FROM impressions m JOIN items i ON i.id = m.item_id WHERE m.user_key = $1 ORDER BY rank',
      ['u7'],
    );
    const mine = stored.filter((row) => shown.some((one) => one.impressionId === row.id));
    expect(mine).toEqual(shown.map((one) => ({ id: one.impressionId, rank: one.rank, item: one.item.id })));
    const range = {
      from: new Date(Date.now() - 3_600_000).toISOString(),
      to: new Date(Date.now() + 3_600_000).toISOString(),
    };
    const monitored = await api.ask<{
      monitoring: { clickThrough: { shown: number; clicked: number; bought: number; rate: number } };
    }>(
      'query ($range: DateRange!) { monitoring(range: $range) { clickThrough { shown clicked bought rate } } }',
      { range },
    );
    const { clickThrough } = monitored.data.monitoring;
    expect(clickThrough).toMatchObject({ clicked: 1, bought: 0 });
    expect(clickThrough.rate).toBeCloseTo(1 / clickThrough.shown, 12);
  });

  test('weights: margin reorders, a goal without a head is refused', async () => {
    await api.shop.upsertItems([{ id: 'i3', title: 'Item 3', price: '4.00', attributes: { cost: '1.00' } }]);
    const shown = await list({ id: 'u1', weights: { purchase: 0, margin: 1 } });
    expect(shown[0].item.id).toBe('i3');
    const refused = await api.ask(query, { id: 'u1', weights: { view: 1, purchase: 1 } });
    expect(refused.errors?.[0]).toMatchObject({
      message: containing('view'),
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });

  test('similar and trending items', async () => {
    const answer = await api.ask<Record<string, { item: { id: string } }[]>>(
      '{ similarItems(itemId: "i0", first: 3) { item { id } } trendingItems(first: 2) { item { id } reason { text } } }',
    );
    expect(answer.data.similarItems.map((one) => one.item.id)).toEqual(['i1', 'i2', 'i3']);
    expect(answer.data.trendingItems.map((one) => one.item.id)).toEqual(['i0', 'i1']);
    const unknown = await api.ask('{ similarItems(itemId: "nothing") { rank } }');
    expect(unknown.errors?.[0].extensions.code).toBe('NOT_FOUND');
  });
});

describe('demand and fraud', () => {
  test('a forecast begins where the history ends', async () => {
    const query =
      '{ demandForecast(itemId: "i4", horizonDays: 3) { item { id } total days { date units low high } history { date units } modelVersion { id } } }';
    const { data } = await api.ask<{
      demandForecast: {
        total: number;
        days: { date: string; units: number }[];
        history: { date: string }[];
        modelVersion: { id: string };
      };
    }>(query);
    const { days, history, total, modelVersion } = data.demandForecast;
    expect(days).toHaveLength(3);
    expect(history).toHaveLength(56);
    expect(Date.parse(days[0].date) - Date.parse(history[55].date)).toBe(86_400_000);
    expect(total).toBeCloseTo(
      days.reduce((sum, day) => sum + day.units, 0),
      9,
    );
    expect(modelVersion.id).toBe(version);
  });

  test('an order is assessed without being stored, in the light of the earlier ones', async () => {
    await api.shop.recordTransactions([
      { id: 't1', userId: 'u1', amount: '10', currency: 'EUR', occurredAt: new Date('2011-05-01') },
    ]);
    const query =
      'query ($t: TransactionInput!) { fraudAssessment(transaction: $t) { probability label threshold isSimulated note contributions(first: 2) { feature value } modelVersion { id } } }';
    const transaction = {
      id: 't2',
      userId: 'u1',
      amount: '2000',
      currency: 'EUR',
      occurredAt: '2011-06-01T00:00:00Z',
      items: [{ itemId: 'i1', quantity: 2, price: '1000' }],
    };
    const { data, errors } = await api.ask<{ fraudAssessment: Record<string, unknown> }>(query, {
      t: transaction,
    });
    expect(errors).toBeUndefined();
    expect(data.fraudAssessment).toMatchObject({
      label: true,
      threshold: 0.5,
      isSimulated: false,
      contributions: [{ feature: 'earlier', value: 1 }, { value: 1 }],
    });
    expect((await api.shop.counts()).transactions).toBe(1);
    const wrong = await api.ask(query, { t: { ...transaction, amount: 'much' } });
    expect(wrong.errors?.[0]).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT' },
      message: containing('amount'),
    });
  });
});
