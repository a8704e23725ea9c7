import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from './backend.js';
import type { Batch, BatchArrays, BatchSpec } from './batch.js';
import type { ModelContext } from './context.js';
import type { Optimizer, Schedule } from './optimizers.js';
import type { TaskOptions, TaskReport } from './task-options.js';
import type { WeightSet } from './weights.js';

/** The loss to minimise (a scalar), and the parts of it that are reported by name (a task's own loss each). */
export interface NamedLosses {
  readonly total: Tensorflow.Tensor;
  readonly tasks: Readonly<Record<string, Tensorflow.Tensor>>;
}

/** The losses of tasks that the step weighs and combines: with the option `tasks`. */
export interface TaskLosses {
  readonly tasks: Readonly<Record<string, Tensorflow.Tensor>>;
  /** A loss of no task (a contrastive term, a penalty), added as it is. */
  readonly extra?: Tensorflow.Tensor;
}

/** Computes the loss of a batch from its tensors and the model's weights, in tfjs ops. */
export type LossFunction<S extends BatchSpec> = (
  batch: Batch<S>,
  context: ModelContext,
) => Tensorflow.Tensor | NamedLosses | TaskLosses;

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
  /** Weighs the losses of several tasks anew in each step, compares or combines their gradients. */
  readonly tasks?: TaskOptions;
  /** Numbers that the loss reads by `context.schedule(name)`: of the number of steps done. */
  readonly schedules?: Readonly<Record<string, Schedule>>;
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
  /** Weights of the tasks and how their gradients compared in the last step; null without the option `tasks`, or before the first step. */
  readonly taskReport: TaskReport | null;
  /** Sets what tasks' losses are multiplied by from the next step on; others stay. @throws Error for an unknown task or a negative weight */
  setTaskWeights(weights: Readonly<Record<string, number>>): void;
  /** Gets ready for batches of these sizes, so that all are compiled at once. */
  prepare(batchSizes: readonly number[], evaluationSizes: readonly number[]): void;
  /** Updates the weights by one batch. */
  run(arrays: BatchArrays<S>): LossValues;
  /** Takes examples in, for `runRows`; until the next call their arrays must not change. */
  loadRows(arrays: BatchArrays<S>): void;
  /** Updates the weights by a batch of loaded examples: those with the numbers order[start] to order[start + rows - 1]. */
  runRows(order: Int32Array, start: number, rows: number): LossValues;
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
export type FullStepOptions<S extends BatchSpec> = Required<
  Omit<StepOptions<S>, 'clipNorm' | 'mode' | 'tasks'>
> & {
  readonly clipNorm: number | null;
  readonly tasks: TaskOptions | null;
};

/** What a step computes from one part of a batch. */
export interface StepLosses {
  readonly total: Tensorflow.Scalar;
  readonly taskNames: readonly string[];
  readonly tasks: readonly Tensorflow.Scalar[];
  readonly extra: Tensorflow.Scalar | null;
}

/**
 * Brings all forms of a loss function's result into one.
 *
 * @param taskWeights [tasks]; null without the option `tasks`
 * @throws Error naming a loss that is not a single number, or tasks that do not fit the option
 */
export function stepLosses(
  result: Tensorflow.Tensor | NamedLosses | TaskLosses,
  names: readonly string[] | null,
  taskWeights: Tensorflow.Tensor1D | null,
): StepLosses {
  const given = 'tasks' in result ? result : { total: result, tasks: {} };
  const total = 'total' in given ? given.total : undefined;
  const extra = 'extra' in given ? given.extra : undefined;
  const all = { ...given.tasks, ...(total && { total }), ...(extra && { extra }) };
  for (const [name, loss] of Object.entries(all)) requireScalar(name, loss);
  const scalar = (loss: Tensorflow.Tensor) => tf.reshape<Tensorflow.Rank.R0>(loss, []);
  if (!names || !taskWeights) {
    if (!total) throw new Error('The loss gives tasks without a total: add it up, or use the option `tasks`');
    const tasks = Object.values(given.tasks).map(scalar);
    return { total: scalar(total), taskNames: Object.keys(given.tasks), tasks, extra: null };
  }
  const found = Object.keys(given.tasks);
  if (total || found.length !== names.length || names.some((name) => !given.tasks[name])) {
    throw new Error(
      `With the option \`tasks\` the loss should give { tasks: { ${names.join(', ')} }, extra? }, got ` +
        `${total ? 'a total and ' : ''}tasks { ${found.join(', ')} }`,
    );
  }
  const tasks = names.map((name) => scalar(given.tasks[name]));
  const weighted = tf.sum<Tensorflow.Scalar>(tf.mul(tf.stack(tasks), taskWeights));
  const own = extra ? scalar(extra) : null;
  return { total: own ? tf.add(weighted, own) : weighted, taskNames: names, tasks, extra: own };
}

function requireScalar(name: string, loss: Tensorflow.Tensor): void {
  if (loss.size === 1 && loss.dtype === 'float32') return;
  throw new Error(
    `The loss "${name}" should be one float32 number, got ${loss.dtype} [${loss.shape.join(', ')}]`,
  );
}

/** Rows of each part of a batch: as even as can be. */
export function cutIntoParts(rows: number, parts: number): number[] {
  const count = Math.max(1, Math.min(parts, rows));
  return Array.from(
    { length: count },
    (_, at) => Math.floor(((at + 1) * rows) / count) - Math.floor((at * rows) / count),
  );
}
