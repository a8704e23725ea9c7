import { isNative, tf } from './backend.js';
import type { BatchSpec } from './batch.js';
import { EagerPredictor } from './eager-predict.js';
import { EagerStep } from './eager-step.js';
import { GraphPredictor } from './graph-predict.js';
import { GraphStep } from './graph-step.js';
import { registerNativeGradients } from './native-gradients.js';
import { adam } from './optimizers.js';
import type { CompiledPredictor, PredictOptions } from './predict.js';
import type { CompiledStep, FullStepOptions, StepOptions } from './step.js';
import { checkTasks } from './task-options.js';

/**
 * Prepares a training step: the loss is traced once per batch size, with its gradients and the optimizer's updates, into one
 * TensorFlow graph, and from then on a step is a single call.
 *
 * @throws TraceError when the loss does what a graph can't hold: reading a tensor's values, or drawing its own random numbers
 */
export function compileStep<S extends BatchSpec>(options: StepOptions<S>): CompiledStep<S> {
  const optimizer = options.optimizer ?? adam();
  const full: FullStepOptions<S> = {
    weights: options.weights,
    batch: options.batch,
    loss: options.loss,
    optimizer,
    tableOptimizer: options.tableOptimizer ?? optimizer,
    clipNorm: options.clipNorm ?? null,
    accumulate: options.accumulate ?? 1,
    tasks: options.tasks ?? null,
    schedules: options.schedules ?? {},
    seed: options.seed,
    batchSizes: options.batchSizes ?? [],
    evaluationSizes: options.evaluationSizes ?? [],
  };
  if (full.weights.weights.length + full.weights.tables.length === 0)
    throw new Error('The weight set is empty');
  const { weights, tables } = full.weights;
  if (full.tasks) checkTasks(full.tasks, new Set([...weights, ...tables].map(({ name }) => name)));
  const mode = options.mode ?? (isNative && tf.getBackend() === 'tensorflow' ? 'graph' : 'eager');
  return mode === 'graph' ? new GraphStep(full) : new EagerStep(full);
}

registerNativeGradients();

const DEFAULT_SIZES = [1, 16, 128, 1024];

/**
 * Prepares a prediction: the function is traced once per batch size into one graph, in which the weights are constants and
 * tables are looked up.
 *
 * @throws TraceError when the function does what a graph can't hold
 */
export function compilePredict<S extends BatchSpec>(options: PredictOptions<S>): CompiledPredictor<S> {
  const mode = options.mode ?? (isNative && tf.getBackend() === 'tensorflow' ? 'graph' : 'eager');
  const sizes = [...new Set(options.batchSizes ?? DEFAULT_SIZES)].sort((a, b) => a - b);
  if (sizes.length === 0) throw new Error('compilePredict needs at least one batch size');
  if (mode === 'eager') return new EagerPredictor(options);
  return new GraphPredictor(options, sizes);
}
