import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { type Config, describeSettings, maskUrl, readConfig, type SettingReport } from './config.js';
import { coerceError } from './errors.js';
import { PROJECT_ROOT } from './root.js';
import { openRuntime } from './runtime.js';
import type { ShopStore } from './store/index.js';

/** The partition and its indexes. */
const LOCKS_A_PARTITION = 5;
/** What API and workers may have under way over whole tables. */
const STATEMENTS_AT_ONCE = 20;

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  readonly value: string;
  readonly ok: boolean;
  /** How to mend it. */
  readonly hint?: string;
}

export interface InstallationReport {
  readonly checks: readonly Check[];
  readonly settings: readonly SettingReport[];
}

/** What is installed, whether the settings hold, whether the database and the port answer. */
export async function inspectInstallation(): Promise<InstallationReport> {
  const setup = (await import(pathToFileURL(join(PROJECT_ROOT, 'scripts', 'setup.mjs')).href)) as {
    inspectSetup(): Promise<Check[]>;
  };
  const checks = [...(await setup.inspectSetup())];
  try {
    const config = readConfig();
    checks.push({ name: 'settings', value: 'valid', ok: true });
    checks.push(await inspectPort(config), ...(await inspectDatabase(config)), inspectDashboard());
  } catch (thrown) {
    checks.push({
      name: 'settings',
      value: coerceError(thrown).message,
      ok: false,
      hint: 'Correct the environment variables named above.',
    });
  }
  return { checks, settings: describeSettings() };
}

async function inspectDatabase(config: Config): Promise<Check[]> {
  const name = 'database';
  const where = config.databaseUrl
    ? maskUrl(config.databaseUrl)
    : `embedded, in ${join(config.dataDir, 'pg')}`;
  try {
    const runtime = await openRuntime(config, 'doctor');
    try {
      const shop = await runtime.store.forShop('default');
      const counts = Object.entries(await shop.counts())
        .map(([table, rows]) => `${rows} ${table}`)
        .join(', ');
      return [{ name, value: `${where}: ${counts}`, ok: true }, await inspectLocks(shop)];
    } finally {
      await runtime.close();
    }
  } catch (thrown) {
    return [
      {
        name,
        value: `${where}: ${coerceError(thrown).message}`,
        ok: false,
        hint: config.databaseUrl
          ? 'Check DATABASE_URL, and that PostgreSQL runs and lets this user in.'
          : 'See the message; removing the folder starts afresh, without its data.',
      },
    ];
  }
}

/** A statement over a growing table takes a lock for each partition and each of its indexes, out of a table that all statements share. */
async function inspectLocks(shop: ShopStore): Promise<Check> {
  const [{ locks, connections, partitions }] = await shop.query<
    Record<'locks' | 'connections' | 'partitions', number>
  >(
    `SELECT current_setting('max_locks_per_transaction')::int AS locks, current_setting('max_connections')::int AS connections,
       (SELECT count(*)::int FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent IN (to_regclass('behaviours'), to_regclass('transactions'))) AS partitions`,
  );
  const relations = partitions * LOCKS_A_PARTITION;
  const needed = Math.ceil((relations * STATEMENTS_AT_ONCE) / connections);
  return {
    name: 'locks',
    value: `room for ${locks * connections}; ${STATEMENTS_AT_ONCE} statements over all partitions take ${relations * STATEMENTS_AT_ONCE}`,
    ok: locks >= needed,
    hint: `Set max_locks_per_transaction to at least ${needed} in postgresql.conf and restart PostgreSQL.`,
  };
}

function inspectPort(config: Config): Promise<Check> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      // A running Tandem holds its own port: worth saying, not wrong.
      const value =
        error.code === 'EADDRINUSE' ? `${config.port} is in use (by Tandem, if it runs)` : error.message;
      resolve({ name: 'port', value, ok: error.code === 'EADDRINUSE', hint: 'Set PORT or HOST.' });
    });
    server.listen(config.port, config.host, () =>
      server.close(() => resolve({ name: 'port', value: `${config.host}:${config.port} is free`, ok: true })),
    );
  });
}

function inspectDashboard(): Check {
  const isBuilt = existsSync(join(PROJECT_ROOT, 'src', 'dashboard', 'dist', 'index.html'));
  return { name: 'dashboard', value: isBuilt ? 'built' : 'not built yet; npm start builds it', ok: true };
}
