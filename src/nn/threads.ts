/**
 * How many threads TensorFlow takes. It reads these variables once, when its library loads, so they are set for a process:
 * in the environment of a child, or in `process.env` before anything imports `backend.ts`.
 */

/** 'small': nets whose steps are short, and serving; 'large': what fills the cores. See workOf. */
export type Work = 'small' | 'large';

/**
 * Where all cores begin to pay (`npm run bench -- threads`): of steps with 1 to 130 million multiply-adds none gained more than 1.03 times, most
 * lost up to two thirds; from 168 million on they gained 1.6 to 2.2 times.
 */
const LARGE_FROM = 150e6;

/** How much work a step is. @param multiplyAdds of its products; those of the two gradients count as well where it trains */
export function workOf(multiplyAdds: number): Work {
  return multiplyAdds < LARGE_FROM ? 'small' : 'large';
}

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
