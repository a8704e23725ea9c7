/** The business tasks that Tandem brings along; the same names in the store, the API and the documentation. */
export const TASKS = [
  'PURCHASE_INTENT',
  'CHURN',
  'RECOMMENDATION',
  'FRAUD',
  'DEMAND',
  'NEXT_BEHAVIOUR',
  'SESSION_OUTCOME',
] as const;
export type BuiltInTask = (typeof TASKS)[number];

/** A task that a shop has defined for itself; see `CustomTask`. */
export type CustomTaskName = `CUSTOM_${string}`;

/** Every task that a model may have. */
export type TaskName = BuiltInTask | CustomTaskName;

/** What one example of the task is about. */
export type TaskEntity = 'USER' | 'USER_ITEMS' | 'ITEM' | 'TRANSACTION' | 'SESSION';

/** How the output layer is read. */
export type TaskHead = 'SIGMOID' | 'SOFTMAX' | 'REGRESSION';

/** How the decision threshold of a yes/no task is chosen on the validation split. */
export type ThresholdRule =
  | { by: 'F1' }
  | { by: 'PRECISION'; target: number }
  | { by: 'COST'; costOfMiss: number; costOfFalseAlarm: number };

/**
 * One business task: what its label is, from which window, with which head, loss, metrics and threshold.
 * Adding a task to the product is one file that exports such a definition.
 */
export interface TaskDefinition {
  readonly name: TaskName;
  readonly title: string;
  readonly description: string;
  readonly entity: TaskEntity;
  /** Days after the cut in which the label is looked for; 0 where the label belongs to the row itself. */
  readonly labelWindowDays: number;
  readonly head: TaskHead;
  /** Loss on logits (or on the regression output) that the nets minimise by default. */
  readonly loss: 'SIGMOID_CROSS_ENTROPY' | 'SOFTMAX_CROSS_ENTROPY' | 'ABSOLUTE_ERROR' | 'POISSON';
  /** Metrics that the evaluation reports, first the one that models are chosen by. */
  readonly metrics: readonly string[];
  /** Whether more of the first metric is better. */
  readonly higherIsBetter: boolean;
  readonly threshold?: ThresholdRule;
  /** Fewest labelled examples to train on; below it the API answers TOO_FEW_DATA and a baseline serves. */
  readonly minExamples: number;
}
