import type * as Tensorflow from '@tensorflow/tfjs';

import type { Batch, BatchSpec, ModelContext } from '../../../nn/index.js';
import type { TaskName } from '../../../tasks/index.js';
import type { ExportableNetwork, FitContext, Model, TrainingData } from '../../index.js';
import type { PopulationState } from '../../single-task/index.js';
import type { EntityExamples } from '../joint-rows.js';
import type { MultiTaskNetwork, NetworkInput } from '../multi-task-network.js';
import type { LabelDraw } from '../resample-examples.js';
import type { BesideUser } from './beside-user.js';

/** What an entity's nets read of a batch: features, and rows of embeddings that were looked up; [examples, …] each. */
export type PartInputs = Readonly<Record<string, Tensorflow.Tensor>>;

/** What an entity's nets make of their inputs. */
export interface PartOutputs {
  /** What the heads were given: [examples, width] each, by `representations`. */
  readonly representations: readonly Tensorflow.Tensor2D[];
  /** What stands beside the representations in the heads' answers, and goes around the net: [examples, numbers]. */
  readonly besides?: Tensorflow.Tensor2D;
  /** What the heads made of it, by names of the part's own. */
  readonly heads: Readonly<Record<string, Tensorflow.Tensor>>;
}

/** A task's predictions for a batch's examples, in a form that another model's can be held against. */
export interface Answer {
  /**
   * - SIGMOID: `values` are [examples] logits of the task.
   * - SOFTMAX: [examples, candidates] logits, with what is added to them in training.
   * - VALUE: [examples] logarithms of a quantity.
   */
  readonly kind: 'SIGMOID' | 'SOFTMAX' | 'VALUE';
  readonly values: Tensorflow.Tensor;
  /** [examples] how much each counts, on the scale of the task's own loss; 0 where a place holds no example. */
  readonly weights: Tensorflow.Tensor1D;
  /** Of the task: its answers' shares add up to 1. */
  readonly share: number;
  /** What `values` have beside those of the task's first answer. */
  readonly offsets?: Tensorflow.Tensor;
}

/** Whom and when the gathered examples are about. */
export interface ExampleOrigins {
  /** [examples] milliseconds since the epoch. */
  readonly times: Float64Array;
  /** [examples] indices into the history's users; null where they are about no user. */
  readonly users: Int32Array | null;
}

export interface GatherOptions {
  /** Whether examples without any label belong to it; NEEDED where there is nothing to learn without them. */
  readonly unlabelled?: 'NONE' | 'NEEDED' | 'IF_ANY';
}

/** What a multi-task model does for one entity (users, rankings, transactions, items): its examples, heads, losses and answers. */
export interface EntityPart {
  readonly tasks: readonly TaskName[];
  readonly input: NetworkInput;
  /** Representations that its heads read: the tasks, or what they are made of. */
  readonly representations: readonly string[];
  /** Numbers of `PartOutputs.besides`; none where it is left out. */
  readonly besidesWidth?: number;
  /**
   * Labelled examples; nothing at or after the cut is read.
   *
   * @throws AppError TOO_FEW_DATA
   */
  gather(data: TrainingData, context: FitContext, options?: GatherOptions): Promise<EntityExamples>;
  /** Takes over what another learner's part for the same entity and tasks gathered. */
  adopt(other: EntityPart): void;
  /** Between `gather` and `finish`, as all that follows up to `ask`. */
  origins(): ExampleOrigins;
  /** [examples] labels of a yes/no task, NaN where they are not known; null of other tasks. */
  labels(task: TaskName): Float32Array | null;
  /**
   * What another model answers to the gathered examples, as of their own times, by task: rows of `values` of the task's first answer.
   * Tasks that the model cannot be asked about in this way are left out.
   */
  ask(model: Model): Promise<Partial<Record<TaskName, Float32Array>>>;
  /** Columns of an example that its encoder reads. */
  readonly inputColumns: BatchSpec;
  /** What stands beside the features, in rows about users. */
  readonly beside?: BesideUser;
  /** What the encoder is given: [rows, width of `input`]. @param columns those of `inputColumns`, a row an example */
  encoderInput(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor2D;
  /** How its training examples are drawn by their label; of parts with one yes/no task. */
  readonly draw?: LabelDraw;
  /** Adds the heads' weights. After `gather` or `adopt` in training; alone where a saved model is restored. */
  build(network: MultiTaskNetwork): void;
  inputs(batch: Batch<BatchSpec>, context: ModelContext): PartInputs;
  forward(inputs: PartInputs, batch: Batch<BatchSpec>, context: ModelContext): PartOutputs;
  /** Mean loss of the batch's examples, by task. */
  losses(outputs: PartOutputs, batch: Batch<BatchSpec>): Readonly<Record<string, Tensorflow.Scalar>>;
  /** The task's predictions in `outputs`. */
  answers(outputs: PartOutputs, batch: Batch<BatchSpec>, task: TaskName): readonly Answer[];
  /** Gets ready to answer: after training, with everything known before the cut. */
  finish(data: TrainingData, population: PopulationState | null): void;
  save(directory: string): Promise<void>;
  /** What of the net answers about the entity, after `finish` or `restore`. */
  exportable(): ExportableNetwork;
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
