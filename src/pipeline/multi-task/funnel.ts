/** The funnel of a shop: stages in the order in which users come through them, and who came how far in each interval after a cut. */
import { BEHAVIOUR_CODE, type BehaviourType, DAY_MS, type ShopHistory } from '../index.js';
import { buyersBefore, exampleCuts } from '../preprocess/index.js';
import { INTERVAL_ENDS } from '../single-task/index.js';

/** Stages of the funnel; every later one is only reached through the earlier ones. */
export const FUNNEL_STAGES = ['VIEW', 'ADD_TO_CART', 'PURCHASE'] as const satisfies readonly BehaviourType[];
export type FunnelStage = (typeof FUNNEL_STAGES)[number];

const INTERVALS = INTERVAL_ENDS.length;
const LAST_DAY = INTERVAL_ENDS[INTERVALS - 1];
/** Stage of a behaviour's code; -1 for what is no stage. */
const STAGE_OF = new Int8Array(256).fill(-1);
FUNNEL_STAGES.forEach((stage, at) => (STAGE_OF[BEHAVIOUR_CODE[stage]] = at));

export interface FunnelLabels {
  /** By stage: [examples × intervals] 1 where the user came at least so far in the interval. */
  readonly reached: readonly Float32Array[];
  /** By stage: examples whose user showed that very behaviour within the intervals. */
  readonly examples: readonly number[];
}

/**
 * How far users came in each interval after a cut, for the examples of `userExamples` (the same cuts and users in the same order). Who bought
 * without a recorded view has seen the item all the same.
 *
 * @param until nothing at or after it is read
 */
export function funnelLabels(history: ShopHistory, until: number): FunnelLabels {
  const { behaviours, userOffsets } = history;
  const groups = exampleCuts(history, until).map((cut) => ({ cut, users: buyersBefore(history, cut) }));
  const count = groups.reduce((sum, { users }) => sum + users.length, 0);
  const reached = FUNNEL_STAGES.map(() => new Float32Array(count * INTERVALS));
  const examples = FUNNEL_STAGES.map(() => 0);
  let row = 0;
  for (const { cut, users } of groups) {
    const end = Math.min(until, cut + LAST_DAY * DAY_MS);
    for (const user of users) {
      const seen = [false, false, false];
      for (let at = userOffsets[user]; at < userOffsets[user + 1]; at++) {
        const time = behaviours.occurredAt[at];
        if (time >= end) break;
        const stage = STAGE_OF[behaviours.type[at]];
        if (time < cut || stage < 0) continue;
        const days = (time - cut) / DAY_MS;
        const interval = INTERVAL_ENDS.findIndex((last) => days < last);
        for (let below = 0; below <= stage; below++) reached[below][row * INTERVALS + interval] = 1;
        seen[stage] = true;
      }
      seen.forEach((isSeen, stage) => (examples[stage] += isSeen ? 1 : 0));
      row++;
    }
  }
  return { reached, examples };
}
