import type { Command } from 'commander';

import { readConfig } from '../config.js';
import { startWorker } from '../processes.js';
import { openRuntime } from '../runtime.js';
import { defineCommand } from './command.js';

/** `worker`: takes runs from the queue until stopped; any number, on any machine that reaches the database. */
export function addWorkerCommand(program: Command): void {
  const command = defineCommand(program, 'worker', 'take training runs from the queue until stopped');
  command.action(async () => {
    const runtime = await openRuntime(readConfig(), 'worker');
    const worker = startWorker(runtime);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void worker.stop());
    await worker.ended;
    await runtime.close();
  });
}
