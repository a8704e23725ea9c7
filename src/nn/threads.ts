/**
 * How many threads TensorFlow takes. It reads these variables once, when its library loads, so they are set for a process:
 * in the environment of a child, or in `process.env` before anything imports `backend.ts`.
 */

/** 'small': nets of up to about a million multiply-adds a step, and serving; 'large': anything that fills the cores. */
export type Work = 'small' | 'large';

/**
 * Environment of a process that does the given work.
 *
 * A small net is 2 to 6 times faster on one thread, because nothing is handed between threads, and without oneDNN, whose
 * set-up costs more than the product of two small matrices. -1 threads between ops means that the caller's own thread runs the
 * graph: a prediction of one row takes 16 µs, with 1 it takes 25. Large batches and embedding tables want every core.
 */
export function threadEnvironment(work: Work): Record<string, string> {
  const quiet = { TF_CPP_MIN_LOG_LEVEL: '3' };
  if (work === 'large') return quiet;
  return {
    ...quiet,
    TF_NUM_INTEROP_THREADS: '-1',
    TF_NUM_INTRAOP_THREADS: '1',
    TF_ENABLE_ONEDNN_OPTS: '0',
  };
}

/** Sets `threadEnvironment(work)` in this process; has an effect only before `backend.ts` is imported. */
export function chooseThreads(work: Work): void {
  Object.assign(process.env, threadEnvironment(work));
}
