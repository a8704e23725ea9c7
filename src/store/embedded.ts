/**
 * PostgreSQL from npm packages: nothing installed by hand, also as root. The server outlives a killed owner and is joined or taken
 * over by the next process; a stale lock file is removed.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

import { AppError, coerceError } from '../errors.js';
import { type Account, accountOf, isReachable, nativeDirectory, UNPRIVILEGED } from './embedded-files.js';

const DATABASE = 'tandem';
const SUPERUSER = 'tandem_owner';
const START_MS = 30_000;
const POLL_MS = 50;
const WATCH_MS = 250;
/**
 * For streams of behaviours: indexes that stay in memory, and checkpoints far apart, since after each one every page of an index that a
 * row touches goes into the log whole. Nothing here gives up durability.
 */
const BULK_SETTINGS = [
  `shared_buffers=${Math.min(512, Math.floor(totalmem() / 2 ** 22))}MB`,
  'wal_buffers=16MB',
  'max_wal_size=2GB',
  'checkpoint_timeout=15min',
  // A statement over all partitions of a table locks each with its indexes.
  'max_locks_per_transaction=256',
];

export interface EmbeddedPostgres {
  readonly url: string;
  /** Another one after the server had to be started again. */
  readonly pid: number;
  /** Whether a server was found running. */
  readonly isReused: boolean;
  /** Stops the server if this process owns it. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Where the data lives; made when missing. */
  readonly directory: string;
  /** Further `name=value` settings of the server. */
  readonly settings?: readonly string[];
}

/**
 * Starts the server on a free port of 127.0.0.1, or joins the one that already serves this directory. The first process to start it (or
 * to find it without a living owner) owns it and stops it at its end.
 *
 * @throws AppError INTERNAL with the server's own words when it cannot start
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const place = preparePlace(resolve(options.directory));
  initialise(place);
  const settings = options.settings ?? [];
  const running = findRunning(place);
  let server = running ?? (await launch(place, settings, await freePort()));
  const isOwner = claim(place, running !== undefined);
  await waitUntilReady(server);
  const stopWatching = isOwner
    ? keepAlive(
        () => isAlive(server.pid),
        async () => {
          server = findRunning(place) ?? (await launch(place, settings, server.port));
          await waitUntilReady(server);
        },
      )
    : () => Promise.resolve();
  const kill = () => {
    if (isOwner && isAlive(server.pid)) process.kill(server.pid, 'SIGINT');
  };
  process.once('exit', kill);
  return {
    url: urlOf(server.port, DATABASE),
    get pid() {
      return server.pid;
    },
    isReused: running !== undefined,
    stop: async () => {
      process.off('exit', kill);
      await stopWatching();
      kill();
      while (isOwner && isAlive(server.pid)) await sleep(POLL_MS);
    },
  };
}

/**
 * Starts a server again that ended without being asked to (killed, out of memory), on the port that all processes know. What was
 * acknowledged is in its log; clients connect again by themselves.
 *
 * @returns stops watching
 */
function keepAlive(isThere: () => boolean, restart: () => Promise<void>): () => Promise<void> {
  const stopped = new AbortController();
  const watch = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await sleep(WATCH_MS, undefined, { ref: false, signal: stopped.signal }).catch(() => undefined);
      if (stopped.signal.aborted || isThere()) continue;
      // Fails while backends of the killed server still hold its memory: then the next round tries again.
      await restart().catch((thrown: unknown) => {
        process.emitWarning(coerceError(thrown).message, 'EmbeddedPostgres');
      });
    }
  };
  const watching = watch();
  return async () => {
    stopped.abort();
    await watching;
  };
}

interface Place {
  readonly data: string;
  readonly bin: (program: string) => string;
  readonly account: Account | undefined;
}

interface Server {
  readonly pid: number;
  readonly port: number;
  readonly child?: ChildProcess;
  readonly output?: () => string;
}

