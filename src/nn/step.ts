import type * as Tensorflow from '@tensorflow/tfjs';

import type { Batch, BatchArrays, BatchSpec } from './batch.js';
import type { ModelContext } from './context.js';
import type { Optimizer } from './optimizers.js';
import type { WeightSet } from './weights.js';

/** The loss to minimise (a scalar), and the parts of it that are reported by name (a task's own loss each). */
export interface NamedLosses {
  readonly total: Tensorflow.Tensor;
  readonly tasks: Readonly<Record<string, Tensorflow.Tensor>>;
}

/** Computes the loss of a batch from its tensors and the model's weights, in tfjs ops. */
export type LossFunction<S extends BatchSpec> = (
  batch: Batch<S>,
  context: ModelContext,
) => Tensorflow.Tensor | NamedLosses;

export interface StepOptions<S extends BatchSpec> {
  readonly weights: WeightSet;
  readonly batch: S;
  readonly loss: LossFunction<S>;
  /** For weights; Adam with rate 0.001 unless said. */
  readonly optimizer?: Optimizer;
  /** For tables; the same as for weights unless said. */
  readonly tableOptimizer?: Optimizer;
  /** Scales all gradients down so that their joint norm is at most this. */
  readonly clipNorm?: number;
  /** Cuts each batch into so many parts, whose gradients are added up: a large batch then takes the memory of a part. */
  readonly accumulate?: number;
  /** Of the random draws within the model. */
  readonly seed: number;
  /** Rows of the batches to come; other sizes work too, and compile once more when they first come. */
  readonly batchSizes?: readonly number[];
  /** Rows of the batches that `evaluate` gets. */
  readonly evaluationSizes?: readonly number[];
  /** 'graph' is the default where TensorFlow is native, 'eager' elsewhere; results are equal to float32's accuracy. */
  readonly mode?: 'graph' | 'eager';
}

/** Losses of one batch: [total, tasks in the order of `taskNames`], means over the batch as the loss function makes them. */
export type LossValues = Float32Array;

/** Everything that a training's next step depends on, beside the batch. */
export interface StepState {
  readonly stepsDone: number;
  /** Weights and tables by name, and the optimizer's slots as `name:slot`. */
  readonly values: Readonly<Record<string, Float32Array>>;
}

/** A training step that is ready to run. It has its own copy of the weights until `pullWeights`. */
export interface CompiledStep<S extends BatchSpec = BatchSpec> {
  readonly mode: 'graph' | 'eager';
  readonly batch: S;
  readonly weights: WeightSet;
  /** Names of the loss's tasks. */
  readonly taskNames: readonly string[];
  readonly stepsDone: number;
  /** Gets ready for batches of these sizes, so that all are compiled at once. */
  prepare(batchSizes: readonly number[], evaluationSizes: readonly number[]): void;
  /** Updates the weights by one batch. */
  run(arrays: BatchArrays<S>): LossValues;
  /** Losses of a batch, outside of training: nothing is dropped out, nothing changes. */
  evaluate(arrays: BatchArrays<S>): LossValues;
  exportState(): StepState;
  /** @throws Error when a value is missing or has another length */
  importState(state: StepState): void;
  /** Copies the trained weights and tables into the weight set. */
  pullWeights(): void;
  dispose(): void;
}

/** Options with everything filled in. */
export type FullStepOptions<S extends BatchSpec> = Required<Omit<StepOptions<S>, 'clipNorm' | 'mode'>> & {
  readonly clipNorm: number | null;
};

/** Brings both forms of a loss function's result into one. @throws Error naming a loss that is not a single number */
export function namedLosses(result: Tensorflow.Tensor | NamedLosses): {
  readonly total: Tensorflow.Scalar;
  readonly tasks: Readonly<Record<string, Tensorflow.Scalar>>;
} {
  const { total, tasks } = 'total' in result ? result : { total: result, tasks: {} };
  for (const [name, loss] of Object.entries({ total, ...tasks })) {
    if (loss.size !== 1 || loss.dtype !== 'float32') {
      throw new Error(
        `The loss "${name}" should be one float32 number, got ${loss.dtype} [${loss.shape.join(', ')}]`,
      );
    }
  }
  return { total: total as Tensorflow.Scalar, tasks: tasks as Record<string, Tensorflow.Scalar> };
}

/** Rows of each part of a batch: as even as can be. */
export function cutIntoParts(rows: number, parts: number): number[] {
  const count = Math.max(1, Math.min(parts, rows));
  return Array.from(
    { length: count },
    (_, at) => Math.floor(((at + 1) * rows) / count) - Math.floor((at * rows) / count),
  );
}
