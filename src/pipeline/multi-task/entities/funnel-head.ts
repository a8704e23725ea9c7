import type * as Tensorflow from '@tensorflow/tfjs';

import { tooFewData } from '../../../errors.js';
import {
  type Batch,
  type BatchSpec,
  column,
  dense,
  type DenseWeights,
  type ModelContext,
  sigmoidCrossEntropies,
  tf,
} from '../../../nn/index.js';
import { TASK_DEFINITIONS } from '../../../tasks/index.js';
import type { ShopHistory } from '../../index.js';
import type { UserExamples } from '../../preprocess/index.js';
import { hazardTarget, type UserTask } from '../../single-task/index.js';
import { FUNNEL_STAGES, type FunnelLabels, funnelLabels } from '../funnel.js';
import type { ExampleColumn } from '../joint-rows.js';
import type { MultiTaskNetwork } from '../multi-task-network.js';
import { examplesOf, type PartOutputs } from './entity-part.js';
import { rateLogits } from './survival-head.js';
import type { UserHead } from './user-head.js';

const INTERVALS = hazardTarget.outputs;
/** What the examples of each stage are called when there are too few. */
const WHO: Readonly<Record<(typeof FUNNEL_STAGES)[number], string>> = {
  VIEW: 'Users who view items after a past cut',
  ADD_TO_CART: 'Users who add items to the cart after a past cut',
  PURCHASE: 'Users who buy after a past cut',
};
/** Keeps the logarithm of 1 - p finite in 32 bits. */
const LARGEST_PROBABILITY = 1 - 1e-6;

export interface FunnelOptions {
  readonly architecture: string;
  /** Whether a stage's logit is of its probability given the stage before (so that all before it multiply), or of the stage itself. */
  readonly isConditional: boolean;
  /** How much it counts where a later stage is held likelier than the one before it; 0 = not at all. */
  readonly calibration: number;
  readonly isSquared: boolean;
}

/** How far users come in each interval: view, cart, purchase. Intent and churn follow from the curve of purchases, as in the survival head. */
export class FunnelHead implements UserHead {
  readonly representations = FUNNEL_STAGES;
  private network: MultiTaskNetwork | null = null;
  private layers: readonly DenseWeights[] = [];
  private startLogits: readonly Float32Array[] = FUNNEL_STAGES.map(() => new Float32Array(INTERVALS));

  constructor(
    private readonly tasks: readonly UserTask[],
    private readonly options: FunnelOptions,
  ) {}

  targets(history: ShopHistory, cut: number, examples: UserExamples): Record<string, ExampleColumn> {
    const labels = funnelLabels(history, cut);
    this.refuseIfTooFew(labels);
    const { masks } = hazardTarget.targets(examples);
    const { isConditional } = this.options;
    this.startLogits = labels.reached.map((reached, stage) => {
      const isAsked = isConditional && stage > 0 ? labels.reached[stage - 1] : null;
      const asked = isAsked ? masks.map((mask, at) => mask * isAsked[at]) : masks;
      return rateLogits(reached, asked, INTERVALS);
    });
    const spec = column(INTERVALS);
    return {
      userMasks: { spec, values: masks },
      ...Object.fromEntries(FUNNEL_STAGES.map((stage, at) => [stage, { spec, values: labels.reached[at] }])),
    };
  }

  build(network: MultiTaskNetwork): void {
    this.network = network;
    const { weights, width } = network;
    this.layers = FUNNEL_STAGES.map((stage, at) => ({
      kernel: weights.weight(`head/${stage}/kernel`, [width, INTERVALS]) as DenseWeights['kernel'],
      bias: weights.weight(`head/${stage}/bias`, [INTERVALS], (values) =>
        values.set(this.startLogits[at]),
      ) as DenseWeights['bias'],
    }));
  }

  forward(features: Tensorflow.Tensor, context: ModelContext): PartOutputs {
    if (!this.network) throw new Error('The head has no weights yet.');
    const given = this.network.represent('user', features, this.representations, context);
    const own = given.map(({ values }, at) => dense(values, this.layers[at]));
    const logits = this.options.isConditional ? products(own) : own;
    return {
      representations: given.map(({ values }) => values),
      heads: Object.fromEntries(FUNNEL_STAGES.map((stage, at) => [stage, logits[at]])),
    };
  }

  losses({ heads }: PartOutputs, batch: Batch<BatchSpec>): Record<string, Tensorflow.Scalar> {
    const masks = examplesOf(batch.userMasks);
    // Places that hold no example have no interval at all.
    const known = tf.maximum(tf.sum(tf.max(masks, 1)), tf.scalar(1));
    const logits = FUNNEL_STAGES.map((stage) => heads[stage]);
    const parts = logits.map((own, at): Tensorflow.Tensor => {
      const labels = examplesOf(batch[FUNNEL_STAGES[at]]);
      return this.options.isSquared
        ? tf.square(tf.sub(labels, tf.sigmoid(own)))
        : sigmoidCrossEntropies(labels, own);
    });
    const { calibration } = this.options;
    if (calibration > 0) {
      for (let at = 1; at < logits.length; at++) {
        const excess = tf.relu(tf.sub(tf.sigmoid(logits[at]), tf.sigmoid(logits[at - 1])));
        parts.push(tf.mul(excess, tf.scalar(calibration)));
      }
    }
    const byInterval = tf.div(tf.sum(tf.mul(tf.addN(parts), masks), 0), known);
    return Object.fromEntries(
      this.tasks.map((task) => {
        const { outputs } = hazardTarget.deciding(task);
        return [task, tf.sum<Tensorflow.Scalar>(tf.slice(byInterval, [0], [outputs]))];
      }),
    );
  }

  outputOf(): string {
    return FUNNEL_STAGES[FUNNEL_STAGES.length - 1];
  }

  private refuseIfTooFew({ examples }: FunnelLabels): void {
    const need = Math.max(...this.tasks.map((task) => TASK_DEFINITIONS[task].minExamples));
    FUNNEL_STAGES.forEach((stage, at) => {
      if (examples[at] < need)
        throw tooFewData(
          `${WHO[stage]} (${this.options.architecture} learns the funnel view → cart → purchase)`,
          examples[at],
          need,
        );
    });
  }
}

/** Logits of coming at least so far, from those of each stage given the one before: [users, intervals] each. */
function products(own: readonly Tensorflow.Tensor2D[]): Tensorflow.Tensor2D[] {
  // The product of the probabilities so far, as a sum of logarithms: log sigmoid(z) = -softplus(-z).
  const parts = own.map((logits) => tf.neg(tf.softplus(tf.neg(logits))));
  return parts.map((_, at) => {
    const logProbability = parts.slice(0, at + 1).reduce((sum, part) => tf.add(sum, part));
    const probability = tf.minimum(tf.exp(logProbability), tf.scalar(LARGEST_PROBABILITY));
    return tf.sub(logProbability, tf.log(tf.sub(tf.scalar(1), probability)));
  });
}
