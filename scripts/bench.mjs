// npm run bench -- <name> [flags]: compiles, then runs bench/<name>.ts; the last line that it prints is one JSON object.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from './build.mjs';
import { ensureSetup } from './setup.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const [name, ...flags] = process.argv.slice(2);
const names = readdirSync(join(ROOT, 'bench'))
  .filter((file) => /^[a-z-]+\.ts$/.test(file))
  .map((file) => file.slice(0, -3));

if (!name || !existsSync(join(ROOT, 'bench', `${name}.ts`))) {
  console.error(`Usage: npm run bench -- <name> [flags]\nNames: ${names.join(', ')}`);
  process.exit(2);
}
await ensureSetup({ quiet: true });
build();
const { default: run } = await import(pathToFileURL(join(ROOT, 'dist', 'bench', `${name}.js`)).href);
await run(flags);
process.exit(process.exitCode ?? 0);
