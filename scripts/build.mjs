// Compiles src/ (and bench/ on request) to dist/ with SWC when a source is newer than what is there.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STAMP = join(ROOT, 'dist', '.built');
const CONFIGS = ['.swcrc', 'package.json'];

/** Newest change under a folder, in milliseconds; folders count too, so that a removed file is seen. */
function newestChange(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  let newest = stat.mtimeMs;
  for (const name of readdirSync(path)) {
    if (name === 'dashboard' || name === 'dist') continue;
    newest = Math.max(newest, newestChange(join(path, name)));
  }
  return newest;
}

/**
 * Brings dist/ up to date.
 *
 * @returns whether something was compiled
 */
export function build() {
  const started = new Date();
  const sources = ['src', 'bench'].filter((name) => existsSync(join(ROOT, name)));
  const newest = Math.max(...[...sources, ...CONFIGS].map((name) => newestChange(join(ROOT, name))));
  if (existsSync(STAMP) && statSync(STAMP).mtimeMs >= newest) return false;
  // Compiled beside dist/ and moved in one step, so that a process that starts meanwhile finds all or nothing new.
  const fresh = `dist.${process.pid}`;
  const swc = createRequire(import.meta.url).resolve('@swc/cli/bin/swc.js');
  const args = [swc, ...sources, '-d', fresh, '--ignore', 'src/dashboard/**', '--quiet'];
  const done = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  if (done.status !== 0) {
    rmSync(join(ROOT, fresh), { recursive: true, force: true });
    throw new Error(`The build failed:\n${done.stderr || done.stdout}`);
  }
  const old = `${fresh}.old`;
  if (existsSync(join(ROOT, 'dist'))) renameSync(join(ROOT, 'dist'), join(ROOT, old));
  renameSync(join(ROOT, fresh), join(ROOT, 'dist'));
  rmSync(join(ROOT, old), { recursive: true, force: true });
  writeFileSync(STAMP, '');
  // A source saved while compiling is newer than the stamp, and so is compiled next time.
  utimesSync(STAMP, started, started);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(build() ? 'Built dist/.' : 'dist/ is up to date.');
}
