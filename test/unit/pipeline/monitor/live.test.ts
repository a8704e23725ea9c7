import { describe, expect, test } from '@jest/globals';

import { HistoryBuilder } from '../../../../src/pipeline/collect/index.js';
import { DAY_MS, shopClock, type ShopHistory } from '../../../../src/pipeline/index.js';
import { type NotDue, type Scorers, userFeatureDrift } from '../../../../src/pipeline/monitor/index.js';
import { type LiveQuality, liveQuality } from '../../../../src/pipeline/monitor/live-quality.js';
import type { ModelVersionRow } from '../../../../src/store/index.js';
import type { TaskName } from '../../../../src/tasks/index.js';

const START = Date.UTC(2026, 0, 1);
const USERS = 120;
const DAYS = 240;

/** Every third user buys every ten days until the end, the others stop after a hundred days; each has an item of the user's own. */
function shop(unitsAfter = 1): ShopHistory {
  const builder = new HistoryBuilder();
  for (let user = 0; user < USERS; user++) {
    const lastDay = user % 3 === 0 ? DAYS : 100;
    for (let day = user % 10; day < lastDay; day += 10) {
      const quantity = day >= 200 ? unitsAfter : 1;
      builder.addBehaviour({
        eventId: `${user}/${day}`,
        userId: `u${user}`,
        itemId: `i${user}`,
        type: 'PURCHASE',
        occurredAt: new Date(START + day * DAY_MS),
        sessionId: `${user}/${day}`,
        quantity,
        value: (quantity * (5 + (user % 7))).toFixed(2),
      });
    }
  }
  return builder.build('GBP');
}

const versionUntil = (day: number): ModelVersionRow => ({
  id: 'v1',
  runId: 'r',
  contentHash: '0'.repeat(64),
  tasks: [],
  architecture: 'known',
  dataUntil: new Date(START + day * DAY_MS),
  sizeBytes: 0,
  manifest: {},
  createdAt: new Date(0),
});

const servedBy = { modelVersionId: 'v1', threshold: 0.5 };
const unused = () => Promise.reject(new Error('not asked for'));
/** Knows the shop: loyal users are every third one; fails the test when it is shown anything from the window. */
const knowing: Scorers = {
  scoreUsers: (_shop, history, asOf, [task]) => {
    expect(Math.max(...history.behaviours.occurredAt)).toBeLessThan(asOf);
    const isLoyal = (id: string) => Number(id.slice(1)) % 3 === 0;
    const probability = (id: string) => (isLoyal(id) === (task === 'PURCHASE_INTENT') ? 0.9 : 0.1);
    const probabilities = Float32Array.from(history.users, ({ id }) => probability(id));
    return Promise.resolve({
      probabilities: { [task]: probabilities },
      servedBy: { [task]: history.users.map(() => servedBy) },
    });
  },
  rankItems: (_shop, history) =>
    Promise.resolve({
      items: history.users.map(({ id }) => [
        { itemId: `i${id.slice(1)}`, score: 1, reason: { kind: 'FOR_YOU' as const, itemId: null } },
      ]),
      servedBy: history.users.map(() => servedBy),
    }),
  forecast: unused,
  assessTransactions: unused,
};

const judge = async (task: TaskName, trainedUntilDay: number, scorers = knowing) => {
  const history = shop();
  const versions = new Map([[task, versionUntil(trainedUntilDay)]]);
  const request = { shopKey: 'default', history, clock: shopClock(history), versions, scorers, seed: 1 };
  return (await liveQuality(request))[0];
};
const valueOf = (quality: LiveQuality, name: string) =>
  quality.metrics.find((metric) => metric.name === name)?.value;

describe('quality where labels have come due', () => {
  test('a model that knows who comes back gets AUC 1 and its own calibration error', async () => {
    const intent = (await judge('PURCHASE_INTENT', 200)) as LiveQuality;
    expect(intent.examples).toBe(USERS);
    expect(valueOf(intent, 'AUC')).toBe(1);
    // Ten bins of twelve users: nine are 0.1 off; one holds 4 loyal users and 8 others, (4 · 0.9 + 8 · 0.1) / 12 against 4 / 12.
    expect(valueOf(intent, 'ECE')).toBeCloseTo(0.9 * 0.1 + 0.1 * (4.4 / 12 - 4 / 12), 6);
    expect(intent.calibration.length).toBeGreaterThan(1);
    const churn = (await judge('CHURN', 120)) as LiveQuality;
    expect(valueOf(churn, 'AUC')).toBe(1);
  });

  test('a ranking is judged against what was bought afterwards', async () => {
    const ranking = await judge('RECOMMENDATION', 200);
    // 40 users buy on: fewer than a figure is given for.
    expect(ranking).toMatchObject({ task: 'RECOMMENDATION', dueAt: null });
    expect((ranking as NotDue).reason).toContain('40 users');
  });

  test('a version is not judged on what it was trained on', async () => {
    const early = await judge('CHURN', 200, { ...knowing, scoreUsers: unused });
    expect(early).toMatchObject({ task: 'CHURN', dueAt: new Date(START + 290 * DAY_MS) });
  });

  test('users whom another version serves are left out', async () => {
    const other: Scorers = {
      ...knowing,
      scoreUsers: async (...args) => {
        const scores = await knowing.scoreUsers(...args);
        const by = { modelVersionId: 'v0', threshold: 0.5 };
        return { ...scores, servedBy: { PURCHASE_INTENT: scores.servedBy.PURCHASE_INTENT?.map(() => by) } };
      },
    };
    expect(await judge('PURCHASE_INTENT', 200, other)).toMatchObject({ dueAt: null });
  });

  test('fraud without known labels says so', async () => {
    const verdict = (await judge('FRAUD', 100)) as NotDue;
    expect(verdict.reason).toContain('No transaction since training');
  });
});

describe('drift of the user models’ inputs', () => {
  const at = (day: number) => START + day * DAY_MS;
  const psiOf = (history: ShopHistory, name: string) =>
    userFeatureDrift(history, at(200), at(DAYS), 1).find(({ feature }) => feature === name)?.psi ?? NaN;

  test('finds that users buy in bulk since training, and nothing else of it', () => {
    expect(psiOf(shop(), 'units_per_line')).toBeCloseTo(0, 12);
    expect(psiOf(shop(50), 'units_per_line')).toBeGreaterThan(0.2);
    expect(psiOf(shop(50), 'orders')).toBeCloseTo(psiOf(shop(), 'orders'), 12);
  });

  test('is empty where nothing has happened since training', () => {
    expect(userFeatureDrift(shop(), at(DAYS), at(DAYS), 1)).toEqual([]);
  });
});
