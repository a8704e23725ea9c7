/** The business tasks that Tandem learns; the same names in the store, the API and the documentation. */
export const TASKS = [
  'PURCHASE_INTENT',
  'CHURN',
  'RECOMMENDATION',
  'FRAUD',
  'DEMAND',
  'NEXT_BEHAVIOUR',
  'SESSION_OUTCOME',
] as const;
export type TaskName = (typeof TASKS)[number];

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
  readonly loss: 'SIGMOID_CROSS_ENTROPY' | 'SOFTMAX_CROSS_ENTROPY' | 'ABSOLUTE_ERROR';
  /** Metrics that the evaluation reports, first the one that models are chosen by. */
  readonly metrics: readonly string[];
  /** Whether more of the first metric is better. */
  readonly higherIsBetter: boolean;
  readonly threshold?: ThresholdRule;
  /** Fewest labelled examples to train on; below it the API answers TOO_FEW_DATA and a baseline serves. */
  readonly minExamples: number;
}
