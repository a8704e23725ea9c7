import type * as Tensorflow from '@tensorflow/tfjs';

import type { Batch, BatchSpec, ModelContext } from '../../../nn/index.js';
import type { TaskName } from '../../../tasks/index.js';
import type { FitContext, TrainingData } from '../../index.js';
import type { PopulationState } from '../../single-task/index.js';
import type { EntityExamples } from '../joint-rows.js';
import type { MultiTaskNetwork, NetworkInput } from '../multi-task-network.js';

/** What a multi-task model does for one entity (users, rankings, transactions, items): its examples, heads, losses and answers. */
export interface EntityPart {
  readonly tasks: readonly TaskName[];
  readonly input: NetworkInput;
  /** Representations that its heads read: the tasks, or what they are made of. */
  readonly representations: readonly string[];
  /**
   * Labelled examples; nothing at or after the cut is read.
   *
   * @throws AppError TOO_FEW_DATA
   */
  gather(data: TrainingData, context: FitContext): Promise<EntityExamples>;
  /** Columns of an example that its encoder reads. */
  readonly inputColumns: BatchSpec;
  /** What the encoder is given: [rows, width of `input`]. @param columns those of `inputColumns`, a row an example */
  encoderInput(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor2D;
  /** Adds the heads' weights. After `gather` in training; alone where a saved model is restored. */
  build(network: MultiTaskNetwork): void;
  /** Mean loss of the batch's examples, by task. */
  losses(batch: Batch<BatchSpec>, context: ModelContext): Readonly<Record<string, Tensorflow.Scalar>>;
  /** Gets ready to answer: after training, with everything known before the cut. */
  finish(data: TrainingData, population: PopulationState | null): void;
  save(directory: string): Promise<void>;
  /** Gets ready to answer from what `save` wrote; the network has its weights already. */
  restore(directory: string, population: PopulationState | null): Promise<void>;
  /** Frees compiled predictors; the network's weights are the model's to free. */
  dispose(): void;
}

/** Columns of a batch with the examples of all rows below each other. */
export function inputsOf(part: Pick<EntityPart, 'inputColumns'>, batch: Batch<BatchSpec>): Batch<BatchSpec> {
  return Object.fromEntries(Object.keys(part.inputColumns).map((name) => [name, examplesOf(batch[name])]));
}

/** Puts the examples of all rows below each other: [rows, a row, ...shape] → [rows × a row, ...shape]. */
export function examplesOf(tensor: Tensorflow.Tensor): Tensorflow.Tensor {
  const [rows, perRow, ...shape] = tensor.shape;
  return tensor.reshape([rows * perRow, ...shape]);
}
