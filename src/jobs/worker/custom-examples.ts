import { tooFewData } from '../../errors.js';
import { evaluateBinary, evaluateCounts } from '../../pipeline/evaluate/index.js';
import type { Model, ShopHistory } from '../../pipeline/index.js';
import { activeUsers, BehaviourCounter } from '../../pipeline/preprocess/index.js';
import { type CustomTask, customTaskName } from '../../tasks/index.js';
import type { TaskExamples } from './task-examples.js';

/** Users who were active before the cut, and what they showed in the window from it on. */
export function customTaskExamples(custom: CustomTask, history: ShopHistory, cut: number): TaskExamples {
  const task = customTaskName(custom.name);
  const users = activeUsers(history, cut, custom.activeDays);
  const labels = new BehaviourCounter(history, custom).labels(users, cut);
  const isNumber = custom.atLeast === null;
  requireBoth(custom, labels, cut);
  const day = new Date(cut).toISOString().slice(0, 10);
  const question = isNumber ? 'the count' : `${custom.atLeast} or more`;
  return {
    task,
    count: users.length,
    protocol: `users with a behaviour in the ${custom.activeDays} days before ${day}; ${question} in the ${custom.windowDays} days from it`,
    predict: async (model: Model) => {
      const scores = (await model.users?.scoreUsers({ history, users, asOf: cut }))?.[task];
      if (!scores) throw new Error(`${model.architecture} made no prediction.`);
      return scores;
    },
    evaluate: (predictions, threshold, seed) =>
      isNumber
        ? evaluateCounts({ actual: labels, predicted: predictions, seed })
        : evaluateBinary({ labels, probabilities: predictions, threshold, seed }),
    labels: isNumber ? null : labels,
    ...(isNumber && { counts: labels }),
    targets: null,
    items: 0,
  };
}

/** @throws AppError TOO_FEW_DATA where nothing could be told apart after the cut */
function requireBoth({ name, atLeast }: CustomTask, labels: Float32Array, cut: number): void {
  const some = labels.reduce((sum, label) => sum + (label > 0 ? 1 : 0), 0);
  const fewest = atLeast === null ? some : Math.min(some, labels.length - some);
  if (fewest > 0) return;
  const who = atLeast === null ? 'who show what it counts' : 'with yes, and with no';
  throw tooFewData(
    `Users ${who}, to measure ${name} after ${new Date(cut).toISOString().slice(0, 10)}`,
    0,
    1,
  );
}
