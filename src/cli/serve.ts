import type { Command } from 'commander';

import { readConfig } from '../config.js';
import { defineCommand, wholeNumber } from './command.js';

/** `serve`: the API with everything it needs, as `npm start` does. */
export function addServeCommand(program: Command): void {
  const command = defineCommand(program, 'serve', 'serve the API, the dashboard and the explorer');
  command.option('--port <number>', 'port to listen on (default: PORT or 4000)', wholeNumber(0, 65_535));
  command.action(async (flags: { port?: number }) => {
    const config = readConfig();
    // The API takes a while to load: other commands do without it.
    const { serve } = await import('../serve.js');
    await serve({ ...config, port: flags.port ?? config.port });
  });
}
