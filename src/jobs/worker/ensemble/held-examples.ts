/** What a run measures models on, as an ensemble sees it. */
import {
  type Combination,
  combineHeldOut,
  combineQuantities,
  decidingStatistic,
  type HeldOut,
} from '../../../pipeline/ensemble/index.js';
import type { UnitStatistic } from '../../../pipeline/evaluate/index.js';
import type { TaskExamples } from '../task-examples.js';

/** @param predictions [members] as `TaskExamples.predict` gives them */
export function heldOutOf(examples: TaskExamples, predictions: readonly Float32Array[]): HeldOut {
  const { task, count, labels, targets, actual, counts, items } = examples;
  if (labels)
    return {
      kind: 'PROBABILITY',
      count,
      width: 1,
      members: predictions,
      labels,
      targets: null,
      actual: null,
    };
  if (targets) {
    const kind = task === 'NEXT_BEHAVIOUR' ? 'CLASSES' : 'RANKING';
    return { kind, count, width: items, members: predictions, labels: null, targets, actual: null };
  }
  if (counts)
    return {
      kind: 'COUNT',
      count,
      width: 1,
      members: predictions,
      labels: null,
      targets: null,
      actual: counts,
    };
  if (!actual) throw new Error(`${task} has neither labels nor targets nor quantities.`);
  return {
    kind: 'QUANTITY',
    count,
    width: actual.length / count,
    // Intervals come behind the units.
    members: predictions.map((values) => values.subarray(0, actual.length)),
    labels: null,
    targets: null,
    actual,
  };
}

/** The deciding figure of one model's predictions. */
export function statisticOf(examples: TaskExamples, predictions: Float32Array): UnitStatistic {
  const held = heldOutOf(examples, [predictions]);
  return decidingStatistic(held, held.members[0]);
}

/** Members' predictions as one, of the form that `TaskExamples.evaluate` takes. */
export function combinePredictions(
  examples: TaskExamples,
  predictions: readonly Float32Array[],
  combination: Combination,
): Float32Array {
  const held = heldOutOf(examples, predictions);
  return held.kind === 'QUANTITY'
    ? combineQuantities(predictions, combination)
    : combineHeldOut(held, combination);
}
