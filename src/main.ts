/** The API process: what `npm start` runs. */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { printError } from './cli/output.js';
import { readConfig } from './config.js';
import { serve } from './serve.js';

/** @param isTensorflowReady resolves when processes that load TensorFlow may start; the API serves before */
export async function main(isTensorflowReady: Promise<unknown> = Promise.resolve()): Promise<void> {
  try {
    await serve(readConfig(), isTensorflowReady);
  } catch (thrown) {
    process.exitCode = printError(thrown, { json: false });
    // Something may still hold the event loop open (a half-started server); there is nothing left to wait for.
    process.exit();
  }
}

if (realpathSync(process.argv[1]) === realpathSync(fileURLToPath(import.meta.url))) await main();
