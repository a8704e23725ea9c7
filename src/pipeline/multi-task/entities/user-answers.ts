/** Users' tasks as answers that other models' can be held against. */
import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from '../../../nn/index.js';
import { TASK_DEFINITIONS, type TaskName } from '../../../tasks/index.js';
import type { ShopHistory, UserScorer } from '../../index.js';
import { buyersBefore, exampleCuts, type UserExamples } from '../../preprocess/index.js';
import { hazardTarget, type UserTask } from '../../single-task/index.js';

/** Keeps the logarithm of 1 - p finite in 32 bits. */
const LEAST = 1e-6;

export interface UserOrigins {
  readonly times: Float64Array;
  readonly users: Int32Array;
}

/** Whom and when the examples of `userExamples` are about, in its order. */
export function userOrigins(history: ShopHistory, until: number): UserOrigins {
  const parts = exampleCuts(history, until).map((time) => ({ time, users: buyersBefore(history, time) }));
  return {
    times: Float64Array.from(parts.flatMap(({ time, users }) => Array<number>(users.length).fill(time))),
    users: Int32Array.from(parts.flatMap(({ users }) => [...users])),
  };
}

/** [examples] labels of a task, NaN where its window has not ended and nothing is decided. */
export function labelsOf({ nextPurchaseDays, seenDays }: UserExamples, task: UserTask): Float32Array {
  const days = TASK_DEFINITIONS[task].labelWindowDays;
  return nextPurchaseDays.map((next, at) => {
    if (seenDays[at] < days && !(next < seenDays[at])) return Number.NaN;
    return next < days === (task === 'PURCHASE_INTENT') ? 1 : 0;
  });
}

/** Scores as of each example's time, for scorers that take no examples. */
export async function scoresAsOf(
  scorer: UserScorer,
  history: ShopHistory,
  { times, users }: UserOrigins,
): Promise<Partial<Record<TaskName, Float32Array>>> {
  const all: Partial<Record<TaskName, Float32Array>> = {};
  for (let from = 0, to = 0; from < users.length; from = to) {
    while (to < users.length && times[to] === times[from]) to++;
    const request = { history, users: users.subarray(from, to), asOf: times[from] };
    const scores = await scorer.scoreUsers(request);
    for (const [task, part] of Object.entries(scores) as [TaskName, Float32Array][])
      (all[task] ??= new Float32Array(users.length)).set(part, from);
  }
  return all;
}

/** Another model's logits of the examples, by task. */
export async function askUsers(
  scorer: UserScorer,
  tasks: readonly UserTask[],
  asked: { readonly history: ShopHistory; readonly examples: UserExamples; readonly origins: UserOrigins },
): Promise<Partial<Record<TaskName, Float32Array>>> {
  const { history, examples, origins } = asked;
  const { users, times } = origins;
  const scores = scorer.scoreExamples
    ? await scorer.scoreExamples({ history, users, times, features: examples.features })
    : await scoresAsOf(scorer, history, origins);
  const logits = tasks.flatMap((task) => {
    const probabilities = scores[task];
    return probabilities ? [[task, probabilities.map(logitOf)] as const] : [];
  });
  return Object.fromEntries(logits);
}

/** Log odds, finite for any probability. */
export function logitOf(probability: number): number {
  const p = Math.min(1 - LEAST, Math.max(LEAST, probability));
  return Math.log(p / (1 - p));
}

/**
 * The logit of a user task from the hazards of a purchase: of one within the task's window, or of none.
 *
 * @param hazards [users, intervals] logits
 * @returns [users]
 */
export function taskLogits(hazards: Tensorflow.Tensor, task: UserTask): Tensorflow.Tensor1D {
  const { outputs, sign } = hazardTarget.deciding(task);
  const decisive = tf.slice(hazards, [0, 0], [-1, outputs]);
  // log (1 - sigmoid(z)) = -softplus(z)
  const logSurvival = tf.neg(tf.sum(tf.softplus(decisive), 1));
  const survival = tf.clipByValue(tf.exp(logSurvival), LEAST, 1 - LEAST);
  const logits = tf.sub(tf.log(tf.sub(tf.scalar(1), survival)), tf.log(survival));
  return tf.mul(logits, tf.scalar(sign));
}

/**
 * The logit that an explanation of a task parts among the features: more of it means more of the task.
 *
 * @param hazards [users, intervals] logits
 * @returns [users]
 */
export function explainedLogits(hazards: Tensorflow.Tensor, task: UserTask): Tensorflow.Tensor1D {
  const { outputs, sign } = hazardTarget.deciding(task);
  return tf.mul(tf.mean(tf.slice(hazards, [0, 0], [-1, outputs]), 1), tf.scalar(sign));
}
