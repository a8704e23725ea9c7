// Whether prisma/migrations make the database that prisma/schema.prisma describes: applies them to a fresh one and compares.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { migrate, startEmbeddedPostgres } from '../dist/src/store/index.js';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const directory = mkdtempSync(join(process.getuid?.() === 0 ? '/var/tmp' : tmpdir(), 'tandem-migrations-'));
const server = await startEmbeddedPostgres({ directory: join(directory, 'pg'), settings: ['fsync=off'] });
let status = 1;
try {
  await migrate(server.url);
  const prisma = join(ROOT, 'node_modules', '.bin', 'prisma');
  const args = [
    'migrate',
    'diff',
    '--from-config-datasource',
    '--to-schema',
    'prisma/schema.prisma',
    '--exit-code',
  ];
  const done = spawnSync(prisma, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, DATABASE_URL: server.url },
  });
  // 0: they agree; 2: they differ.
  status = done.status ?? 1;
  if (status !== 0) console.error(`${done.stdout}${done.stderr}`);
} finally {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
}
process.exit(status);