/** PostgreSQL refuses to run as root: then it runs as another account, in a folder that this account can reach. */
function preparePlace(wanted: string): Place {
  const isRoot = process.getuid?.() === 0;
  mkdirSync(dirname(wanted), { recursive: true });
  const data =
    isRoot && !isReachable(dirname(wanted))
      ? join('/var/lib', `tandem${wanted.replace(/\W+/g, '-')}`)
      : wanted;
  const native = nativeDirectory(isRoot);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const owner = statSync(data);
  const account = !isRoot
    ? undefined
    : owner.uid !== 0
      ? { uid: owner.uid, gid: owner.gid }
      : (accountOf('postgres') ?? accountOf('nobody') ?? UNPRIVILEGED);
  if (account) chownSync(data, account.uid, account.gid);
  chmodSync(data, 0o700);
  return { data, account, bin: (program) => join(native, 'bin', program) };
}

const environment = () => ({ ...process.env, LC_MESSAGES: 'C' });

function initialise(place: Place): void {
  if (existsSync(join(place.data, 'PG_VERSION'))) return;
  const args = ['-D', place.data, '-U', SUPERUSER, '-A', 'trust', '-E', 'UTF8', '--locale=C'];
  const done = spawnSync(place.bin('initdb'), args, {
    ...place.account,
    env: environment(),
    encoding: 'utf8',
    cwd: '/',
  });
  if (done.status !== 0) {
    const reason = done.error?.message ?? done.stderr;
    throw new AppError(
      'INTERNAL',
      `The embedded PostgreSQL could not make its files in ${place.data}: ${reason}`,
    );
  }
}

function findRunning(place: Place): Server | undefined {
  const lock = join(place.data, 'postmaster.pid');
  if (!existsSync(lock)) return undefined;
  const [pid, , , port] = readFileSync(lock, 'utf8').split('\n');
  if (isAlive(Number(pid)) && isPostgres(Number(pid))) return { pid: Number(pid), port: Number(port) };
  rmSync(lock); // left behind by a killed server
  return undefined;
}

async function launch(place: Place, settings: readonly string[], port: number): Promise<Server> {
  const flags = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    ...BULK_SETTINGS,
    ...settings,
  ];
  const child = spawn(
    place.bin('postgres'),
    ['-D', place.data, '-p', String(port), ...flags.flatMap((flag) => ['-c', flag])],
    // A group of its own: Ctrl-C in the terminal reaches the owner, which stops the server last.
    { ...place.account, env: environment(), cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4000);
  });
  await new Promise<void>((done, fail) => {
    child.once('spawn', done);
    child.once('error', fail);
  });
  child.unref();
  (child.stderr as unknown as { unref?: () => void } | null)?.unref?.();
  return { pid: child.pid ?? -1, port, child, output: () => output };
}

/** Notes the owner beside the data; a dead owner's server is taken over. */
function claim(place: Place, isReused: boolean): boolean {
  const file = `${place.data}.owner`;
  if (isReused && existsSync(file)) {
    const owner = Number(readFileSync(file, 'utf8'));
    if (owner !== process.pid && isAlive(owner)) return false;
  }
  writeFileSync(file, String(process.pid));
  return true;
}

async function waitUntilReady(server: Server): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    if (server.child && server.child.exitCode !== null) {
      throw new AppError('INTERNAL', `The embedded PostgreSQL ended at once:\n${server.output?.() ?? ''}`);
    }
    const client = new pg.Client({ connectionString: urlOf(server.port, 'postgres') });
    try {
      await client.connect();
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
      if (!rowCount) await client.query(`CREATE DATABASE ${DATABASE}`);
      return;
    } catch (thrown) {
      // 42P04: another process made the database in the same moment.
      if ((thrown as { code?: string }).code === '42P04') return;
      if (Date.now() > deadline) {
        throw new AppError(
          'INTERNAL',
          `The embedded PostgreSQL did not answer:\n${server.output?.() ?? ''}`,
          {},
          { cause: thrown },
        );
      }
      await sleep(POLL_MS);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

const urlOf = (port: number, database: string) => `postgresql://${SUPERUSER}@127.0.0.1:${port}/${database}`;

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A process id may have been given to another program since; where /proc is missing, trust it. */
function isPostgres(pid: number): boolean {
  const file = `/proc/${pid}/cmdline`;
  return !existsSync('/proc/self') || (existsSync(file) && readFileSync(file, 'utf8').includes('postgres'));
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? done(address.port) : fail(new Error('No port.')),
      );
    });
  });
}
