import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

import { threadEnvironment, type Work } from './threads.js';

/**
 * What a child runs: imports the module, then answers each input with its default export's result. Given as text, so that it is there
 * wherever this file was compiled to.
 */
const CHILD = `
let work;
process.on('message', async ({ module, input }) => {
  try {
    work ??= (await import(module)).default;
    process.send({ result: await work(input) });
  } catch (error) {
    process.send({ error: error instanceof Error ? error : new Error(String(error)) });
  }
});
process.on('disconnect', () => process.exit());
`;

interface Answer<O> {
  readonly result?: O;
  readonly error?: Error;
}

export interface ProcessOptions {
  /** Children at a time; one a core unless said. */
  readonly processes?: number;
  /** Threads of each child: 'small' (one) unless said. */
  readonly work?: Work;
  /** Aborted: children are ended, and the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * Runs independent work (folds, members of an ensemble, trials of a search) in processes of their own, each with its own TensorFlow: two
 * trainings of one thread each get more done than one of two threads.
 *
 * @param module  file URL of a compiled module whose default export is `(input) => Promise<result>`
 * @param inputs  structured-cloneable (typed arrays are copied), one for each call
 * @returns results in the order of the inputs
 * @throws the first error of a call, after ending the other children; signal.reason when aborted
 */
export async function runInProcesses<I, O>(
  module: URL,
  inputs: readonly I[],
  options: ProcessOptions = {},
): Promise<O[]> {
  const { processes = availableParallelism(), work = 'small', signal } = options;
  signal?.throwIfAborted();
  const results = new Array<O>(inputs.length);
  const children: ChildProcess[] = [];
  let next = 0;
  const runChild = async () => {
    const child = startChild(work);
    children.push(child);
    while (next < inputs.length) {
      const at = next++;
      results[at] = await ask<I, O>(child, module, inputs[at], signal);
    }
    child.disconnect();
  };
  try {
    await Promise.all(Array.from({ length: Math.min(processes, inputs.length) }, runChild));
    return results;
  } finally {
    for (const child of children) if (child.exitCode === null && child.connected) child.kill();
  }
}

function startChild(work: Work): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '--eval', CHILD], {
    env: { ...process.env, ...threadEnvironment(work) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
}

/** Sends one input and waits for its answer. */
function ask<I, O>(child: ChildProcess, module: URL, input: I, signal: AbortSignal | undefined): Promise<O> {
  return new Promise<O>((resolve, reject) => {
    const settle = (act: () => void) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      child.off('error', onError);
      signal?.removeEventListener('abort', onAbort);
      act();
    };
    const onMessage = (answer: unknown) => {
      const { result, error } = answer as Answer<O>;
      settle(() => (error ? reject(error) : resolve(result as O)));
    };
    const onExit = (code: number | null, name: string | null) =>
      settle(() => reject(new Error(`A child process ended (${name ?? `code ${code}`}) before it answered`)));
    const onError = (error: Error) => settle(() => reject(error));
    const onAbort = () => settle(() => reject(signal!.reason as Error));
    child.on('message', onMessage);
    child.on('exit', onExit);
    child.on('error', onError);
    signal?.addEventListener('abort', onAbort);
    child.send({ module: module.href, input });
  });
}
