/** How the losses of several tasks make one step. */
import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type CompiledStep,
  gradNorm,
  pcGrad,
  type TaskLosses,
  type TaskOptions,
  tf,
  type TrainEpoch,
  type WeightSet,
  zeros,
} from '../../nn/index.js';
import type { TaskName } from '../../tasks/index.js';
import type { TaskAffinity, TaskWeight } from '../index.js';
import { userTaskShare } from './entities/user-head.js';
import type { MultiTaskSettings } from './settings.js';

type Losses = Readonly<Record<string, Tensorflow.Scalar>>;

/** Softness of the softmax over how fast the tasks' losses fall (Liu et al. take 2). */
const DWA_TEMPERATURE = 2;

/**
 * Weighs the tasks' losses by the method of the settings:
 * - EQUAL, FIXED: by 1, or by the weights given.
 * - UNCERTAINTY: by learnt variances (Kendall et al., CVPR 2018): loss / variance + log deviation; for demand's absolute errors, loss / scale +
 *   log scale.
 * - DWA: by how slowly each loss fell over the two epochs before (dynamic weight average; Liu et al., CVPR 2019).
 * - GRADNORM: so that the gradients' norms by the shared layers come together, slow tasks ahead (Chen et al., ICML 2018).
 * - PCGRAD: equal weights, but of each gradient what works against another task's is taken off (Yu et al., NeurIPS 2020).
 *
 * Whatever the method, intent and churn together weigh as one task: both are read off one curve.
 */
export class LossBalance {
  /** The tasks' losses in a step, in the order of the tasks. */
  readonly names: readonly string[];
  private readonly shares: readonly number[];
  private logVariances: Tensorflow.Variable | null = null;
  private readonly epochs: TrainEpoch[] = [];

  /** @param learner name of the net whose losses they are, where several train in one step */
  constructor(
    private readonly tasks: readonly TaskName[],
    private readonly options: MultiTaskSettings['lossBalancing'],
    learner = '',
  ) {
    this.names = tasks.map((task) => (learner ? `${learner}/${task}` : task));
    const share = userTaskShare(tasks);
    this.shares = tasks.map((task) => (task === 'PURCHASE_INTENT' || task === 'CHURN' ? share : 1));
  }

  /** Adds the weights that the method learns. */
  build(weights: WeightSet): void {
    if (this.options.method !== 'UNCERTAINTY') return;
    this.logVariances = weights.weight('balance/log-variances', [this.tasks.length], zeros, {
      isDecayed: false,
    });
  }

  /**
   * @param shared        names of the weights that all tasks reach
   * @param areCompared whether the tasks' gradients by these are compared; see `affinities`
   */
  taskOptions(shared: readonly string[], areCompared: boolean): TaskOptions {
    const { method } = this.options;
    const given: Partial<Record<TaskName, number>> | undefined = this.options.weights;
    const weights = this.shares.map((share, at) => share * (given?.[this.tasks[at]] ?? 1));
    const isCompared = areCompared && shared.length > 0 && this.tasks.length > 1;
    const base = { names: this.names, weights, ...(isCompared && { measured: shared }) };
    // One task has nobody to be weighed against.
    if (this.tasks.length === 1) return base;
    switch (method) {
      case 'EQUAL':
      case 'FIXED':
      case 'UNCERTAINTY':
      case 'DWA':
        return base;
      case 'GRADNORM':
        return { ...base, measured: shared, weighting: gradNorm() };
      case 'PCGRAD':
        return { ...base, combine: pcGrad() };
    }
  }

  /** What the step minimises. @param losses by task */
  losses(losses: Losses): TaskLosses {
    const tasks = Object.fromEntries(this.names.map((name, at) => [name, losses[this.tasks[at]]]));
    if (!this.logVariances) return { tasks };
    // The step adds share × loss by itself; what is missing to share × (loss / variance + log deviation) is no task's.
    const parts = this.tasks.map((task, at) => {
      const logVariance = tf.reshape(tf.slice(this.logVariances!, [at], [1]), []);
      const change = tf.mul(losses[task], tf.sub(tf.exp(tf.neg(logVariance)), tf.scalar(1)));
      const penalty = tf.mul(logVariance, tf.scalar(penaltyOf(task)));
      return tf.mul<Tensorflow.Scalar>(tf.add(change, penalty), tf.scalar(this.shares[at]));
    });
    return { tasks, extra: parts.length === 1 ? parts[0] : tf.addN(parts) };
  }

  /** Takes note of an epoch, also of those that a resumed training did before. */
  onEpoch(epoch: TrainEpoch, step: CompiledStep): void {
    this.epochs.push(epoch);
    const [before, last] = this.epochs.slice(-2);
    if (this.options.method !== 'DWA' || !last) return;
    const falls = this.names.map((name) => last.train.tasks[name] / before.train.tasks[name]);
    const weights = slowFirst(falls);
    step.setTaskWeights(
      Object.fromEntries(this.names.map((name, at) => [name, weights[at] * this.shares[at]])),
    );
  }

  /** Of every pair, where gradients were compared (by GRADNORM and PCGRAD they always are): mean over the epochs. */
  affinities(): TaskAffinity[] {
    const compared = this.epochs.flatMap(({ tasks }) => (tasks?.gradients ? [tasks] : []));
    if (compared.length === 0) return [];
    const cosine = (name: string, other: string) =>
      compared.reduce((sum, { names, gradients }) => {
        const row = names.indexOf(name) * names.length;
        return sum + gradients!.cosines[row + names.indexOf(other)];
      }, 0) / compared.length;
    return this.tasks.flatMap((task, at) =>
      this.tasks.slice(at + 1).map((other, next) => ({
        task,
        other,
        cosine: cosine(this.names[at], this.names[at + 1 + next]),
      })),
    );
  }

  /** Weights of the last epoch; by UNCERTAINTY those that were learnt. The shares of intent and churn are in them. */
  weights(): TaskWeight[] {
    const last = this.epochs.at(-1)?.tasks;
    const learnt = this.logVariances ? tf.tidy(() => tf.exp(tf.neg(this.logVariances!)).dataSync()) : null;
    return this.tasks.map((task, at) => ({
      task,
      weight: learnt
        ? learnt[at] * this.shares[at]
        : (last?.weights[last.names.indexOf(this.names[at])] ?? this.shares[at]),
    }));
  }
}

/** log deviation is half the log variance; of absolute errors the scale itself is learnt. */
const penaltyOf = (task: TaskName): number => (task === 'DEMAND' ? 1 : 1 / 2);

/**
 * Dynamic weight average: a softmax over each task's last loss divided by the one before, times the number of tasks.
 *
 * @param falls loss / loss an epoch before, by task
 */
export function slowFirst(falls: readonly number[]): number[] {
  const powers = falls.map((fall) => Math.exp(fall / DWA_TEMPERATURE));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => (falls.length * power) / sum);
}
