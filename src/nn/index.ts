/**
 * Graph mode and its building blocks: train and predict with models written in plain tfjs ops, each step as one call of TensorFlow.
 * Knows nothing of shops. See docs/graph-mode.md.
 */
export { isNative, tf } from './backend.js';
export type { Batch, BatchArrays, BatchSpec, ColumnSpec } from './batch.js';
export { column, emptyColumn, idColumn } from './batch.js';
export type { Checkpoint } from './checkpoint.js';
export { compilePredict, compileStep } from './compile.js';
export type { ModelContext, ModelRandom } from './context.js';
export type { CyclePlan, Snapshot } from './cycles.js';
export { cyclePlan } from './cycles.js';
export type { MeanLosses, TaskEpoch, TrainEpoch } from './epoch.js';
export type { ExportOptions, OpenSavedModel } from './export-model.js';
export { exportOnnx, exportSavedModel, openSavedModel } from './export-model.js';
export type { Activation, NormalisationWeights } from './layers.js';
export { activate, dense, layerNormalise, maskedMean } from './layers.js';
export {
  huberLoss,
  poissonLoss,
  quantileLoss,
  sigmoidCrossEntropies,
  sigmoidCrossEntropy,
  softmaxCrossEntropies,
  softmaxCrossEntropy,
  squaredError,
  weightedMean,
} from './losses.js';
export type { Optimizer, Schedule } from './optimizers.js';
export { adagrad, adam, adamW, cosineSchedule, sgd, stepSchedule } from './optimizers.js';
export type { ProcessOptions } from './parallel.js';
export { runInProcesses } from './parallel.js';
export type { CompiledPredictor, PredictFunction, Predictions } from './predict.js';
export type { RandomState } from './random.js';
export { hashText, Random } from './random.js';
export type { FileSource, RowSource } from './row-source.js';
export { memorySource, openRowFiles, writeRowFiles } from './row-source.js';
export type {
  CompiledStep,
  LossFunction,
  LossValues,
  NamedLosses,
  StepOptions,
  StepState,
  TaskLosses,
} from './step.js';
export { adversarialNoise, detach, reverseGradient } from './tape.js';
export type {
  GradientCombiner,
  TaskOptions,
  TaskReport,
  TaskWeighting,
  WeightingStep,
} from './task-options.js';
export { gradNorm, pcGrad } from './task-options.js';
export type { StoredTensor, TensorBundle } from './tensor-file.js';
export { decodeTensors, encodeTensors, loadTensors, saveTensors } from './tensor-file.js';
export type { Work } from './threads.js';
export { chooseThreads, threadEnvironment, workOf } from './threads.js';
export { TraceError } from './trace-guard.js';
export type { EarlyStopping, TrainOptions, TrainResult } from './train.js';
export { train } from './train.js';
export type { TransformerOptions } from './transformer.js';
export { TransformerEncoder } from './transformer.js';
export { loadWeights, saveWeights } from './weight-file.js';
export type { DenseWeights, Initialiser, Weight, WeightValues } from './weights.js';
export {
  constant,
  glorotUniform,
  heNormal,
  normalWith,
  Table,
  uniformWith,
  WeightSet,
  zeros,
} from './weights.js';
