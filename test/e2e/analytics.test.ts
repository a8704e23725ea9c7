import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { type Api, startApi, storeModelVersion } from './api-harness.js';

let api: Api;
const YEAR = { from: '2011-01-01T00:00:00Z', to: '2012-01-01T00:00:00Z' };

/** Four people in three months, counted by hand. */
const EVENTS: readonly (readonly [
  user: string,
  session: string,
  type: string,
  day: string,
  item: string,
  quantity: number,
  value: string,
])[] = [
  ['ann', 'a1', 'VIEW', '2011-01-05T10:00:00Z', 'lamp', 1, '0'],
  ['ann', 'a1', 'VIEW', '2011-01-05T10:01:00Z', 'chair', 1, '0'],
  ['ann', 'a1', 'ADD_TO_CART', '2011-01-05T10:02:00Z', 'lamp', 1, '0'],
  ['ann', 'a1', 'PURCHASE', '2011-01-05T10:03:00Z', 'lamp', 2, '20.00'],
  ['ann', 'a2', 'PURCHASE', '2011-02-06T10:00:00Z', 'lamp', 1, '10.00'],
  ['ann', 'a3', 'PURCHASE', '2011-03-07T10:00:00Z', 'chair', 1, '50.00'],
  ['bob', 'b1', 'VIEW', '2011-01-20T10:00:00Z', 'chair', 1, '0'],
  ['bob', 'b1', 'PURCHASE', '2011-01-20T10:05:00Z', 'chair', 1, '50.00'],
  ['bob', 'b2', 'REFUND', '2011-01-25T10:00:00Z', 'chair', 1, '50.00'],
  ['cid', 'c1', 'VIEW', '2011-02-10T10:00:00Z', 'lamp', 1, '0'],
  ['dan', 'd1', 'PURCHASE', '2011-02-15T10:00:00Z', 'lamp', 3, '30.00'],
];

beforeAll(async () => {
  api = await startApi();
  const input = EVENTS.map(([userId, sessionId, type, occurredAt, itemId, quantity, value], n) => ({
    eventId: `e${n}`,
    userId,
    sessionId,
    type,
    occurredAt,
    itemId,
    quantity,
    value,
  }));
  const { data } = await api.ask<{ recordBehaviours: { accepted: number } }>(
    'mutation ($input: [BehaviourInput!]!) { recordBehaviours(input: $input) { accepted } }',
    { input },
  );
  expect(data.recordBehaviours.accepted).toBe(EVENTS.length);
});
afterAll(() => api.close());

