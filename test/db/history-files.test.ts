import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { BEHAVIOUR_TYPES, type BehaviourType, DAY_MS } from '../../src/pipeline/index.js';
import {
  alignStatistics,
  buyersBefore,
  FeatureFiles,
  itemStatistics,
  USER_FEATURE_COUNT,
  userFeatures,
  userPopulation,
} from '../../src/pipeline/preprocess/index.js';
import type { BehaviourWrite, ShopStore } from '../../src/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let db: TestDatabase;
let folder: string;
let folders = 0;
let shops = 0;
beforeAll(async () => {
  db = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'tandem-history-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await db.drop();
});
const freshShop = () => db.store.createShop(`history-${++shops}`, 'A shop of one test');
const freshFolder = () => join(folder, String(++folders));

const START = Date.UTC(2026, 0, 1);
const CUTS = [10, 20, 30].map((day) => START + day * DAY_MS);

/** Days and sessions are few, so that users have several orders at one moment. */
const behaviour = fc.record({
  user: fc.nat(6),
  item: fc.nat(4),
  type: fc.constantFrom<BehaviourType>('PURCHASE', 'PURCHASE', 'PURCHASE', ...BEHAVIOUR_TYPES),
  hour: fc.nat(30 * 4),
  session: fc.option(fc.nat(3), { nil: null }),
  cents: fc.nat(100_000),
  quantity: fc.integer({ min: 1, max: 9 }),
});

function toWrites(
  rows: readonly (typeof behaviour extends fc.Arbitrary<infer Row> ? Row : never)[],
  batch: number,
): BehaviourWrite[] {
  return rows.map(({ user, item, type, hour, session, cents, quantity }, at) => ({
    eventId: `${batch}-${at}`,
    userId: `u${user}`,
    itemId: `i${item}`,
    type,
    occurredAt: new Date(START + hour * 6 * 3_600_000),
    sessionId: session === null ? null : `s${session}`,
    quantity,
    value: (cents / 100).toFixed(2),
  }));
}

/** Features by the shop's id of each buyer, from files, from memory and as serving computes them, one user at a time. */
async function threeWays(
  shop: ShopStore,
  features: FeatureFiles,
  users: readonly { id: string }[],
  cut: number,
) {
  const fromFiles: Record<string, number[]> = {};
  for await (const part of features.read(cut))
    part.users.forEach((user, at) => {
      const row = part.features.subarray(at * USER_FEATURE_COUNT, (at + 1) * USER_FEATURE_COUNT);
      fromFiles[users[user].id] = [...row];
    });
  const history = await shop.readHistory();
  const statistics = itemStatistics(history, cut);
  const fromMemory: Record<string, number[]> = {};
  const served: Record<string, number[]> = {};
  for (const user of buyersBefore(history, cut)) {
    const { id } = history.users[user];
    fromMemory[id] = [...userFeatures(history, Int32Array.of(user), cut, statistics)];
    const own = await shop.readUserHistories([id]);
    const aligned = alignStatistics(
      statistics,
      own.items.map((item) => item.id),
    );
    served[id] = [...userFeatures(own, Int32Array.of(0), cut, aligned)];
  }
  return { fromFiles, fromMemory, served, population: userPopulation(history, cut) };
}

describe('features from column files', () => {
  test('are those of the whole history and of serving, to the bit, whatever comes in whichever order', async () => {
    const batches = fc.array(fc.array(behaviour, { minLength: 1, maxLength: 40 }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(batches, fc.integer({ min: 1, max: 30 }), async (parts, blockRows) => {
        const shop = await freshShop();
        const files = await shop.openHistoryFiles(freshFolder(), { blockRows });
        const features = new FeatureFiles(freshFolder());
        for (const [batch, part] of parts.entries()) {
          await shop.recordBehaviours(toWrites(part, batch));
          await files.refresh();
          const { cuts } = await features.bringUp(files, CUTS);
          for (const { cut, statistics, standardiser, users } of cuts) {
            const { fromFiles, fromMemory, served, population } = await threeWays(
              shop,
              features,
              files.users,
              cut,
            );
            expect(fromFiles).toEqual(fromMemory);
            expect(served).toEqual(fromMemory);
            expect(users).toBe(Object.keys(fromMemory).length);
            expect(statistics).toEqual(population.statistics);
            expect(standardiser).toEqual(population.standardiser);
          }
        }
      }),
      { numRuns: 6 },
    );
  });

  test('a new day costs its own rows and the new cut alone; a late row the cuts behind it', async () => {
    const shop = await freshShop();
    const files = await shop.openHistoryFiles(freshFolder());
    const features = new FeatureFiles(freshFolder());
    const on = (day: number, count: number) =>
      Array.from({ length: count }, (_, at) => ({
        eventId: `${day}-${at}`,
        userId: `u${at % 50}`,
        itemId: `i${at % 7}`,
        type: 'PURCHASE' as const,
        occurredAt: new Date(START + day * DAY_MS + at),
        value: '2.50',
      }));
    await shop.recordBehaviours(Array.from({ length: 19 }, (_, day) => on(day, 100)).flat());
    expect(await files.refresh()).toMatchObject({ rowsRead: 1_900, rows: 1_900 });
    expect((await features.bringUp(files, CUTS.slice(0, 2))).computed).toEqual(CUTS.slice(0, 2));

    await shop.recordBehaviours(on(21, 100));
    expect(await files.refresh()).toEqual({ rowsRead: 100, rows: 2_000, changedFrom: START + 21 * DAY_MS });
    expect((await features.bringUp(files, CUTS)).computed).toEqual([CUTS[2]]);

    const [late] = on(12, 1);
    await shop.recordBehaviours([{ ...late, eventId: 'late', occurredAt: new Date(START + 12.5 * DAY_MS) }]);
    expect((await files.refresh()).rowsRead).toBe(1);
    expect((await features.bringUp(files, CUTS)).computed).toEqual(CUTS.slice(1));
    expect(await files.refresh()).toEqual({ rowsRead: 0, rows: 2_001, changedFrom: Infinity });
  });

  test('a folder is gone on with by the next process, and forgets whom the shop erased', async () => {
    const shop = await freshShop();
    const directory = freshFolder();
    const rows = toWrites(fc.sample(behaviour, { numRuns: 60, seed: 3 }), 0);
    await shop.recordBehaviours(rows);
    await (await shop.openHistoryFiles(directory)).refresh();
    await shop.eraseUser(rows[0].userId);
    const files = await shop.openHistoryFiles(directory);
    const left = rows.filter((row) => row.userId !== rows[0].userId).length;
    expect(await files.refresh()).toMatchObject({ rowsRead: 0, rows: left });
    expect(files.users.map(({ id }) => id)).not.toContain(rows[0].userId);
  });
});
