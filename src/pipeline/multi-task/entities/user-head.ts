import type * as Tensorflow from '@tensorflow/tfjs';

import type { Batch, BatchSpec, ModelContext } from '../../../nn/index.js';
import type { TaskName } from '../../../tasks/index.js';
import type { ShopHistory } from '../../index.js';
import type { UserExamples } from '../../preprocess/index.js';
import type { UserTask } from '../../single-task/index.js';
import type { ExampleColumn } from '../joint-rows.js';
import type { MultiTaskNetwork } from '../multi-task-network.js';
import type { PartOutputs } from './entity-part.js';

/** How users' behaviour after a cut is asked and answered: the labels, the weights, the losses, the probabilities. */
export interface UserHead {
  /** Names of the representations that it reads. */
  readonly representations: readonly string[];
  /**
   * Labels and masks of the examples, by column.
   *
   * @throws AppError TOO_FEW_DATA where the shop has not the behaviours that are asked about
   */
  targets(history: ShopHistory, cut: number, examples: UserExamples): Record<string, ExampleColumn>;
  build(network: MultiTaskNetwork): void;
  /** Logits by output: [users, intervals] each. @param features [users, width of the encoder's input] */
  forward(features: Tensorflow.Tensor, context: ModelContext): PartOutputs;
  losses(outputs: PartOutputs, batch: Batch<BatchSpec>): Record<string, Tensorflow.Scalar>;
  /** Name of the output that holds the hazards of a purchase that decide a task. */
  outputOf(task: UserTask): string;
}

/** How much of a joint loss each user task makes: intent and churn are two readings of one curve, which counts as one task. */
export function userTaskShare(tasks: readonly TaskName[]): number {
  return tasks.includes('PURCHASE_INTENT') && tasks.includes('CHURN') ? 1 / 2 : 1;
}
