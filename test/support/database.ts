import { randomUUID } from 'node:crypto';

import pg from 'pg';

import { openStore, type ShopStore, type Store } from '../../src/store/index.js';

export interface TestDatabase {
  readonly url: string;
  readonly store: Store;
  /** The shop `default`. */
  readonly shop: ShopStore;
  /** Closes the store and drops the database. */
  drop(): Promise<void>;
}

/** A migrated database of one test file's own, on the run's server. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env.TANDEM_TEST_SERVER;
  if (!server)
    throw new Error('The test run has no PostgreSQL: jest must use test/support/global-setup.mjs.');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(server, `CREATE DATABASE ${name} TEMPLATE tandem_template`);
  const url = server.replace(/[^/]*$/, name);
  const store = await openStore({ databaseUrl: url });
  return {
    url,
    store,
    shop: await store.forShop('default'),
    drop: async () => {
      await store.close();
      await administer(server, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function administer(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
