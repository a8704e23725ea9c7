// npm start: sets up what is missing, compiles when a source changed, then serves.
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from './build.mjs';
import { buildDashboard } from './dashboard.mjs';
import { ensureSetup } from './setup.mjs';

await ensureSetup({ quiet: false });
build();
// Without its pages the API is still worth serving; it says so where they would be.
await buildDashboard().catch((thrown) =>
  console.error(`The dashboard could not be built: ${thrown.message}`),
);
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
await import(pathToFileURL(join(ROOT, 'dist', 'src', 'main.js')).href);
