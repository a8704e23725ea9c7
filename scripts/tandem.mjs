#!/usr/bin/env node
// npm run tandem -- <command>: sets up what is missing, compiles when a source changed, then runs the command line.
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from './build.mjs';
import { ensureSetup } from './setup.mjs';

await ensureSetup({ quiet: true });
build();
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
await import(pathToFileURL(join(ROOT, 'dist', 'src', 'cli.js')).href);
