/** Labels that one view gives to another, or both to a net of all features. */
import { type BatchSpec, column, compilePredict } from '../../nn/index.js';
import type { TaskName } from '../../tasks/index.js';
import {
  type EntityExamples,
  type ExampleColumn,
  type Learner,
  rowSpec,
  takeExamples,
} from '../multi-task/index.js';
import { throughView } from './views.js';

/** A task's pseudo-labels for one learner: [examples] each; a weight of 0 where there is none. */
export interface PseudoLabels {
  readonly labels: Float32Array;
  readonly weights: Float32Array;
}

export const noPseudoLabels = (examples: number): PseudoLabels => ({
  labels: new Float32Array(examples),
  weights: new Float32Array(examples),
});

export const labelColumn = (task: TaskName, learner: number): string => `pseudo${task}${learner}`;
export const weightColumn = (task: TaskName, learner: number): string => `pseudoWeight${task}${learner}`;

export function pseudoColumns(
  task: TaskName,
  learner: number,
  { labels, weights }: PseudoLabels,
): Record<string, ExampleColumn> {
  return {
    [labelColumn(task, learner)]: { spec: column(), values: labels },
    [weightColumn(task, learner)]: { spec: column(), values: weights },
  };
}

/** A view's logits of a task for all examples: [examples]. */
export function viewLogits(
  learner: Learner,
  { part, task, examples }: { part: number; task: TaskName; examples: EntityExamples },
  view: number,
  views: readonly (readonly string[])[] | undefined,
): Float32Array {
  const chosen = Int32Array.from({ length: examples.count }, (_, at) => at);
  const own = learner.all[part];
  const batch: BatchSpec = rowSpec([{ examples, chosen, perRow: 1 }]);
  const predictor = compilePredict({
    weights: learner.network.weights,
    batch,
    predict: (rows, context) => {
      const inputs = throughView(own.inputs(rows, context), view, views);
      const [answer] = own.answers(own.forward(inputs, rows, context), rows, task);
      return { logits: answer.values };
    },
  });
  try {
    return predictor.predict(takeExamples(examples, Object.keys(batch), chosen)).logits;
  } finally {
    predictor.dispose();
  }
}

/**
 * Labels the examples that a view is surest of, in the proportion of the known labels (Blum and Mitchell, COLT 1998).
 *
 * @param isOpen [examples] 1 where an example has neither a label nor a pseudo-label yet
 * @param take   how many to label
 * @param rate   share of yes among the known labels
 */
export function labelSurest(
  logits: Float32Array,
  isOpen: Uint8Array,
  { take, rate }: { take: number; rate: number },
): { row: number; label: 0 | 1 }[] {
  const open = Array.from(isOpen.keys()).filter((row) => isOpen[row] === 1);
  open.sort((a, b) => logits[b] - logits[a] || a - b);
  const count = Math.min(take, open.length);
  const yes = Math.min(count, Math.max(1, Math.round(rate * count)));
  return [
    ...open.slice(0, yes).map((row) => ({ row, label: 1 as const })),
    ...open.slice(open.length - (count - yes)).map((row) => ({ row, label: 0 as const })),
  ];
}