async function analytics<Field>(field: string, selection: string, range = YEAR): Promise<Field> {
  const query = `query ($range: DateRange!) { behaviourAnalytics(range: $range) { ${field} { ${selection} } } }`;
  const answer = await api.ask<{ behaviourAnalytics: Record<string, Field> }>(query, { range });
  expect(answer.errors).toBeUndefined();
  return answer.data.behaviourAnalytics[field.replace(/\(.*/, '')];
}

describe('behaviourAnalytics', () => {
  test('funnel: users and rate of the active', async () => {
    expect(await analytics('funnel', 'type users behaviours rate')).toEqual([
      { type: 'VIEW', users: 3, behaviours: 4, rate: 3 / 4 },
      { type: 'ADD_TO_CART', users: 1, behaviours: 1, rate: 1 / 4 },
      { type: 'PURCHASE', users: 3, behaviours: 5, rate: 3 / 4 },
    ]);
  });

  test('cohorts: who comes back, months without anyone included', async () => {
    expect(await analytics('cohorts', 'month users retention')).toEqual([
      { month: '2011-01', users: 2, retention: [1, 0.5, 0.5] },
      { month: '2011-02', users: 1, retention: [1, 0] },
    ]);
  });

  test('a cohort begins with the first purchase ever, not the first in the range', async () => {
    const range = { from: '2011-02-01T00:00:00Z', to: '2011-04-01T00:00:00Z' };
    expect(await analytics('cohorts', 'month users', range)).toEqual([{ month: '2011-02', users: 1 }]);
  });

  test('segments hold every buyer once', async () => {
    const segments = await analytics<{ name: string; users: number; share: number; monetary: string }[]>(
      'segments',
      'name users share recencyDays frequency monetary',
    );
    expect(segments.reduce((sum, segment) => sum + segment.users, 0)).toBe(3);
    expect(segments.reduce((sum, segment) => sum + segment.share, 0)).toBeCloseTo(1, 12);
    // Ann bought last, most often and for most.
    expect(segments).toContainEqual({
      name: 'Champions',
      users: 1,
      share: 1 / 3,
      recencyDays: 0,
      frequency: 3,
      monetary: '80.00',
    });
  });

  test('top items by revenue, refunds taken off', async () => {
    expect(await analytics('topItems(first: 2)', 'item { id } behaviours users units revenue')).toEqual([
      { item: { id: 'lamp' }, behaviours: 6, users: 3, units: 6, revenue: '60.00' },
      { item: { id: 'chair' }, behaviours: 5, users: 2, units: 1, revenue: '50.00' },
    ]);
  });

  test('paths: a step repeated counts once', async () => {
    expect(await analytics('topPaths(first: 3)', 'steps sessions')).toEqual([
      { steps: ['PURCHASE'], sessions: 3 },
      { steps: ['REFUND'], sessions: 1 },
      { steps: ['VIEW'], sessions: 1 },
    ]);
  });

  test('a range in which nothing happened is empty, not an error', async () => {
    const range = { from: '2020-01-01T00:00:00Z', to: '2020-02-01T00:00:00Z' };
    for (const [field, selection] of [
      ['funnel', 'type'],
      ['cohorts', 'month'],
      ['segments', 'name'],
      ['topItems', 'units'],
      ['topPaths', 'steps'],
    ]) {
      expect(await analytics(field, selection, range)).toEqual([]);
    }
  });
});

describe('monitoring', () => {
  const QUERY = `query ($range: DateRange!) { monitoring(range: $range) {
    drift { feature psi } calibration { task expectedCalibrationError points { x y } } clickThrough { shown rate }
    latency { operation count p50Ms p99Ms } errors { code count } alerts { id message } } }`;

  test('drift is none against the same orders, and shows when prices multiply', async () => {
    const day = (n: number) => new Date(Date.UTC(2011, 5, 1 + n)).toISOString();
    const order = (n: number, value: number) => ({
      eventId: `o${n}`,
      userId: `p${n % 40}`,
      itemId: 'lamp',
      type: 'PURCHASE',
      occurredAt: day(n),
      sessionId: `o${n}`,
      quantity: 1,
      value: value.toFixed(2),
    });
    const input = Array.from({ length: 180 }, (_, n) => order(n, (n % 10) + 1 + (n >= 120 ? 100 : 0)));
    await api.ask('mutation ($input: [BehaviourInput!]!) { recordBehaviours(input: $input) { accepted } }', {
      input,
    });
    const id = await storeModelVersion(api.shop); // learned until 2011-12-09
    const row = {
      runId: (await api.shop.modelVersionsByIds([id]))[0]?.runId ?? '',
      modelVersionId: id,
      family: 'SINGLE',
      architecture: 'dense',
      isServed: true,
      task: 'CHURN',
      split: 'TEST',
      protocol: 'test',
      examples: 10,
      loss: 0.5,
      metrics: [{ name: 'ECE', value: 0.03, low: 0.02, high: 0.04 }],
      confusionMatrix: null,
      curves: { CALIBRATION: [{ x: 0.1, y: 0.12 }] },
    } as const;
    await api.shop.addEvaluations([
      { ...row, metrics: [...row.metrics], curves: { CALIBRATION: [{ x: 0.1, y: 0.12 }] } },
    ]);
    await api.ask('mutation ($id: ID!) { deployModel(id: $id) { id } }', { id });
    type Answer = {
      monitoring: {
        drift: { feature: string; psi: number }[];
        calibration: unknown;
        latency: { operation: string; count: number }[];
      };
    };
    const psi = async (range: { from: string; to: string }) => {
      const { data, errors } = await api.ask<Answer>(QUERY, { range });
      expect(errors).toBeUndefined();
      return data.monitoring.drift.find((one) => one.feature === 'orderValue')?.psi ?? Number.NaN;
    };
    const same = await psi({ from: '2010-12-09T00:00:00Z', to: '2011-12-09T00:00:00Z' });
    const dearer = await psi({ from: day(120), to: day(180) });
    expect(same).toBeCloseTo(0, 9);
    expect(dearer).toBeGreaterThan(1);
    const { data } = await api.ask<Answer>(QUERY, { range: { from: day(0), to: day(9) } });
    expect(data.monitoring.calibration).toEqual([
      { task: 'CHURN', expectedCalibrationError: 0.03, points: [{ x: 0.1, y: 0.12 }] },
    ]);
  });

  test('latency and errors of this process, within the range', async () => {
    await api.ask('query Named { deployment { id } }');
    await api.ask('{ nothing }');
    const range = {
      from: new Date(Date.now() - 60_000).toISOString(),
      to: new Date(Date.now() + 60_000).toISOString(),
    };
    const { data } = await api.ask<{
      monitoring: {
        latency: { operation: string; count: number; p50Ms: number; p99Ms: number }[];
        errors: { code: string; count: number }[];
      };
    }>(QUERY, { range });
    const named = data.monitoring.latency.find((one) => one.operation === 'Named');
    expect(named?.count).toBe(1);
    expect(named?.p99Ms).toBeGreaterThanOrEqual(named?.p50Ms ?? Infinity);
    expect(data.monitoring.errors.find((one) => one.code === 'BAD_USER_INPUT')?.count).toBeGreaterThanOrEqual(
      1,
    );
  });
});
