// Whether prisma/migrations make the database that prisma/schema.prisma describes: one database is made by the migrations, another by the
// statements that Prisma writes for the schema, and their columns, indexes and keys are compared. That a table is in partitions Prisma does
// not know: an index of one (`ON ONLY`) counts as an index.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import pg from 'pg';

import { migrate, startEmbeddedPostgres } from '../dist/src/store/index.js';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SHAPE = `
  SELECT 'column ' || table_name || '.' || column_name || ' ' || udt_name || coalesce('(' || numeric_precision || ',' || numeric_scale || ')', '')
    || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS line
  FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'
  UNION ALL
  SELECT 'index ' || replace(indexdef, ' ON ONLY ', ' ON ') FROM pg_indexes WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'
  UNION ALL
  SELECT 'enum ' || t.typname || ' ' || e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
  ORDER BY 1`;

async function shapeOf(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(SHAPE);
  await client.end();
  return rows.map((row) => row.line);
}

async function run(url, ...statements) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

const directory = mkdtempSync(join(process.getuid?.() === 0 ? '/var/tmp' : tmpdir(), 'tandem-migrations-'));
const server = await startEmbeddedPostgres({ directory: join(directory, 'pg'), settings: ['fsync=off'] });
const differences = [];
try {
  const [migrated, described] = ['migrated', 'described'].map((name) => server.url.replace(/[^/]*$/, name));
  await run(server.url, 'CREATE DATABASE migrated', 'CREATE DATABASE described');
  await migrate(migrated);
  const args = ['migrate', 'diff', '--from-empty', '--to-schema', 'prisma/schema.prisma', '--script'];
  const env = { ...process.env, DATABASE_URL: server.url };
  const done = spawnSync(join(ROOT, 'node_modules', '.bin', 'prisma'), args, {
    cwd: ROOT,
    encoding: 'utf8',
    env,
  });
  if (done.status !== 0 || !done.stdout.includes('CREATE TABLE'))
    throw new Error(`Prisma wrote no statements:\n${done.stderr}`);
  await run(described, done.stdout);
  const [made, wanted] = [await shapeOf(migrated), await shapeOf(described)];
  differences.push(
    ...wanted.filter((line) => !made.includes(line)).map((line) => `only in prisma/schema.prisma: ${line}`),
    ...made.filter((line) => !wanted.includes(line)).map((line) => `only in prisma/migrations: ${line}`),
  );
} finally {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
}
for (const difference of differences) console.error(difference);
process.exit(differences.length > 0 ? 1 : 0);
