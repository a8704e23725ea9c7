import type * as Tensorflow from '@tensorflow/tfjs';

import {
  adamW,
  column,
  type CompiledPredictor,
  compilePredict,
  compileStep,
  cyclePlan,
  dense,
  type DenseWeights,
  type ModelContext,
  Random,
  sigmoidCrossEntropies,
  tf,
  train,
  WeightSet,
  zeros,
} from '../../../nn/index.js';
import type { EpochReport, FitContext } from '../../index.js';
import { poissonLosses } from '../count-loss.js';
import { focalWeights } from '../focal-loss.js';
import { type LayerNumbers } from '../fraud/integrated-gradients.js';
import { trainingContext } from '../training-context.js';
import type { DenseNetworkSettings } from './user-network-settings.js';

/** Columns of training: labels and masks have one entry an output. */
export interface UserColumns {
  readonly features: Float32Array;
  /** [rows × outputs] 0 or 1. */
  readonly labels: Float32Array;
  /** [rows × outputs] how much the label counts; 0 where it is not known. */
  readonly masks: Float32Array;
}

const WARMUP = 0.1;
/** Where a small shop has fewer rows than these steps ask for, batches are smaller than the setting, so that an epoch still teaches. */
const LEAST_STEPS = 64;
const LEAST_BATCH = 16;
/** Examples at even odds that a rate is shrunk by. */
const RATE_PRIOR = 2;

export interface UserNetworkOptions {
  readonly seed: number;
  /** Exponent of the focal loss; 0 without. */
  readonly focalGamma: number;
  /**
   * SIGMOID, the default: each output by itself. SOFTMAX: one of the outputs; labels are a one among zeros. COUNT: the logarithm of an expected
   * count each, by Poisson regression.
   */
  readonly head?: 'SIGMOID' | 'SOFTMAX' | 'COUNT';
}

/**
 * Dense layers on user features with one logit an output. Without hidden layers one score is shared by all outputs that stand for
 * themselves, each with its own intercept: the proportional odds of discrete-time survival analysis.
 */
export class UserNetwork {
  readonly weights: WeightSet;
  private readonly hidden: readonly DenseWeights[];
  private readonly output: DenseWeights;
  private readonly intercepts: Tensorflow.Variable;
  private predictor: CompiledPredictor<{ features: ReturnType<typeof column> }> | null = null;

  constructor(
    private readonly width: number,
    private readonly outputs: number,
    private readonly settings: DenseNetworkSettings,
    private readonly options: UserNetworkOptions,
  ) {
    this.weights = new WeightSet(new Random(options.seed));
    const sizes = [width, ...settings.hiddenUnits];
    this.hidden = settings.hiddenUnits.map((units, at) =>
      this.weights.dense(`hidden-${at + 1}`, sizes[at], units),
    );
    const isLinear = settings.hiddenUnits.length === 0;
    const hasOneScore = isLinear && options.head !== 'SOFTMAX';
    this.output = this.weights.dense(
      'output',
      sizes[sizes.length - 1],
      hasOneScore ? 1 : outputs,
      isLinear ? zeros : undefined,
    );
    this.intercepts = this.weights.weight('intercepts', [outputs], zeros);
  }

  /** @returns [rows, outputs] */
  logits(features: Tensorflow.Tensor, context: ModelContext): Tensorflow.Tensor {
    let values = features;
    for (const layer of this.hidden) {
      values = context.random.dropout(dense(values, layer, 'relu'), this.settings.dropout);
    }
    return tf.add(dense(values, this.output), this.intercepts);
  }

