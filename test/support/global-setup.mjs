// One PostgreSQL for the run, with a migrated template from which each test file clones its own database.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pg from 'pg';

import { build } from '../../scripts/build.mjs';

export default async function setUp() {
  build();
  const { migrate, startEmbeddedPostgres } = await import('../../dist/src/store/index.js');
  const directory = mkdtempSync(join(process.getuid?.() === 0 ? '/var/tmp' : tmpdir(), 'tandem-test-'));
  const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
  const server = await startEmbeddedPostgres({ directory: join(directory, 'pg'), settings });
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query('CREATE DATABASE tandem_template');
  await admin.end();
  const template = server.url.replace(/[^/]*$/, 'tandem_template');
  await migrate(template);
  process.env.TANDEM_TEST_SERVER = server.url;
  globalThis.stopTestServer = async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  };
}
