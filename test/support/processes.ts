/** The product's own processes, as they are compiled, for tests that kill, starve and misuse them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

import { threadEnvironment } from '../../src/nn/threads.js';
import { PROJECT_ROOT } from '../../src/root.js';

export interface RunningProcess {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly output: { stdout: string; stderr: string };
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Resolves when standard error holds the text. @throws Error with what it printed when it ends before or takes too long */
  saysOnError(text: string | RegExp, withinMs?: number): Promise<void>;
}

export interface ProcessOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** @param entry file of dist/src, without its extension: main, worker, cli */
export function startProcess(
  entry: 'main' | 'worker' | 'cli',
  args: readonly string[] = [],
  options: ProcessOptions = {},
): RunningProcess {
  const { env = {}, ...place } = options;
  const child = spawn(process.execPath, [join(PROJECT_ROOT, 'dist', 'src', `${entry}.js`), ...args], {
    ...place,
    env: { ...process.env, ...threadEnvironment('small'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 0));
  });
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  return {
    child,
    output,
    ended,
    saysOnError: (text, withinMs = 30_000) =>
      until(
        () => {
          const isThere = typeof text === 'string' ? output.stderr.includes(text) : text.test(output.stderr);
          if (!isThere && hasEnded) throw new Error(`It ended before it said "${String(text)}".`);
          return Promise.resolve(isThere);
        },
        withinMs,
        () => `${output.stdout}\n${output.stderr}`,
      ),
  };
}

/** Ends a process the way it asks for, or, when it takes longer than ten seconds, by force. */
export async function stopProcess({ child, ended }: RunningProcess): Promise<number | NodeJS.Signals> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  try {
    return await ended;
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again until the answer is yes. @throws Error with what `explain` says when it takes too long or asking fails */
export async function until(
  isDone: () => Promise<boolean>,
  withinMs: number,
  explain: () => string = () => '',
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await isDone())) {
    if (Date.now() > deadline) throw new Error(`Not done within ${withinMs} ms. ${explain()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
