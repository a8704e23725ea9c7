import type { FitContext } from '../index.js';

/**
 * The context of one fit among several of a model's.
 *
 * @param name of the fit: of its checkpoints and epochs
 * @param from share of the model's work that is done before it
 * @param to   share that is done after it
 */
export function partContext(context: FitContext, name: string, from: number, to: number): FitContext {
  const { checkpoints } = context;
  return {
    ...context,
    onEpoch: (report) => context.onEpoch({ ...report, model: name }),
    onProgress: (share) => context.onProgress(from + (to - from) * share),
    ...(checkpoints && {
      checkpoints: {
        read: (part) => checkpoints.read(`${name}/${part}`),
        write: (part, bytes) => checkpoints.write(`${name}/${part}`, bytes),
        everySeconds: checkpoints.everySeconds,
      },
    }),
  };
}
