/** Independent parts of a run that all free workers share: each is a process of its own, and so are the trainings. */
import { setTimeout as sleep } from 'node:timers/promises';

import type { RunContext } from './run-context.js';

/** How often is looked whether parts of other workers have ended. */
const POLL_MS = 300;

/** A part whose result is stored by whoever carries it out, and is the same whoever that is. */
export interface RunPart {
  /** One of its kind within the run. */
  readonly name: string;
  /** @param done share of the parts that have been carried out before */
  readonly carryOut: (done: number) => Promise<void>;
}

/**
 * Carries out parts until none is left. A worker holds a part's name while it is at it; of a dead one the database lets the name go, and the
 * part is taken up by another, from its last checkpoint.
 *
 * @param namesDone reads which parts have been carried out
 * @param isOwner   waits for the parts of other workers; a helper leaves when there is nothing to do
 * @throws what a part throws
 */
export async function takeParts(
  context: RunContext,
  parts: readonly RunPart[],
  namesDone: () => Promise<ReadonlySet<string>>,
  isOwner: boolean,
): Promise<void> {
  const { run, store, signal } = context;
  for (;;) {
    signal.throwIfAborted();
    const done = await namesDone();
    const left = parts.filter(({ name }) => !done.has(name));
    if (isOwner) context.report(0, `${parts.length - left.length} of ${parts.length} measured`);
    if (left.length === 0) return;
    let isTaken = false;
    for (const { name, carryOut } of left) {
      const letGo = await store.holdAlone(`part:${run.id}:${name}`);
      if (!letGo) continue;
      try {
        // It may have been carried out since it was looked for.
        if (!(await namesDone()).has(name)) await carryOut(1 - left.length / parts.length);
      } finally {
        await letGo();
      }
      isTaken = true;
      break;
    }
    if (isTaken) continue;
    if (!isOwner) return;
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
