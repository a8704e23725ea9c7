// npm run check: every static rule, one line each; exit code 1 when one is broken. `-- --fix` mends what can be mended.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from './build.mjs';
import { ensureSetup } from './setup.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const isFix = process.argv.includes('--fix');
const isCounting = process.argv.includes('--counts');

const bin = (name) => join(ROOT, 'node_modules', '.bin', name);
const CHECKS = [
  ['formatting', [bin('prettier'), isFix ? '--write' : '--check', '--log-level', 'warn', '.']],
  ['lint', [bin('eslint'), ...(isFix ? ['--fix'] : []), '--max-warnings', '0', '.']],
  ['types', [bin('tsc'), '--noEmit', '-p', '.']],
  ['types of the dashboard', [bin('tsc'), '--noEmit', '-p', 'src/dashboard']],
  ['dependency rule', [bin('depcruise'), '--config', '.dependency-cruiser.cjs', 'src', 'bench']],
  ['spelling', [bin('cspell'), '--no-progress', '--quiet']],
  ['API schema as emitted', [process.execPath, 'scripts/check-schema.mjs', ...(isFix ? ['--write'] : [])]],
  ['Prisma schema and migrations agree', [process.execPath, 'scripts/check-migrations.mjs']],
];

await ensureSetup({ quiet: true });
build();
let passed = 0;
const failed = [];
for (const [name, [command, ...args]] of CHECKS) {
  const started = Date.now();
  const done = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, FORCE_COLOR: '0' },
  });
  const isFine = done.status === 0;
  if (isFine) passed++;
  else failed.push(name);
  console.log(`${isFine ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  if (!isFine) console.log(`${done.stdout ?? ''}${done.stderr ?? ''}`.trim());
}
if (isCounting) console.log(JSON.stringify({ passed, failed: failed.length }));
process.exit(failed.length > 0 ? 1 : 0);
