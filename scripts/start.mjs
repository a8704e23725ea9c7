// npm start: sets up what is missing, compiles when a source changed, then serves. What takes long (native TensorFlow, the dashboard) is
// made beside the start of PostgreSQL and the import; what needs it waits for it.
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from './build.mjs';
import { buildDashboard } from './dashboard.mjs';
import { beginSetup } from './setup.mjs';

const { tensorflow } = beginSetup();
build();
// Without its pages the API is still worth serving; it says so where they would be.
buildDashboard().catch((thrown) => console.error(`The dashboard could not be built: ${thrown.message}`));
const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const { main } = await import(pathToFileURL(join(ROOT, 'dist', 'src', 'main.js')).href);
await main(tensorflow);
