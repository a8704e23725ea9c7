import type { Command } from 'commander';

import { readConfig } from '../config.js';
import { startWorker } from '../processes.js';
import { openRuntime } from '../runtime.js';
import { defineCommand, globalOptions } from './command.js';
import { printResult } from './output.js';

/** `worker`: takes runs from the queue until stopped; any number, on any machine that reaches the database. */
export function addWorkerCommand(program: Command): void {
  const command = defineCommand(program, 'worker', 'take training runs from the queue until stopped');
  command.action(async () => {
    const options = globalOptions(command);
    const runtime = await openRuntime(readConfig(), 'worker');
    const worker = startWorker(runtime);
    void worker.ready.then(() => {
      if (options.json) printResult(options, { ready: true }, '');
      else process.stderr.write('Taking runs from the queue until stopped (Ctrl-C).\n');
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void worker.stop());
    await worker.ended;
    await runtime.close();
  });
}
