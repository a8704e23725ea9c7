import type * as Tensorflow from '@tensorflow/tfjs';

import {
  constant,
  dense,
  type DenseWeights,
  glorotUniform,
  type ModelContext,
  sigmoidCrossEntropies,
  tf,
  zeros,
} from '../../../nn/index.js';
import type { CustomTaskName } from '../../../tasks/index.js';
import { ACTIVITY_FEATURE_COUNT } from '../../preprocess/index.js';
import { poissonDeviances } from '../../single-task/index.js';
import type { MultiTaskNetwork } from '../multi-task-network.js';
import type { PartOutputs } from './entity-part.js';
import { USER_INPUT } from './user-part.js';

const LEAST_RATE = 1e-4;
/** Of yes and no at even odds: no yes/no task's labels deviate more. */
const LARGEST_DEVIATION = 0.5;

/** What a head knows of its labels before it learns. */
export interface LabelMoments {
  /** Where the output starts. */
  readonly mean: number;
  /** Standard deviation. */
  readonly deviation: number;
}

export function labelMoments(labels: Float32Array): LabelMoments {
  const mean = labels.reduce((sum, label) => sum + label, 0) / labels.length;
  const variance = labels.reduce((sum, label) => sum + (label - mean) ** 2, 0) / labels.length;
  return { mean, deviation: Math.sqrt(variance) };
}

export interface CustomHeadOptions {
  /** Whether the output is the logarithm of an expected count; otherwise a logit. */
  readonly isNumber: boolean;
  /** Whether the net learns nothing but counts. */
  readonly hasCountsAlone: boolean;
  readonly isSquared: boolean;
  /** Units of the head's layer. */
  readonly hidden: number;
}

/**
 * The head of a custom task: beside the user's representation a small net (wide and deep; Cheng et al., 2016) on how much was shown so far of what
 * the task counts.
 */
export class CustomHead {
  private network: MultiTaskNetwork | null = null;
  private wide: DenseWeights;
  private deep: DenseWeights;
  private user: Tensorflow.Variable<Tensorflow.Rank.R2>;
  private output: DenseWeights;
  private countScale = 1;

  constructor(
    private readonly name: CustomTaskName,
    private readonly options: CustomHeadOptions,
  ) {}

  build(network: MultiTaskNetwork, { mean, deviation }: LabelMoments): void {
    this.network = network;
    // Counts among themselves drown no yes or no, and clipped steps of large losses learn them better.
    this.countScale = this.options.hasCountsAlone ? 1 : Math.min(1, LARGEST_DEVIATION / deviation);
    const { weights, width } = network;
    const { hidden, isNumber } = this.options;
    const at = (part: string) => `head/${this.name}/${part}`;
    const rate = Math.max(mean, LEAST_RATE);
    const start = isNumber ? Math.log(rate) : Math.log(rate / Math.max(1 - rate, LEAST_RATE));
    this.deep = weights.dense(at('deep'), ACTIVITY_FEATURE_COUNT, hidden);
    this.user = weights.weight(at('user'), [width, hidden]) as Tensorflow.Variable<Tensorflow.Rank.R2>;
    this.output = weights.dense(at('output'), hidden, 1, glorotUniform);
    this.wide = {
      kernel: weights.weight(at('wide/kernel'), [ACTIVITY_FEATURE_COUNT, 1], zeros) as DenseWeights['kernel'],
      bias: weights.weight(at('wide/bias'), [1], constant(start)) as DenseWeights['bias'],
    };
  }

  /**
   * @param user     [rows, width of the encoder's input]
   * @param activity [rows, ACTIVITY_FEATURE_COUNT]
   * @returns        `outputs`: [rows] logits, or logarithms of expected counts
   */
  forward(user: Tensorflow.Tensor2D, activity: Tensorflow.Tensor, context: ModelContext): PartOutputs {
    if (!this.network) throw new Error('The head has no weights yet.');
    const [{ values }] = this.network.represent(USER_INPUT, user, [this.name], context);
    const before = tf.add(dense(activity, this.deep), tf.matMul(values, this.user));
    const deep = dense(tf.relu(before), this.output);
    const outputs = tf.reshape(tf.add(deep, dense(activity, this.wide)), [-1]);
    return { representations: [values], heads: { outputs } };
  }

  /**
   * Losses row by row. By an output that answers the labels' mean, the gradient's root mean square is the labels' standard deviation, of a count
   * as of yes and no. A count's may be hundreds of behaviours, so that nothing else would be learnt beside it: its deviance is scaled down
   * until its labels deviate no more than yes and no at even odds. That moves no optimum of the task itself.
   *
   * @param labels 0 or 1, or counts
   */
  losses(labels: Tensorflow.Tensor, outputs: Tensorflow.Tensor): Tensorflow.Tensor {
    // Squared errors are of probabilities; a count has none.
    if (this.options.isNumber) return tf.mul(poissonDeviances(labels, outputs), tf.scalar(this.countScale));
    return this.options.isSquared
      ? tf.square(tf.sub(labels, tf.sigmoid(outputs)))
      : sigmoidCrossEntropies(labels, outputs);
  }
}
