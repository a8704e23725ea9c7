/** What the outputs of a user network stand for, and how they become probabilities. */
import { TASK_DEFINITIONS, type TaskName } from '../../../tasks/index.js';
import type { UserExamples } from '../../preprocess/index.js';
import { sigmoid } from '../fraud/logistic-fit.js';

export const USER_TASKS = ['PURCHASE_INTENT', 'CHURN'] as const;
export type UserTask = (typeof USER_TASKS)[number];

export const isUserTask = (task: TaskName): task is UserTask =>
  (USER_TASKS as readonly TaskName[]).includes(task);

/** Labels and masks for a network: [examples × outputs]. */
export interface Targets {
  readonly labels: Float32Array;
  readonly masks: Float32Array;
}

export interface UserTarget {
  readonly outputs: number;
  /** What the logits are of. */
  readonly meaning: string;
  targets(examples: UserExamples): Targets;
  /** @param logits [users × outputs] @returns [users] */
  probabilities(logits: Float32Array, task: UserTask): Float32Array;
  /** How many of the first outputs decide a task, and whether a larger logit means more (1) or less (-1) of it. */
  deciding(task: UserTask): { outputs: number; sign: 1 | -1 };
}

/** One output: the task's own label over its own window. Examples whose window has not ended are left out. */
export function windowTarget(task: UserTask): UserTarget {
  const days = TASK_DEFINITIONS[task].labelWindowDays;
  return {
    outputs: 1,
    meaning: `logit of ${task}`,
    targets: ({ nextPurchaseDays, seenDays }) => ({
      labels: nextPurchaseDays.map((next) => (next < days === (task === 'PURCHASE_INTENT') ? 1 : 0)),
      masks: seenDays.map((seen) => (seen >= days ? 1 : 0)),
    }),
    probabilities: (logits) => logits.map(sigmoid),
    deciding: () => ({ outputs: 1, sign: 1 }),
  };
}

/** Ends, in days after the cut, of the intervals in which a purchase may fall. */
export const INTERVAL_ENDS = [5, 10, 20, 30, 45, 60, 90] as const;

/**
 * An output an interval: the hazard of a purchase in it, given none before. Purchase within 30 days and none within 90 both follow from
 * the survival curve, so that the tasks share all that is learnt; and an interval that has ended teaches even where the task's whole window has
 * not (discrete-time survival: Brown, 1975; as a network: Gensheimer and Narasimhan, PeerJ 2019).
 */
export const hazardTarget: UserTarget = {
  outputs: INTERVAL_ENDS.length,
  meaning: `logits of the hazards of a purchase in the intervals that end after ${INTERVAL_ENDS.join(', ')} days`,
  targets: ({ count, nextPurchaseDays, seenDays }) => {
    const outputs = INTERVAL_ENDS.length;
    const labels = new Float32Array(count * outputs);
    const masks = new Float32Array(count * outputs);
    for (let row = 0; row < count; row++) {
      for (let at = 0; at < outputs; at++) {
        const start = at === 0 ? 0 : INTERVAL_ENDS[at - 1];
        const isOpen = nextPurchaseDays[row] >= start && seenDays[row] >= INTERVAL_ENDS[at];
        masks[row * outputs + at] = isOpen ? 1 : 0;
        labels[row * outputs + at] = isOpen && nextPurchaseDays[row] < INTERVAL_ENDS[at] ? 1 : 0;
      }
    }
    return { labels, masks };
  },
  probabilities: (logits, task) => {
    const outputs = INTERVAL_ENDS.length;
    const decisive = intervalsWithin(TASK_DEFINITIONS[task].labelWindowDays);
    return Float32Array.from({ length: logits.length / outputs }, (_, row) => {
      let survival = 1;
      for (let at = 0; at < decisive; at++) survival *= 1 - sigmoid(logits[row * outputs + at]);
      return task === 'CHURN' ? survival : 1 - survival;
    });
  },
  deciding: (task) => ({
    outputs: intervalsWithin(TASK_DEFINITIONS[task].labelWindowDays),
    sign: task === 'CHURN' ? -1 : 1,
  }),
};

const intervalsWithin = (days: number): number => INTERVAL_ENDS.filter((end) => end <= days).length;
