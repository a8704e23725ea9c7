import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { type Config, describeSettings, maskUrl, readConfig, type SettingReport } from './config.js';
import { coerceError } from './errors.js';
import { PROJECT_ROOT } from './root.js';
import { openRuntime } from './runtime.js';

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
    checks.push(await inspectPort(config), await inspectDatabase(config), inspectDashboard());
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

async function inspectDatabase(config: Config): Promise<Check> {
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
      return { name, value: `${where}: ${counts}`, ok: true };
    } finally {
      await runtime.close();
    }
  } catch (thrown) {
    return {
      name,
      value: `${where}: ${coerceError(thrown).message}`,
      ok: false,
      hint: config.databaseUrl
        ? 'Check DATABASE_URL, and that PostgreSQL runs and lets this user in.'
        : 'See the message; removing the folder starts afresh, without its data.',
    };
  }
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
