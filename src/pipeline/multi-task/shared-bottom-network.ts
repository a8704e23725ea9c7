import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type Batch,
  column,
  type CompiledPredictor,
  compilePredict,
  constant,
  dense,
  type DenseWeights,
  glorotUniform,
  type ModelContext,
  type NamedLosses,
  Random,
  sigmoidCrossEntropies,
  tf,
  WeightSet,
  type WeightValues,
} from '../../nn/index.js';
import { CANDIDATE_FEATURE_COUNT, USER_FEATURE_COUNT } from '../preprocess/index.js';
import { hazardTarget, type LayerNumbers, listLoss, MASKED_LOGIT } from '../single-task/index.js';
import type { SharedBottomSettings } from './shared-bottom-settings.js';
import type { SharedBatch } from './shared-examples.js';

/** Rare events start low: about one in eight. */
const START_LOGIT = -2;

type Predictor = CompiledPredictor<{ features: ReturnType<typeof column> }>;

/**
 * One net for three tasks (shared bottom: Caruana, 1997): hidden layers on the user's features, on top of them the hazards of the next
 * purchase (purchase intent and churn), and the ranking of items, where the user's hidden values join those of the candidate.
 */
export class SharedBottomNetwork {
  readonly weights: WeightSet;
  private readonly bottom: DenseWeights[];
  private readonly hazards: DenseWeights;
  private readonly wide: DenseWeights;
  private readonly candidate: DenseWeights;
  private readonly user: Tensorflow.Variable;
  private readonly output: DenseWeights;
  private predictor: Predictor | null = null;

  constructor(
    private readonly settings: SharedBottomSettings,
    seed: number,
  ) {
    const { hiddenUnits, hidden } = settings;
    this.weights = new WeightSet(new Random(seed).fork('shared-bottom'));
    const sizes = [USER_FEATURE_COUNT, ...hiddenUnits];
    this.bottom = hiddenUnits.map((units, at) => this.weights.dense(`bottom-${at + 1}`, sizes[at], units));
    const width = sizes[sizes.length - 1];
    this.hazards = {
      kernel: this.weights.weight('hazards/kernel', [width, hazardTarget.outputs]) as DenseWeights['kernel'],
      bias: this.weights.weight(
        'hazards/bias',
        [hazardTarget.outputs],
        constant(START_LOGIT),
      ) as DenseWeights['bias'],
    };
    this.wide = this.weights.dense('wide', CANDIDATE_FEATURE_COUNT, 1, glorotUniform);
    this.candidate = this.weights.dense('hidden', CANDIDATE_FEATURE_COUNT, hidden);
    this.user = this.weights.weight('user', [width, hidden]);
    this.output = this.weights.dense('output', hidden, 1, glorotUniform);
  }

  /** Losses of a batch: by task, and their weighted sum. */
  loss(batch: Batch<SharedBatch>, context: ModelContext): NamedLosses {
    const users = tf.reshape(batch.userFeatures, [-1, USER_FEATURE_COUNT]);
    const logits = dense(this.shared(users, context), this.hazards); // [users, intervals]
    const labels = tf.reshape(batch.userLabels, [-1, hazardTarget.outputs]);
    const masks = tf.reshape(batch.userMasks, [-1, hazardTarget.outputs]);
    const isSquared = this.settings.loss === 'SUM_OF_SQUARED_ERRORS';
    const losses = isSquared
      ? tf.square(tf.sub(labels, tf.sigmoid(logits)))
      : sigmoidCrossEntropies(labels, logits);
    // Places that hold no example have no interval at all.
    const known = tf.maximum(tf.sum(tf.max(masks, 1)), tf.scalar(1));
    const byInterval = tf.div(tf.sum(tf.mul(losses, masks), 0), known);
    const tasks: Record<string, Tensorflow.Scalar> = {
      PURCHASE_INTENT: sumOfFirst(byInterval, hazardTarget.deciding('PURCHASE_INTENT').outputs),
      CHURN: sumOfFirst(byInterval, hazardTarget.deciding('CHURN').outputs),
      RECOMMENDATION: this.rankingLoss(batch, context, isSquared),
    };
    const { lossWeights } = this.settings;
    const total = tf.addN([
      tf.mul(tasks.PURCHASE_INTENT, tf.scalar(lossWeights.PURCHASE_INTENT / 2)),
      tf.mul(tasks.CHURN, tf.scalar(lossWeights.CHURN / 2)),
      tf.mul(tasks.RECOMMENDATION, tf.scalar(lossWeights.RECOMMENDATION)),
    ]) as Tensorflow.Scalar;
    return { total, tasks };
  }

