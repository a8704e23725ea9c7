// npm start: sets up what is missing, compiles when a source changed, then serves.
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from './build.mjs';
import { buildDashboard } from './dashboard.mjs';
import { ensureSetup } from './setup.mjs';

await ensureSetup({ quiet: false });
build();
await buildDashboard();
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
await import(pathToFileURL(join(ROOT, 'dist', 'src', 'main.js')).href);
