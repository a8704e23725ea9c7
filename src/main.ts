/** The API process: what `npm start` runs. */
import { printError } from './cli/output.js';
import { readConfig } from './config.js';
import { serve } from './serve.js';

try {
  await serve(readConfig());
} catch (thrown) {
  process.exitCode = printError(thrown, { json: false });
  // Something may still hold the event loop open (a half-started server); there is nothing left to wait for.
  process.exit();
}
