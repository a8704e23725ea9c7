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
import { poissonLosses } from '../../single-task/index.js';
import type { MultiTaskNetwork } from '../multi-task-network.js';
import type { PartOutputs } from './entity-part.js';
import { USER_INPUT } from './user-part.js';

const LEAST_RATE = 1e-4;

export interface CustomHeadOptions {
  /** Whether the output is the logarithm of an expected count; otherwise a logit. */
  readonly isNumber: boolean;
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

  constructor(
    private readonly name: CustomTaskName,
    private readonly options: CustomHeadOptions,
  ) {}

  /** @param mean of the labels, where the output starts */
  build(network: MultiTaskNetwork, mean: number): void {
    this.network = network;
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

  /** Losses row by row. @param labels 0 or 1, or counts */
  losses(labels: Tensorflow.Tensor, outputs: Tensorflow.Tensor): Tensorflow.Tensor {
    // Squared errors are of probabilities; a count has none.
    if (this.options.isNumber) return poissonLosses(labels, outputs);
    return this.options.isSquared
      ? tf.square(tf.sub(labels, tf.sigmoid(outputs)))
      : sigmoidCrossEntropies(labels, outputs);
  }
}
