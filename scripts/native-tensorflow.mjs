// Native TensorFlow for @tensorflow/tfjs-node, by a ladder: what is there; what the cache holds; the package's own download; the TensorFlow
// wheel from the Python registry, with the binding built against it; else TensorFlow.js in plain JavaScript, with one warning.
// What was built stays in a cache outside node_modules, so that the next installation links it in a second.
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PACKAGE = join(ROOT, 'node_modules', '@tensorflow', 'tfjs-node');
const BINDING = join(PACKAGE, 'lib', 'napi-v8', 'tfjs_binding.node');
const LIBRARY = join(PACKAGE, 'deps', 'lib', 'libtensorflow.so');
const TENSORFLOW = '2.18.1';
const WHEEL_FILES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
const UNAVAILABLE = join(ROOT, 'node_modules', '.tandem-no-native-tensorflow');
const OFFICIAL_TIMEOUT_MS = 60_000;

const isThere = () => existsSync(BINDING) && existsSync(LIBRARY);

function cacheDirectory() {
  const base = process.env.TANDEM_CACHE || join(homedir(), '.cache', 'tandem');
  const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
  return join(base, `tensorflow-${TENSORFLOW}-binding-${version}-${process.platform}-${process.arch}`);
}

/** @param {(line: string) => void} say */
export async function ensureNativeTensorflow(say) {
  if (isThere() || existsSync(UNAVAILABLE)) return;
  if (restoreFromCache()) return;
  say('Set-up: native TensorFlow is not there yet; this takes half a minute, once.');
  const reasons = [];
  for (const [name, attempt] of [
    ["the package's own download", installOfficial],
    ['the TensorFlow wheel', buildAgainstWheel],
  ]) {
    try {
      attempt(say);
      if (!loads()) throw new Error('it was built but does not load');
      say(`Set-up: native TensorFlow is ready (${name}).`);
      return;
    } catch (thrown) {
      reasons.push(`${name}: ${thrown.message}`);
      removeRemains();
    }
  }
  writeFileSync(UNAVAILABLE, `${reasons.join('\n')}\n`);
  say(
    `WARNING: native TensorFlow could not be set up; training runs in plain JavaScript, 10 to 50 times slower.\n  ${reasons.join('\n  ')}\n` +
      '  To mend it: install g++, make, python3 and pip, then run: npm run setup -- --again',
  );
}

/** The same in a process of its own, so that the caller can go on. @returns resolves when it has ended, however it went */
export function beginNativeTensorflow() {
  if (isThere() || existsSync(UNAVAILABLE)) return Promise.resolve();
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], { stdio: ['ignore', 2, 2] });
  return new Promise((resolve) => child.once('error', resolve).once('close', resolve));
}

export async function inspectNativeTensorflow() {
  const why = existsSync(UNAVAILABLE)
    ? readFileSync(UNAVAILABLE, 'utf8').trim().replaceAll('\n', '; ')
    : 'not set up yet';
  return {
    name: 'native TensorFlow',
    value: isThere() ? `there (cache: ${cacheDirectory()})` : `missing, plain JavaScript is used: ${why}`,
    ok: isThere(),
    hint: 'Install g++, make, python3 and pip, then run: npm run setup -- --again',
  };
}

/** Forgets that it failed before. */
export function forgetFailure() {
  rmSync(UNAVAILABLE, { force: true });
}

function run(command, args, options = {}) {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (done.error)
    throw new Error(done.error.code === 'ENOENT' ? `${command} is not installed` : done.error.message);
  if (done.status !== 0) {
    const lines = `${done.stdout}\n${done.stderr}`.trim().split('\n');
    const reason =
      lines.reverse().find((line) => /error/i.test(line)) ?? lines[0] ?? `exit code ${done.status}`;
    throw new Error(`${command} failed: ${reason.slice(0, 300)}`);
  }
  return done.stdout;
}

const nodePreGyp = () => join(ROOT, 'node_modules', '@mapbox', 'node-pre-gyp', 'bin', 'node-pre-gyp');

function installOfficial() {
  // Its script needs TensorFlow's own file host: where that is not reachable, it fails within seconds.
  run('npm', ['rebuild', '@tensorflow/tfjs-node', '--ignore-scripts=false', '--foreground-scripts'], {
    cwd: ROOT,
    timeout: OFFICIAL_TIMEOUT_MS,
  });
  if (!isThere()) throw new Error('it left no binding');
}

