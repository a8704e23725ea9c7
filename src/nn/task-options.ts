import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from './backend.js';
import type { ModelRandom } from './context.js';

/**
 * Computes how much each task's gradient counts for the shared weights, in tfjs ops: any method that looks at the gradients' inner products.
 *
 * @param products [tasks, tasks]: inner products of the tasks' gradients, each times its task's weight
 * @returns [tasks]: the step follows the sum of coefficient × gradient
 */
export type GradientCombiner = (
  products: Tensorflow.Tensor2D,
  context: {
    /** [tasks], not weighted. */
    readonly losses: Tensorflow.Tensor1D;
    readonly random: ModelRandom;
  },
) => Tensorflow.Tensor1D;

/** What a weighting sees of a step, and changes. */
export interface WeightingStep {
  /** [tasks]: of this step; the next step's are written here. */
  readonly weights: Float32Array;
  /** [tasks × memoryPerTask]: zeros at first; kept with the step's state. */
  readonly memory: Float32Array;
  /** [tasks], not weighted. */
  readonly losses: Float32Array;
  /** [tasks]: norms of the gradients of the losses that are not weighted, by `measured`. */
  readonly norms: Float32Array;
}

/** Changes the tasks' weights after each step. */
export interface TaskWeighting {
  readonly memoryPerTask: number;
  update(step: WeightingStep): void;
}

/** How the losses of several tasks make one step. The loss function then gives `{ tasks, extra? }`. */
export interface TaskOptions {
  /** The loss's tasks, in the order of weights and reports. */
  readonly names: readonly string[];
  /** What each loss is multiplied by at first; 1 each unless said. Change them by `setTaskWeights`. */
  readonly weights?: readonly number[];
  /** Differentiates each task by itself and combines the gradients of what several tasks share, e.g. `pcGrad()`. Left out, they are added. */
  readonly combine?: GradientCombiner;
  /**
   * Weights and tables by whose gradients tasks are compared. Left out: with `combine`, all that several tasks reach; without, none, and
   * no norms and cosines are reported. One late shared layer costs little.
   */
  readonly measured?: readonly string[];
  /** Chooses the weights itself, e.g. `gradNorm()`. Needs `combine` or `measured`. */
  readonly weighting?: TaskWeighting;
}

/** Tasks in the last step. */
export interface TaskReport {
  readonly names: readonly string[];
  /** [tasks]: what the losses were multiplied by. */
  readonly weights: Float32Array;
  /** Norms [tasks] of the gradients of the losses (not weighted), and cosines [tasks × tasks] between them; null where not measured. */
  readonly gradients: { readonly norms: Float32Array; readonly cosines: Float32Array } | null;
}

/**
 * Checks the options.
 *
 * @param known names of the weights and tables that there are
 * @throws Error saying what does not fit
 */
export function checkTasks(tasks: TaskOptions, known: ReadonlySet<string>): void {
  const { names, weights, weighting, combine, measured } = tasks;
  if (names.length === 0 || new Set(names).size < names.length) {
    throw new Error(`Expected different names of tasks, got [${names.join(', ')}]`);
  }
  if (weights && weights.length !== names.length) {
    throw new Error(`Expected ${names.length} weights of tasks, got ${weights.length}`);
  }
  if (weighting && !combine && !measured) {
    throw new Error('A weighting of tasks needs `measured`: the weights by which gradients are compared');
  }
  const unknown = measured?.find((name) => !known.has(name));
  if (unknown !== undefined || measured?.length === 0) {
    throw new Error(
      `Gradients can be measured by ${[...known].join(', ')}; got ${unknown === undefined ? 'none' : `"${unknown}"`}`,
    );
  }
}

/** Norms and cosines from the inner products of gradients, [tasks × tasks]. */
export function compareGradients(products: Float32Array): { norms: Float32Array; cosines: Float32Array } {
  const tasks = Math.sqrt(products.length);
  const norms = Float32Array.from({ length: tasks }, (_, task) => Math.sqrt(products[task * tasks + task]));
  const cosines = products.map((product, at) => {
    const length = norms[Math.floor(at / tasks)] * norms[at % tasks];
    return length > 0 ? Math.max(-1, Math.min(1, product / length)) : 0;
  });
  return { norms, cosines };
}

/**
 * Gradient surgery (PCGrad; Yu et al., NeurIPS 2020): of each task's gradient, the part that works against another task's is taken off,
 * task after task in an order drawn anew in each step; then they are added.
 *
 * All that it computes are linear combinations of the tasks' gradients, so it is done on their coefficients.
 */
export function pcGrad(): GradientCombiner {
  return (products, { random }) =>
    tf.tidy(() => {
      const [tasks] = products.shape;
      const identity = tf.eye(tasks);
      // A task's own gradient comes last in its order, where it changes nothing.
      const draws = tf.add(random.uniform([tasks, tasks]), tf.mul(identity, tf.scalar(2)));
      const isBefore = tf.less(tf.expandDims(draws, 1), tf.expandDims(draws, 2)); // [task, other, third]: third before other
      const places = tf.sum(tf.cast(isBefore, 'float32'), 2); // [task, other]
      const squares = tf.sum(tf.mul(products, identity), 0, true); // [1, tasks]
      let coefficients: Tensorflow.Tensor2D = identity;
      for (let place = 0; place < tasks - 1; place++) {
        const chosen = tf.cast(tf.equal(places, tf.scalar(place)), 'float32');
        const dots = tf.sum(tf.mul(tf.matMul(coefficients, products), chosen), 1, true);
        const square = tf.sum(tf.mul(squares, chosen), 1, true);
        const conflict = tf.minimum(dots, tf.scalar(0));
        const share = tf.divNoNan(conflict, square);
        coefficients = tf.sub(coefficients, tf.mul(chosen, share));
      }
      return tf.sum<Tensorflow.Tensor1D>(coefficients, 0);
    });
}

const LEAST_WEIGHT = 1e-3;

/**
 * Balances how fast tasks learn (GradNorm; Chen et al., ICML 2018): weights move so that the norms of the weighted gradients come near
 * their mean, times (how much of the task's first loss is left, against the mean) ^ alpha. Weights add up to the number of tasks.
 *
 * @param options.alpha 1.5 unless said: how strongly slow tasks are preferred
 * @param options.rate  0.025 unless said: of the weights
 */
export function gradNorm(options: { alpha?: number; rate?: number } = {}): TaskWeighting {
  const { alpha = 1.5, rate = 0.025 } = options;
  return {
    memoryPerTask: 1,
    update({ weights, memory: firstLosses, losses, norms }) {
      losses.forEach((loss, task) => (firstLosses[task] ||= loss));
      // A task without labels in this batch has no loss, and nothing to say.
      const present = [...losses.keys()].filter((task) => losses[task] > 0 && norms[task] > 0);
      if (present.length < 2) return;
      const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
      const left = present.map((task) => losses[task] / firstLosses[task]);
      const meanNorm = mean(present.map((task) => weights[task] * norms[task]));
      const meanLeft = mean(left);
      present.forEach((task, at) => {
        const target = meanNorm * (left[at] / meanLeft) ** alpha;
        const direction = Math.sign(weights[task] * norms[task] - target);
        // Relative to the mean norm, so that one rate fits losses of any size.
        const change = (rate * direction * norms[task]) / meanNorm;
        weights[task] = Math.max(LEAST_WEIGHT, weights[task] - change);
      });
      const sum = weights.reduce((a, b) => a + b, 0);
      weights.forEach((weight, task) => (weights[task] = (weight * weights.length) / sum));
    },
  };
}
