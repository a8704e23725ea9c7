// npm test [-- jest arguments]: sets up what is missing, then runs the whole suite, or the files named.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from './build.mjs';
import { ensureSetup } from './setup.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
await ensureSetup({ quiet: false });
// Tests of the processes (worker, serving host, command line) start the compiled ones.
build();

const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
const child = spawn(
  process.execPath,
  ['--experimental-vm-modules', '--no-warnings', jest, ...process.argv.slice(2)],
  {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, NODE_ENV: 'test', TF_CPP_MIN_LOG_LEVEL: '3' },
  },
);
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