  /** @param report the run's name of the model and the task that the losses belong to */
  async train(
    columns: UserColumns,
    validation: UserColumns | null,
    context: FitContext,
    report: Pick<EpochReport, 'model' | 'task'>,
  ): Promise<void> {
    const { settings, width, outputs } = this;
    const rows = columns.features.length / width;
    const batchSize = Math.min(settings.batchSize, Math.max(LEAST_BATCH, Math.ceil(rows / LEAST_STEPS)));
    const { epochs, schedule, averageAfter } = cyclePlan({
      ...settings,
      steps: Math.ceil(rows / batchSize),
      warmup: WARMUP,
      snapshot: context.snapshot,
    });
    this.startAtRates(columns);
    const step = compileStep({
      weights: this.weights,
      batch: { features: column(width), labels: column(outputs), masks: column(outputs) },
      loss: (batch, model) => this.loss(batch, model),
      optimizer: adamW(schedule, {
        weightDecay: settings.weightDecay,
      }),
      clipNorm: 5,
      seed: context.seed,
    });
    const name = `${report.model}-${report.task ?? 'all'}`;
    try {
      await train({
        step,
        columns: { ...columns },
        validation: validation ? { ...validation } : undefined,
        batchSize,
        epochs,
        averageAfter,
        ...trainingContext(context, report, name),
      });
    } finally {
      step.dispose();
    }
  }

  /** @returns [rows × outputs] logits */
  predict(features: Float32Array): Float32Array {
    if (features.length === 0) return new Float32Array(0);
    this.predictor ??= compilePredict({
      weights: this.weights,
      batch: { features: column(this.width) },
      predict: (batch, context) => ({ logits: this.logits(batch.features, context) }),
    });
    return this.predictor.predict({ features }).logits;
  }

  /** The layers with one output: the mean of the first `outputs` logits. */
  numbers(outputs: number): LayerNumbers[] {
    const values = this.weights.export();
    const layer = (name: string) => ({
      kernel: values[`${name}/kernel`].values,
      bias: values[`${name}/bias`].values,
    });
    const last = layer('output');
    const units = last.bias.length;
    const used = Math.min(outputs, units);
    const kernel = new Float32Array(last.kernel.length / units);
    for (let from = 0; from < kernel.length; from++) {
      for (let to = 0; to < used; to++) kernel[from] += last.kernel[from * units + to] / used;
    }
    return [...this.hidden.map((_, at) => layer(`hidden-${at + 1}`)), { kernel, bias: new Float32Array(1) }];
  }

  dispose(): void {
    this.predictor?.dispose();
    this.weights.dispose();
  }

  /** Starts each output at its rate among the training rows, so that no step goes into finding it (Lin et al., ICCV 2017, section 3.3). */
  private startAtRates({ labels, masks }: UserColumns): void {
    const { outputs } = this;
    const yes = new Float64Array(outputs).fill(RATE_PRIOR / 2);
    const known = new Float64Array(outputs).fill(RATE_PRIOR);
    labels.forEach((label, at) => {
      yes[at % outputs] += label * masks[at];
      known[at % outputs] += masks[at];
    });
    const start =
      this.options.head === 'COUNT'
        ? (count: number, all: number) => Math.log(count / all)
        : (count: number, all: number) => Math.log(count / (all - count));
    const logits = yes.map((count, at) => start(count, known[at]));
    tf.tidy(() => this.intercepts.assign(tf.tensor1d([...logits])));
  }

  private loss(
    batch: { features: Tensorflow.Tensor; labels: Tensorflow.Tensor; masks: Tensorflow.Tensor },
    context: ModelContext,
  ): Tensorflow.Scalar {
    const logits = this.logits(batch.features, context);
    if (this.options.head === 'SOFTMAX') {
      const hits = tf.mul(tf.mul(batch.labels, batch.masks), tf.logSoftmax(logits));
      return tf.neg(tf.mean<Tensorflow.Scalar>(tf.sum(hits, 1)));
    }
    if (this.options.head === 'COUNT')
      return tf.mean(tf.sum(tf.mul(poissonLosses(batch.labels, logits), batch.masks), 1));
    const losses =
      this.settings.loss === 'SUM_OF_SQUARED_ERRORS'
        ? tf.square(tf.sub(batch.labels, tf.sigmoid(logits)))
        : sigmoidCrossEntropies(batch.labels, logits);
    const { focalGamma } = this.options;
    const weights =
      focalGamma > 0 ? tf.mul(batch.masks, focalWeights(batch.labels, logits, focalGamma)) : batch.masks;
    return tf.mean(tf.sum(tf.mul(losses, weights), 1));
  }
}
