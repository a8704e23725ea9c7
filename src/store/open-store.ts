import { createHash } from 'node:crypto';

import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';

import { AppError } from '../errors.js';
import { type ApiKeyStore, apiKeyStore } from './api-keys.js';
import { behaviourReads } from './behaviour-reads.js';
import { catalogueReads } from './catalogue.js';
import { connectionStore } from './connections.js';
import { customTaskStore } from './custom-tasks.js';
import { dataJobStore } from './data-jobs.js';
import { eraseUser } from './erasure.js';
import { evaluationStore } from './evaluations.js';
import { PrismaClient } from './generated/client.js';
import { openHistoryFiles } from './history-files.js';
import { historyReads } from './history-reads.js';
import { identityStore } from './identities.js';
import { importPositionStore } from './import-positions.js';
import { databaseUnreachable } from './migrate.js';
import { Notifications } from './notifications.js';
import { createPool, StatementCounter } from './pool.js';
import { quarantineStore } from './quarantine.js';
import { retentionStore } from './retention.js';
import { runStore } from './runs.js';
import { scheduleStore } from './schedules.js';
import { type ShopContext } from './shop-context.js';
import type { ShopStore, Store } from './shop-store.js';
import { sourceStore } from './sources.js';
import { trialStore } from './trials.js';
import { versionStore } from './versions.js';
import { bulkWrites } from './writes.js';

const CONNECTIONS_PER_SHOP = 10;
/** Role without rights over row-level security; the migrations make it where the URL's role is a superuser. */
const APPLICATION_ROLE = 'tandem_app';
const SHOP_KEY = /^[a-z0-9][a-z0-9_-]{0,62}$/;

export interface StoreOptions {
  /** A migrated database. */
  readonly databaseUrl: string;
}

/**
 * Opens the store of an installation.
 *
 * @throws AppError INTERNAL when the database cannot be reached
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const counter = new StatementCounter();
  const { databaseUrl } = options;
  const shared = createPool({ databaseUrl, counter, max: 4 });
  const isSuperuser = await asksForRole(shared, databaseUrl);
  const notifications = new Notifications(databaseUrl);
  const opened = new Map<string, Promise<{ store: ShopStore; context: ShopContext }>>();

  const open = async (key: string): Promise<{ store: ShopStore; context: ShopContext }> => {
    const { rows } = await shared.query<{ id: number }>('SELECT id FROM shops WHERE key = $1', [key]);
    if (rows.length === 0) throw new AppError('NOT_FOUND', `There is no shop ${key}.`);
    const shopId = rows[0].id;
    const settings = { 'tandem.shop_id': shopId, ...(isSuperuser ? { role: APPLICATION_ROLE } : {}) };
    const pool = createPool({ databaseUrl, counter, max: CONNECTIONS_PER_SHOP, settings });
    const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
    const context: ShopContext = { shopId, shopKey: key, pool, prisma };
    return { store: shopStore(context), context };
  };

  const store: Store = {
    forShop: async (key) => {
      const known = opened.get(key) ?? open(key);
      opened.set(key, known);
      try {
        return (await known).store;
      } catch (thrown) {
        opened.delete(key); // a shop made later, or a database that comes back, is found
        throw thrown;
      }
    },
    createShop: async (key, name) => {
      if (!SHOP_KEY.test(key)) {
        throw new AppError('BAD_USER_INPUT', `A shop's key is small letters, digits, - and _; got "${key}".`);
      }
      const sql = 'INSERT INTO shops (key, name) VALUES ($1, $2) ON CONFLICT DO NOTHING';
      const { rowCount } = await shared.query(sql, [key, name]);
      if (!rowCount) throw new AppError('CONFLICT', `There is a shop ${key} already.`);
      return store.forShop(key);
    },
    shops: async () =>
      (await shared.query<{ key: string; name: string }>('SELECT key, name FROM shops ORDER BY id')).rows,
    notify: async (channel, payload) => {
      await shared.query('SELECT pg_notify($1, $2)', [channel, JSON.stringify(payload)]);
    },
    listen: (channel, onPayload) => notifications.listen(channel, onPayload),
    hold: (name) => notifications.hold(lockNumber(name)),
    holdAlone: (name) => notifications.holdAlone(lockNumber(name)),
    isHeld: async (name) => {
      const sql = `SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database() AND l.classid = 0 AND l.objid = $1) AS held`;
      return (await shared.query<{ held: boolean }>(sql, [lockNumber(name)])).rows[0].held;
    },
    statementCount: () => counter.count,
    ping: async () => {
      await shared.query('SELECT 1');
    },
    close: async () => {
      await notifications.close();
      for (const shop of await Promise.allSettled(opened.values())) {
        if (shop.status !== 'fulfilled') continue;
        await shop.value.context.prisma.$disconnect();
        if (!shop.value.context.pool.ended) await shop.value.context.pool.end();
      }
      await shared.end();
    },
    apiKeys: apiKeyStore(shared) satisfies ApiKeyStore,
  };
  return store;
}

/** A number for the name of a lock, far from those of other programs by its size. */
function lockNumber(name: string): number {
  return 1_000_000_000 + (createHash('sha256').update(name).digest().readUInt32BE() % 1_000_000_000);
}

async function asksForRole(pool: pg.Pool, databaseUrl: string): Promise<boolean> {
  try {
    const sql = `SELECT rolsuper AND EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS super FROM pg_roles WHERE rolname = current_user`;
    return (await pool.query<{ super: boolean }>(sql, [APPLICATION_ROLE])).rows[0].super;
  } catch (thrown) {
    await pool.end();
    throw databaseUnreachable(databaseUrl, thrown);
  }
}

function shopStore(context: ShopContext): ShopStore {
  return {
    shopId: context.shopId,
    shopKey: context.shopKey,
    ...catalogueReads(context),
    ...behaviourReads(context),
    ...bulkWrites(context),
    ...historyReads(context),
    ...runStore(context),
    ...evaluationStore(context),
    ...trialStore(context),
    ...versionStore(context),
    ...customTaskStore(context),
    ...retentionStore(context),
    ...sourceStore(context),
    ...quarantineStore(context),
    ...identityStore(context),
    ...dataJobStore(context),
    ...connectionStore(context),
    ...scheduleStore(context),
    ...importPositionStore(context),
    openHistoryFiles: (directory, options) => openHistoryFiles(context, directory, options),
    eraseUser: (externalId) => eraseUser(context, externalId),
    query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
      (await context.pool.query(sql, [...parameters])).rows as Row[],
  };
}