  /** For each row of user features the hazards' logits, and what the recommendation head adds to its layer's bias. */
  predict(features: Float32Array): { hazards: Float32Array; userPart: Float32Array } {
    if (features.length === 0) return { hazards: new Float32Array(0), userPart: new Float32Array(0) };
    this.predictor ??= compilePredict({
      weights: this.weights,
      batch: { features: column(USER_FEATURE_COUNT) },
      predict: (batch, context) => {
        const shared = this.shared(batch.features, context);
        return {
          hazards: dense(shared, this.hazards),
          userPart: tf.matMul(shared, this.user),
        };
      },
    });
    const { hazards, userPart } = this.predictor.predict({ features });
    return { hazards, userPart };
  }

  /** The user's way through the net with one output: the mean of the first `outputs` hazards' logits. */
  numbers(outputs: number): LayerNumbers[] {
    const values = this.weights.export();
    const { kernel, bias } = layerOf(values, 'hazards');
    const mean = new Float32Array(kernel.length / bias.length);
    for (let from = 0; from < mean.length; from++)
      for (let to = 0; to < outputs; to++) mean[from] += kernel[from * bias.length + to] / outputs;
    const bottom = this.bottom.map((_, at) => layerOf(values, `bottom-${at + 1}`));
    return [...bottom, { kernel: mean, bias: new Float32Array(1) }];
  }

  dispose(): void {
    this.predictor?.dispose();
    this.weights.dispose();
  }

  /** [rows, user features] → [rows, width of the bottom] */
  private shared(features: Tensorflow.Tensor, context: ModelContext): Tensorflow.Tensor2D {
    let values = features;
    for (const layer of this.bottom)
      values = context.random.dropout(dense(values, layer, 'relu'), this.settings.dropout);
    return values as Tensorflow.Tensor2D;
  }

  private rankingLoss(
    batch: Batch<SharedBatch>,
    context: ModelContext,
    isSquared: boolean,
  ): Tensorflow.Scalar {
    const candidates = batch.bought.shape[1] as number;
    const rows = tf.reshape(batch.candidateFeatures, [-1, CANDIDATE_FEATURE_COUNT]);
    const { hidden } = this.settings;
    const own = tf.matMul(this.shared(batch.rankingUser, context), this.user);
    const before = tf.add(
      tf.reshape(dense(rows, this.candidate), [context.rows, candidates, hidden]),
      tf.reshape(own, [context.rows, 1, hidden]),
    );
    const deep = dense(tf.reshape(tf.relu(before), [-1, hidden]), this.output);
    const raw = tf.reshape(tf.add(dense(rows, this.wide), deep), [context.rows, candidates]);
    const logits = tf.add(raw, batch.offsets);
    const newLogits = tf.add(logits, tf.mul(tf.sub(tf.scalar(1), batch.isNew), tf.scalar(MASKED_LOGIT)));
    const lossOf = isSquared ? squaredListLoss : listLoss;
    const { newShare } = this.settings;
    return tf.add(
      tf.mul(lossOf(batch.bought, logits), tf.scalar(1 - newShare)),
      tf.mul(lossOf(tf.mul(batch.bought, batch.isNew), newLogits), tf.scalar(newShare)),
    );
  }
}

/** The recommendation head's weights for one user, by the names that scoreRows reads. @param userPart [hidden] */
export function headOfUser(weights: WeightValues, userPart: Float32Array): WeightValues {
  const { shape, values } = weights['hidden/bias'];
  return {
    ...weights,
    'hidden/bias': { shape, values: values.map((value, unit) => value + userPart[unit]) },
  };
}

const layerOf = (values: WeightValues, name: string): LayerNumbers => ({
  kernel: values[`${name}/kernel`].values,
  bias: values[`${name}/bias`].values,
});

/** Sum over the candidates of (share of what was bought − probability)², mean over the rows. */
function squaredListLoss(labels: Tensorflow.Tensor, logits: Tensorflow.Tensor): Tensorflow.Scalar {
  const shares = tf.div(labels, tf.maximum(tf.sum(labels, 1, true), tf.scalar(1)));
  return tf.mean<Tensorflow.Scalar>(tf.sum(tf.square(tf.sub(shares, tf.softmax(logits))), 1));
}

function sumOfFirst(values: Tensorflow.Tensor, count: number): Tensorflow.Scalar {
  return tf.sum<Tensorflow.Scalar>(tf.slice(values, [0], [count]));
}
