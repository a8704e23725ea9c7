import type * as Tensorflow from '@tensorflow/tfjs';

import { nativeBackend, type OpAttribute, tf } from './backend.js';
import { DATA_TYPE } from './graph.js';
import { statelessIntegers, statelessNormal, statelessUniform } from './philox.js';
import { detach, gradientsOf } from './tape.js';
import type { Table } from './weights.js';

type Shape = readonly number[];

/** Numbers that are new in every step and the same in every run with the same seed. */
export interface ModelRandom {
  /** Uniform in [0, 1). */
  readonly uniform: (shape: Shape) => Tensorflow.Tensor;
  /** Standard normal. */
  readonly normal: (shape: Shape) => Tensorflow.Tensor;
  /** int32, uniform in [0, bound). */
  readonly integers: (shape: Shape, bound: number) => Tensorflow.Tensor;
  /** Zeroes a share of the values and scales the others up to keep the mean; outside of training returns them as they are. */
  readonly dropout: <T extends Tensorflow.Tensor>(values: T, rate: number) => T;
}

/** What a model's function gets beside its batch. */
export interface ModelContext {
  readonly isTraining: boolean;
  /** Rows of the batch. */
  readonly rows: number;
  readonly random: ModelRandom;
  /** Rows of a table: ids (int32, any shape) in, [...ids' shape, dim] out. Gradients update those rows only. */
  readonly lookup: (table: Table, ids: Tensorflow.Tensor) => Tensorflow.Tensor;
  /**
   * Gradients of a part of the loss by inputs or anything computed before it (looked-up rows, say), as numbers through which no further
   * gradient flows; for adversarial examples. Outside of training there are none: zeros.
   */
  readonly gradients: (loss: Tensorflow.Tensor, inputs: readonly Tensorflow.Tensor[]) => Tensorflow.Tensor[];
  /** A number that changes from step to step, [] : one of the step's `schedules`. @throws Error when there is none of the name */
  readonly schedule: (name: string) => Tensorflow.Scalar;
}

/** Rows that were looked up, and where to put their gradient. */
export interface LookedUp {
  /** [n, dim]. */
  readonly rows: Tensorflow.Tensor2D;
  receiveGradient(gradient: Tensorflow.Tensor2D): void;
}

/** Looks up [n] int32 ids in a table. */
export type Gather = (table: Table, ids: Tensorflow.Tensor1D) => LookedUp;

/** Seeds of two draws in a step differ by this, so that they are unrelated. */
const SEED_STRIDE = 0x3c6ef372;
/** Parts of a batch draw apart from one another as long as a model draws less often. */
const DRAWS_PER_PART = 10_000;

function drawNative(
  op: string,
  shape: Shape,
  seed: Tensorflow.Tensor,
  more: Tensorflow.Tensor[] = [],
): Tensorflow.Tensor {
  const backend = nativeBackend!;
  const type = (name: string, value: number): OpAttribute => ({
    name,
    type: backend.binding.TF_ATTR_TYPE,
    value,
  });
  const isInteger = op === 'StatelessRandomUniformInt';
  const attributes = [
    type('dtype', isInteger ? DATA_TYPE.int32 : DATA_TYPE.float32),
    type('T', DATA_TYPE.int32),
    type('Tseed', DATA_TYPE.int32),
  ];
  const size = tf.tensor1d([...shape], 'int32');
  return backend.executeMultipleOutputs(op, attributes, [size, seed, ...more], 1)[0];
}

function elements(shape: Shape): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** The numbers drawn in one part of a step. */
export function makeRandom(seed: Tensorflow.Tensor1D, isTraining: boolean, part: number): ModelRandom {
  let draws = part * DRAWS_PER_PART;
  const isNative = tf.getBackend() === 'tensorflow';
  const nextSeed = () => tf.add(seed, tf.tensor1d([Math.imul(++draws, SEED_STRIDE), 0], 'int32'));
  const read = (tensor: Tensorflow.Tensor) => {
    const [first, second] = tensor.dataSync();
    return [first, second] as const;
  };
  const random: ModelRandom = {
    uniform: (shape) =>
      tf.tidy(() => {
        const own = nextSeed();
        if (isNative) return drawNative('StatelessRandomUniform', shape, own);
        return tf.tensor(statelessUniform(read(own), elements(shape)), [...shape]);
      }),
    normal: (shape) =>
      tf.tidy(() => {
        const own = nextSeed();
        if (isNative) return drawNative('StatelessRandomNormal', shape, own);
        return tf.tensor(statelessNormal(read(own), elements(shape)), [...shape]);
      }),
    integers: (shape, bound) =>
      tf.tidy(() => {
        const own = nextSeed();
        if (isNative) {
          const range = [tf.scalar(0, 'int32'), tf.scalar(bound, 'int32')];
          return drawNative('StatelessRandomUniformInt', shape, own, range);
        }
        return tf.tensor(statelessIntegers(read(own), elements(shape), bound), [...shape], 'int32');
      }),
    dropout: <T extends Tensorflow.Tensor>(values: T, rate: number) => {
      if (!(rate >= 0 && rate < 1)) throw new RangeError(`Expected a dropout rate in [0, 1), got ${rate}`);
      if (!isTraining || rate === 0) return values;
      return tf.tidy(() => {
        const isKept = tf.greaterEqual(random.uniform(values.shape), tf.scalar(rate));
        return tf.mul<T>(values, tf.mul(tf.cast(isKept, 'float32'), tf.scalar(1 / (1 - rate))));
      });
    },
  };
  return random;
}

/** The scalar variable that `makeContext` needs; the caller disposes it. */
export function newAnchor(): Tensorflow.Variable {
  return tf.tidy(() => tf.variable(tf.scalar(0)));
}

function refuseSchedule(name: string): never {
  throw new Error(`There is no schedule "${name}" in a prediction: schedules are options of compileStep`);
}

/**
 * Makes the context of one run of a model's function.
 *
 * @param anchor a scalar variable that is differentiated along with the weights: through it gradients of rows are asked for
 * @param seed   [2] int32: the training's seed and the step's number
 */
export function makeContext(options: {
  isTraining: boolean;
  rows: number;
  seed: Tensorflow.Tensor1D;
  anchor: Tensorflow.Variable;
  gather: Gather;
  /** Which part of the batch this is, where gradients are accumulated over parts. */
  part?: number;
  /** Gives a schedule's number. */
  schedule?: (name: string) => Tensorflow.Scalar;
}): ModelContext {
  const { isTraining, rows, seed, anchor, gather, part = 0 } = options;
  return {
    isTraining,
    rows,
    random: makeRandom(seed, isTraining, part),
    schedule: options.schedule ?? refuseSchedule,
    gradients(loss, inputs) {
      if (!isTraining) return inputs.map((input) => tf.zerosLike(input));
      const gradients = gradientsOf(() => tf.reshape(loss, []), inputs);
      return gradients.map((gradient, at) => (gradient ? detach(gradient) : tf.zerosLike(inputs[at])));
    },
    lookup(table, ids) {
      const flat = tf.reshape<Tensorflow.Rank.R1>(ids, [ids.size]);
      const rows = tf.customGrad(() => {
        const found = gather(table, flat);
        const gradFunc = (gradient: Tensorflow.Tensor) => {
          found.receiveGradient(gradient as Tensorflow.Tensor2D);
          return [tf.scalar(0)];
        };
        return { value: found.rows, gradFunc };
      });
      return tf.reshape(rows(anchor), [...ids.shape, table.dim]);
    },
  };
}
