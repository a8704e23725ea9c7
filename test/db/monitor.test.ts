import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { DAY_MS } from '../../src/pipeline/index.js';
import { ALERTS_CHANNEL, checkShop, raiseAlerts, type Scorers } from '../../src/pipeline/monitor/index.js';
import type { BehaviourWrite, JsonObject } from '../../src/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const START = Date.UTC(2026, 0, 1);
const USERS = 90;
const DAYS = 160;
const TRAINED_AFTER_DAYS = 120;

let database: TestDatabase;
const published: JsonObject[] = [];
let stopListening: () => Promise<void>;
beforeAll(async () => {
  database = await createTestDatabase();
  stopListening = await database.store.listen(ALERTS_CHANNEL, (payload) => published.push(payload));
});
afterAll(async () => {
  await stopListening();
  await database.drop();
});

const unused = () => Promise.reject(new Error('not asked for'));

/** Every other user goes on buying; from day 130 on in bulk. The model has it the wrong way round. */
function orders(): BehaviourWrite[] {
  return Array.from({ length: USERS }, (_, user) => user).flatMap((user) => {
    const lastDay = user % 2 === 0 ? DAYS : 90;
    const rows: BehaviourWrite[] = [];
    for (let day = user % 8; day < lastDay; day += 8) {
      rows.push({
        eventId: `${user}/${day}`,
        userId: `u${user}`,
        itemId: `i${user % 9}`,
        type: 'PURCHASE',
        occurredAt: new Date(START + day * DAY_MS),
        sessionId: `${user}/${day}`,
        quantity: day >= 130 ? 100 : 1,
        value: '5.00',
      });
    }
    return rows;
  });
}

async function deployWrongModel(): Promise<string> {
  const { shop } = database;
  const run = await shop.createRun({ kind: 'SINGLE_TASK', tasks: ['PURCHASE_INTENT'], config: {}, seed: 1 });
  const version = await shop.createModelVersion({
    runId: run.id,
    contentHash: 'a'.repeat(64),
    tasks: ['PURCHASE_INTENT'],
    architecture: 'dense',
    dataUntil: new Date(START + TRAINED_AFTER_DAYS * DAY_MS),
    sizeBytes: 1,
    manifest: {},
  });
  const metric = (name: string, value: number) => ({ name, value, low: value - 0.02, high: value + 0.02 });
  await shop.addEvaluations([
    {
      runId: run.id,
      modelVersionId: version.id,
      family: 'SINGLE',
      architecture: 'dense',
      isServed: true,
      task: 'PURCHASE_INTENT',
      split: 'TEST',
      protocol: 'made up',
      examples: 90,
      loss: 0.5,
      metrics: [metric('AUC', 0.9), metric('ECE', 0.03)],
      confusionMatrix: null,
      curves: {},
    },
  ]);
  await shop.createDeployment({ modelVersionId: version.id, tasks: ['PURCHASE_INTENT'], trafficShare: 1 });
  return version.id;
}

const wrongWayRound = (modelVersionId: string): Scorers => ({
  scoreUsers: (_shop, history) =>
    Promise.resolve({
      probabilities: {
        PURCHASE_INTENT: Float32Array.from(history.users, ({ id }) => (Number(id.slice(1)) % 2 ? 0.9 : 0.2)),
      },
      servedBy: { PURCHASE_INTENT: history.users.map(() => ({ modelVersionId, threshold: 0.5 })) },
    }),
  rankItems: unused,
  forecast: unused,
  assessTransactions: unused,
});

describe('looking after a shop', () => {
  test('nothing deployed: nothing to say', async () => {
    const { store, shop } = database;
    expect(await checkShop({ store, shop, scorers: wrongWayRound('none') })).toMatchObject({
      drift: [],
      live: [],
      notDue: [],
      alerts: [],
      raised: [],
    });
  });

  test('finds what is wrong with a model in service, says it once, in the store and to every process', async () => {
    const { store, shop } = database;
    expect(await shop.recordBehaviours(orders())).toMatchObject({ rejected: 0 });
    const scorers = wrongWayRound(await deployWrongModel());
    const check = await checkShop({ store, shop, scorers });
    expect(check.live).toMatchObject([{ task: 'PURCHASE_INTENT', examples: USERS }]);
    expect(check.live[0].metrics.find(({ name }) => name === 'AUC')?.value).toBe(0);
    expect(new Set(check.raised.map(({ kind }) => kind))).toEqual(
      new Set(['DRIFT', 'CALIBRATION', 'QUALITY']),
    );
    expect(check.drift.find(({ feature }) => feature === 'units_per_line')?.psi).toBeGreaterThan(0.2);

    const kept = await shop.alerts(new Date(Date.now() - DAY_MS), new Date(Date.now() + DAY_MS));
    expect(kept.map(({ id }) => id).sort()).toEqual(check.raised.map(({ id }) => id).sort());
    const deadline = Date.now() + 10_000;
    while (published.length < check.raised.length && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(published.map(({ alert }) => (alert as JsonObject).id).sort()).toEqual(
      kept.map(({ id }) => id).sort(),
    );
    expect(published[0]).toMatchObject({ shopKey: 'default' });

    const again = await checkShop({ store, shop, scorers });
    expect(again.alerts).toHaveLength(check.alerts.length);
    expect(again.raised).toEqual([]);
  });

  test('what has become worse is said again, and so is what a day has passed over', async () => {
    const { store, shop } = database;
    const draft = { kind: 'DRIFT', message: 'Sessions: a test', value: 1, threshold: 0.2 };
    const raise = (severity: 'WARNING' | 'CRITICAL', now?: Date) =>
      raiseAlerts(store, shop, [{ ...draft, severity }], now);
    expect(await raise('WARNING')).toHaveLength(1);
    expect(await raise('WARNING')).toHaveLength(0);
    expect(await raise('CRITICAL')).toHaveLength(1);
    expect(await raise('WARNING')).toHaveLength(0);
    expect(await raise('WARNING', new Date(Date.now() + 3 * DAY_MS))).toHaveLength(1);
  });
});
