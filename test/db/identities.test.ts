import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import type { BehaviourWrite, ShopStore, UserLink } from '../../src/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

let shops = 0;
const freshShop = () => database.store.createShop(`links-${shops++}`, 'Links');

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));
const view = (eventId: string, userId: string): BehaviourWrite => ({
  eventId,
  userId,
  itemId: 'lamp',
  type: 'VIEW',
  occurredAt: at(Number(eventId.replace(/\D/g, ''))),
});
const link = (aliasId: string, userId: string, minute: number): UserLink => ({
  aliasId,
  userId,
  linkedAt: at(minute),
});

/** Events by the person they stand under. */
async function eventsByUser(shop: ShopStore): Promise<Record<string, string[]>> {
  const rows = await shop.query<{ user: string; event: string }>(
    `SELECT u.external_id AS user, b.event_id AS event FROM users u LEFT JOIN behaviours b ON b.user_id = u.id
     WHERE u.shop_id = $1 ORDER BY 1, 2`,
    [shop.shopId],
  );
  const events: Record<string, string[]> = {};
  for (const { user, event } of rows) (events[user] ??= []).push(event);
  return events;
}

describe('persons under several ids', () => {
  test('rows before and after the link come under the person, once; other rows stay', async () => {
    const shop = await freshShop();
    await shop.upsertUsers([
      { id: 'anon', attributes: { country: 'DE', tier: 'new' } },
      { id: 'ann', attributes: { tier: 'gold' } },
    ]);
    await shop.recordBehaviours([
      view('e1', 'anon'),
      view('e2', 'ann'),
      view('e3', 'ben'),
      view('e9', 'anon'),
    ]);
    await shop.recordBehaviours([view('e9', 'ann')]); // the same event was sent under both ids
    await shop.recordTransactions([
      { id: 'o1', userId: 'anon', amount: '5.00', currency: 'EUR', occurredAt: at(1) },
    ]);
    await shop.recordFeedback([{ eventId: 'f1', userId: 'anon', kind: 'CLICKED', occurredAt: at(1) }]);
    expect(await shop.recordLinks([link('anon', 'ann', 5)])).toBe(1);
    expect(await shop.applyLinks()).toEqual({ merged: 1, behaviours: 1 });
    expect(await eventsByUser(shop)).toEqual({ ann: ['e1', 'e2', 'e9'], ben: ['e3'] });
    const [ann] = await shop.usersByExternalIds(['ann']);
    expect(ann?.attributes).toEqual({ country: 'DE', tier: 'gold' });
    expect(await shop.readTransactions('ann', at(9))).toHaveLength(1);
    expect(
      await shop.query(`SELECT user_key AS "userKey" FROM feedback WHERE shop_id = $1`, [shop.shopId]),
    ).toEqual([{ userKey: 'ann' }]);

    // A tracker that still sends under the old id, and all of it again.
    await shop.recordBehaviours([view('e4', 'anon'), view('e1', 'anon')]);
    expect(await shop.applyLinks()).toEqual({ merged: 1, behaviours: 1 });
    expect(await shop.recordLinks([link('anon', 'ann', 5)])).toBe(0);
    expect(await shop.applyLinks()).toEqual({ merged: 0, behaviours: 0 });
    expect(await eventsByUser(shop)).toEqual({ ann: ['e1', 'e2', 'e4', 'e9'], ben: ['e3'] });
    expect(await shop.resolveAliases(['anon', 'ann', 'nobody'])).toEqual(new Map([['anon', 'ann']]));
  });

  test('links of one shop leave another alone, and an erased person leaves no link', async () => {
    const [one, other] = [await freshShop(), await freshShop()];
    for (const shop of [one, other]) await shop.recordBehaviours([view('e1', 'anon'), view('e2', 'ann')]);
    await one.recordLinks([link('anon', 'ann', 1)]);
    await one.applyLinks();
    await other.applyLinks();
    expect(await eventsByUser(other)).toEqual({ ann: ['e2'], anon: ['e1'] });
    await one.eraseUser('ann');
    expect(await one.query('SELECT * FROM user_links WHERE shop_id = $1', [one.shopId])).toEqual([]);
    expect(await one.query('SELECT * FROM user_aliases WHERE shop_id = $1', [one.shopId])).toEqual([]);
    expect(await eventsByUser(one)).toEqual({});
  });

  test('the order in which rows and links arrive makes no difference', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const links = fc.uniqueArray(
      fc
        .record({ alias: fc.constantFrom(...ids), user: fc.constantFrom(...ids), minute: fc.nat(5) })
        .filter(({ alias, user }) => alias !== user),
      { maxLength: 6, selector: ({ alias, user }) => `${alias}${user}` },
    );
    type Step = BehaviourWrite | UserLink | 'APPLY';
    const play = async (steps: readonly Step[]) => {
      const shop = await freshShop();
      for (const step of steps) {
        if (step === 'APPLY') await shop.applyLinks();
        else if ('aliasId' in step) await shop.recordLinks([step]);
        else await shop.recordBehaviours([step]);
      }
      await shop.applyLinks();
      const result = await eventsByUser(shop);
      await shop.applyLinks();
      expect(await eventsByUser(shop)).toEqual(result);
      return Object.fromEntries(Object.entries(result).filter(([, events]) => events[0] !== null));
    };
    await fc.assert(
      fc.asyncProperty(links, fc.infiniteStream(fc.nat()), async (claims, order) => {
        const steps: Step[] = [
          ...ids.map((id, at) => view(`e${at}`, id)),
          ...claims.map(({ alias, user, minute }) => link(alias, user, minute)),
          'APPLY',
          'APPLY',
        ];
        const keyed = steps.map((step) => ({ step, key: order.next().value as number }));
        const shuffled = keyed.sort((x, y) => x.key - y.key).map(({ step }) => step);
        expect(await play(shuffled)).toEqual(await play(steps));
      }),
      { numRuns: 15 },
    );
  });
});
