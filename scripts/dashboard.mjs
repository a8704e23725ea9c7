// Builds the admin dashboard and the GraphQL explorer (src/dashboard) into src/dashboard/dist when a source is newer than what is
// there. `node scripts/dashboard.mjs` builds; `--serve` serves the sources with reload, in front of a server on port 4000.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCE = join(ROOT, 'src', 'dashboard');
const DIST = join(SOURCE, 'dist');
const STAMP = join(DIST, '.built');
/** What the pages are made from, besides src/dashboard itself. */
const INPUTS = [
  'graphql/operations/admin-dashboard',
  'README.md',
  'package-lock.json',
  'scripts/dashboard.mjs',
];

/** Newest change under a folder, in milliseconds; folders count too, so that a removed file is seen. */
function newestChange(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  const names = readdirSync(path).filter((name) => !/^dist(\.|$)/.test(name));
  // The dashboard's own folder changes with every build, as dist/ is renamed into it.
  const own = path === SOURCE ? 0 : stat.mtimeMs;
  return Math.max(own, ...names.map((name) => newestChange(join(path, name))));
}

function isUpToDate() {
  if (!existsSync(STAMP)) return false;
  const builtMs = statSync(STAMP).mtimeMs;
  return [SOURCE, ...INPUTS.map((input) => join(ROOT, input))].every((path) => newestChange(path) <= builtMs);
}

/**
 * Brings src/dashboard/dist up to date. Runs in a process of its own: the bundler takes some 700 MB that the caller would keep.
 *
 * @returns whether something was built
 * @throws Error with the bundler's words
 */
export async function buildDashboard() {
  if (isUpToDate()) return false;
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
    cwd: ROOT,
    // Under tests NODE_ENV says so, and React would come as its slow development build.
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`The dashboard's build failed:\n${errors.trim()}`);
  return true;
}

async function viteConfig() {
  const { default: react } = await import('@vitejs/plugin-react');
  return { root: SOURCE, configFile: false, plugins: [react()], publicDir: false };
}

async function buildNow() {
  const { build } = await import('vite');
  const started = new Date();
  const fresh = join(SOURCE, `dist.${process.pid}`);
  try {
    await build({
      ...(await viteConfig()),
      logLevel: 'error',
      build: {
        outDir: fresh,
        // Nothing inlined, so that pages work under a policy without data: and inline scripts.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
        rolldownOptions: {
          input: { index: join(SOURCE, 'index.html'), explorer: join(SOURCE, 'explorer', 'index.html') },
          onwarn: () => undefined,
        },
      },
    });
    writeFileSync(join(fresh, '.built'), '');
    // A source saved meanwhile is newer than the stamp, and so is built next time.
    utimesSync(join(fresh, '.built'), started, started);
    rmSync(DIST, { recursive: true, force: true });
    renameSync(fresh, DIST);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

async function serveSources() {
  const { createServer } = await import('vite');
  const target = `http://localhost:${process.env.PORT ?? 4000}`;
  const server = await createServer({
    ...(await viteConfig()),
    server: { proxy: { '/graphql': { target, ws: true } } },
  });
  await server.listen();
  server.printUrls();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await (process.argv.includes('--serve') ? serveSources() : buildNow());
}