function buildAgainstWheel(say) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`there is no wheel for ${process.platform} ${process.arch}`);
  }
  for (const tool of ['g++', 'make']) run(tool, ['--version']);
  const work = mkdtempSync(join(tmpdir(), 'tandem-tensorflow-'));
  try {
    const deps = join(PACKAGE, 'deps');
    removeRemains();
    mkdirSync(join(deps, 'lib'), { recursive: true });
    downloadWheel(work);
    unpackWheel(work, deps);
    linkLibraries(join(deps, 'lib'));
    say('Set-up: building the binding …');
    const headers = dirname(dirname(process.execPath));
    const hasHeaders = existsSync(join(headers, 'include', 'node', 'node_api.h'));
    const given = process.env.npm_config_nodedir;
    const nodedir = given ?? (hasHeaders ? headers : undefined);
    run(
      process.execPath,
      [nodePreGyp(), 'install', '--build-from-source', ...(nodedir ? [`--nodedir=${nodedir}`] : [])],
      {
        cwd: PACKAGE,
        env: { ...process.env, npm_config_ignore_scripts: 'false' },
      },
    );
    rmSync(join(PACKAGE, 'build'), { recursive: true, force: true });
    rmSync(join(deps, 'include'), { recursive: true, force: true });
    storeInCache();
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** pip knows the machine's Python registry or mirror, and checks the file's hash. */
function downloadWheel(work) {
  const pip = [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--disable-pip-version-check',
    '--no-deps',
    '--only-binary=:all:',
  ];
  const platform = ['--platform', 'manylinux2014_x86_64', '--python-version', '311'];
  run('python3', [...pip, ...platform, `tensorflow-cpu==${TENSORFLOW}`, '-d', work]);
}

function unpackWheel(work, deps) {
  const wheel = readdirSync(work).find((name) => name.endsWith('.whl'));
  if (!wheel) throw new Error('pip downloaded no wheel');
  const script = `
import os, shutil, sys, zipfile
wheel, deps, wanted = sys.argv[1], sys.argv[2], set(sys.argv[3:])
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        inside = name.removeprefix('tensorflow/')
        if inside == name or '..' in inside or inside.endswith('/'):
            continue
        target = 'lib/' + inside if inside in wanted else inside if inside.startswith('include/') else None
        if target is None:
            continue
        path = os.path.join(deps, target)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with archive.open(name) as source, open(path, 'wb') as out:
            shutil.copyfileobj(source, out, 1 << 20)
`;
  run('python3', ['-c', script, join(work, wheel), deps, ...WHEEL_FILES]);
}

function linkLibraries(lib) {
  for (const [link, file] of [
    ['libtensorflow.so', 'libtensorflow_cc.so.2'],
    ['libtensorflow_framework.so', 'libtensorflow_framework.so.2'],
  ]) {
    rmSync(join(lib, link), { force: true });
    symlinkSync(file, join(lib, link));
  }
}

/** Moved in as a whole, so that an interrupted set-up leaves no half cache. */
function storeInCache() {
  const cache = cacheDirectory();
  if (existsSync(cache)) return;
  const fresh = `${cache}.${process.pid}`;
  try {
    mkdirSync(fresh, { recursive: true });
    cpSync(BINDING, join(fresh, 'tfjs_binding.node'));
    cpSync(join(PACKAGE, 'deps', 'lib'), join(fresh, 'lib'), { recursive: true, verbatimSymlinks: true });
    renameSync(fresh, cache);
    useLibrariesOf(cache);
  } catch {
    // A cache that cannot be written (a read-only home, a full disk) costs time at the next installation, nothing else.
    rmSync(fresh, { recursive: true, force: true });
  }
}

function restoreFromCache() {
  const cache = cacheDirectory();
  if (!existsSync(join(cache, 'tfjs_binding.node'))) return false;
  mkdirSync(dirname(BINDING), { recursive: true });
  cpSync(join(cache, 'tfjs_binding.node'), BINDING);
  useLibrariesOf(cache);
  if (loads()) return true;
  removeRemains();
  rmSync(cache, { recursive: true, force: true });
  return false;
}

/** 700 MB of libraries are linked, not copied. */
function useLibrariesOf(cache) {
  const lib = join(PACKAGE, 'deps', 'lib');
  rmSync(lib, { recursive: true, force: true });
  mkdirSync(dirname(lib), { recursive: true });
  symlinkSync(join(cache, 'lib'), lib);
}

function removeRemains() {
  for (const part of ['deps/lib', 'deps/include', 'lib', 'build'])
    rmSync(join(PACKAGE, part), { recursive: true, force: true });
}

/** Whether it computes, tried in a process of its own: a library that does not fit can end its process. */
function loads() {
  const script = `
const util = require('util');
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
const tf = require('@tensorflow/tfjs-node');
process.exit(tf.add(1, 2).dataSync()[0] === 3 ? 0 : 1);`;
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' };
  return spawnSync(process.execPath, ['-e', script], { cwd: ROOT, env, encoding: 'utf8' }).status === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await ensureNativeTensorflow((line) => process.stderr.write(`${line}\n`));
}
