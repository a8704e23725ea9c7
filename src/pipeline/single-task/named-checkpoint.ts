import type { Checkpoint } from '../../nn/index.js';
import type { FitContext } from '../index.js';

/** The place that a fit's context has for one training's state; undefined where the context keeps none. */
export function namedCheckpoint({ checkpoints }: FitContext, name: string): Checkpoint | undefined {
  return (
    checkpoints && {
      read: () => checkpoints.read(name),
      write: (bytes) => checkpoints.write(name, bytes),
      everySeconds: checkpoints.everySeconds,
    }
  );
}
