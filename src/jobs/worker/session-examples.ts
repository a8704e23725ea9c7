import { evaluateBinary, evaluateMultiClass } from '../../pipeline/evaluate/index.js';
import { type Model, NEXT_BEHAVIOURS, type ShopHistory } from '../../pipeline/index.js';
import { nextBehaviourExamples, sessionOutcomeExamples } from '../../pipeline/preprocess/index.js';
import type { TaskExamples } from './task-examples.js';

/** Steps measured at once at most. */
const MOST = 100_000;
const LEAST_PROBABILITY = 1e-9;

/** Sessions that start in [cut, until), at their first and ever fewer later behaviours. */
export function sessionTaskExamples(
  task: 'NEXT_BEHAVIOUR' | 'SESSION_OUTCOME',
  history: ShopHistory,
  cut: number,
  until: number,
): TaskExamples {
  const isNext = task === 'NEXT_BEHAVIOUR';
  const gather = isNext ? nextBehaviourExamples : sessionOutcomeExamples;
  const { sessions, labels } = gather(history, { from: cut, until, maxExamples: MOST });
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  const question = isNext ? 'what comes next' : 'whether a purchase follows';
  return {
    task,
    count: labels.length,
    protocol: `sessions that start from ${day(cut)} to ${day(until - 1)} with no order; ${question} after their first and ever fewer later behaviours`,
    predict: async (model: Model) => {
      const scores = (await model.sessions?.scoreSessions({ history, sessions }))?.[task];
      if (!scores) throw new Error(`${model.architecture} made no prediction.`);
      // Of several classes log probabilities, so that they are combined as rankings are.
      return isNext ? scores.map((p) => Math.log(Math.max(LEAST_PROBABILITY, p))) : scores;
    },
    evaluate: (predictions, threshold, seed) =>
      isNext
        ? evaluateMultiClass({ labels, logits: predictions, classes: NEXT_BEHAVIOURS, seed })
        : evaluateBinary({ labels, probabilities: predictions, threshold, seed }),
    labels: isNext ? null : labels,
    targets: isNext ? Array.from(labels, (label) => new Set([label])) : null,
    items: isNext ? NEXT_BEHAVIOURS.length : 0,
  };
}
