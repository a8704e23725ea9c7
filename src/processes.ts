/** Starting and stopping the child processes that hold TensorFlow. */
import { type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

import { threadEnvironment } from './nn/threads.js';
import { quietFork } from './quiet-fork.js';
import { PROJECT_ROOT } from './root.js';
import type { Runtime } from './runtime.js';

/** How long a child has to end by itself before it is killed. */
const STOP_MS = 10_000;
const RESTART_MS = 1000;
/** Held by every worker for as long as it lives. */
export const WORKER_LOCK = 'worker';

export interface ManagedProcess {
  /** Resolves when the process does its work for the first time. */
  readonly ready: Promise<void>;
  /** Resolves when the process has ended for good. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Starts a worker; when it dies, another takes its place until `stop`. */
export function startWorker(runtime: Runtime): ManagedProcess {
  let child: ChildProcess | undefined;
  let isStopping = false;
  let markEnded: () => void = () => undefined;
  let markReady: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    markReady = resolve;
  });
  const ended = new Promise<void>((resolve) => {
    markEnded = resolve;
  });
  const start = () => {
    child = quietFork(join(PROJECT_ROOT, 'dist', 'src', 'worker.js'), {
      env: {
        ...process.env,
        ...threadEnvironment(runtime.config.workerThreads === 'all' ? 'large' : 'small'),
        // TensorFlow prints what it optimises.
        TF_CPP_MIN_LOG_LEVEL: process.env.TF_CPP_MIN_LOG_LEVEL ?? '3',
        DATABASE_URL: runtime.databaseUrl,
        TANDEM_DATA: runtime.config.dataDir,
      },
    });
    child.once('message', () => markReady());
    child.once('exit', (code, signal) => {
      child = undefined;
      if (isStopping) return markEnded();
      runtime.log.warn({ code, signal }, 'A worker ended; another takes its place.');
      setTimeout(() => (isStopping ? markEnded() : start()), RESTART_MS);
    });
  };
  start();
  return {
    ready,
    ended,
    stop: async () => {
      isStopping = true;
      if (!child) return markEnded();
      const killed = child;
      killed.kill('SIGTERM');
      const timer = setTimeout(() => killed.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** A worker for the length of one command, where the installation has none running. */
export async function startWorkerIfNone(runtime: Runtime): Promise<ManagedProcess | null> {
  return (await runtime.store.isHeld(WORKER_LOCK)) ? null : startWorker(runtime);
}
