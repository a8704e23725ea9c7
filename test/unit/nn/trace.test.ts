import { afterEach, describe, expect, test } from '@jest/globals';
import type * as Tensorflow from '@tensorflow/tfjs';

import { isNative, nativeBackend, tf } from '../../../src/nn/backend.js';
import {
  column,
  compilePredict,
  compileStep,
  idColumn,
  type LossFunction,
  Random,
  TraceError,
  WeightSet,
} from '../../../src/nn/index.js';

const whenNative = isNative ? describe : describe.skip;
const batch = { x: column(3) };

function compileWith(loss: LossFunction<typeof batch>) {
  const weights = new WeightSet(new Random(1));
  const scale = weights.weight('scale', [3]);
  try {
    const traced: LossFunction<typeof batch> = (tensors, context) =>
      tf.add(tf.mean(tf.mul(tensors.x, scale)), loss(tensors, context) as Tensorflow.Tensor);
    compileStep({ weights, batch, loss: traced, seed: 1, mode: 'graph', batchSizes: [4] }).dispose();
  } finally {
    weights.dispose();
  }
}

whenNative('a loss that a graph cannot hold is refused by name', () => {
  const handles = () => nativeBackend!.binding.getNumOfTensors();
  let before = 0;
  afterEach(() => expect(tf.memory().numTensors).toBe(before));

  test.each<[string, LossFunction<typeof batch>, RegExp]>([
    ['dataSync', ({ x }) => tf.scalar(x.dataSync()[0]), /reads the values of a tensor/],
    [
      'arraySync',
      ({ x }) => tf.mean(tf.tensor2d(x.arraySync() as number[][])),
      /reads the values of a tensor/,
    ],
    ['tf.dropout', ({ x }) => tf.mean(tf.dropout(x, 0.5)), /tf\.dropout.*context\.random/s],
    ['tf.randomNormal', () => tf.mean(tf.randomNormal([2])), /tf\.randomNormal/],
    [
      'tf.randomUniform with a seed',
      () => tf.mean(tf.randomUniform([2], 0, 1, 'float32', 3)),
      /tf\.randomUniform/,
    ],
    ['tf.truncatedNormal', () => tf.mean(tf.truncatedNormal([2])), /tf\.truncatedNormal/],
    [
      'tf.multinomial',
      ({ x }) => tf.mean(tf.cast(tf.multinomial(x as Tensorflow.Tensor2D, 2), 'float32')),
      /Multinomial/,
    ],
  ])('%s', (_, loss, message) => {
    before = tf.memory().numTensors;
    expect(() => compileWith(loss)).toThrow(TraceError);
    expect(() => compileWith(loss)).toThrow(message);
    expect(tf.scalar(1).dataSync()[0]).toBe(1); // the backend is itself again
    before++;
  });

  test('a variable outside of the weight set', () => {
    const stray = tf.tidy(() => tf.variable(tf.scalar(2), true, 'stray'));
    before = tf.memory().numTensors - 1;
    expect(() => compileWith(({ x }) => tf.mean(tf.mul(x, stray)))).toThrow(/"stray".*not among the weights/);
    stray.dispose();
  });

  test('a refusal leaves no handle behind', () => {
    before = tf.memory().numTensors;
    const count = handles();
    expect(() => compileWith(({ x }) => tf.scalar(x.dataSync()[0]))).toThrow(TraceError);
    expect(handles()).toBe(count);
  });
});

whenNative('tracing', () => {
  test('a tensor from outside becomes a constant', () => {
    const outside = tf.tensor1d([1, 2, 3]);
    const weights = new WeightSet(new Random(1));
    const predictor = compilePredict({ weights, batch, predict: ({ x }) => ({ y: tf.mul(x, outside) }) });
    outside.dispose();
    expect([...predictor.predict({ x: Float32Array.of(1, 1, 1, 2, 2, 2) }).y]).toEqual([1, 2, 3, 2, 4, 6]);
    predictor.dispose();
  });

  test('ops of all kinds give what they give eagerly', () => {
    const weights = new WeightSet(new Random(1));
    const kernel = weights.weight('kernel', [3, 4]);
    const ids = idColumn(2);
    const options = {
      weights,
      batch: { x: column(3), ids },
      predict: ({ x, ids: chosen }: Record<'x' | 'ids', Tensorflow.Tensor>) => {
        const z = tf.matMul(x, kernel);
        const hot = tf.cast(tf.oneHot(tf.reshape<Tensorflow.Rank.R1>(chosen, [-1]), 5), 'float32');
        const picked = tf.gather(kernel, tf.mod(chosen, tf.scalar(3, 'int32')));
        const [top] = Object.values(tf.topk(z, 2));
        return {
          softmax: tf.softmax(z),
          norm: tf.div(z, tf.norm(z, 2, 1, true)),
          reshaped: tf.sum(tf.reshape(hot, [-1, 2, 5]), 1),
          picked: tf.max(picked, 1),
          expanded: tf.reshape(tf.tile(tf.expandDims(x, 1), [1, 2, 1]), [-1, 6]),
          stacked: tf.stack([x, tf.reverse(x, 1)], 1),
          chosen: tf.where(tf.greater(x, 0), x, tf.zerosLike(x)),
          slices: tf.slice(x, [0, 1], [-1, 2]),
          cumulative: tf.cumsum(x, 1),
          top: top,
          logs: tf.logSoftmax(tf.leakyRelu(tf.elu(tf.tanh(z)), 0.1)),
          padded: tf.pad(x, [
            [0, 0],
            [1, 1],
          ]),
          powers: tf.pow(tf.abs(x), tf.scalar(1.5)),
          clipped: tf.clipByValue(tf.erf(x), -0.5, 0.5),
        };
      },
    };
    const arrays = {
      x: new Random(2).fillNormal(new Float32Array(15), 1),
      ids: Int32Array.from({ length: 10 }, (_, at) => at % 5),
    };
    const graph = compilePredict({ ...options, mode: 'graph' });
    const eager = compilePredict({ ...options, mode: 'eager' });
    const results = graph.predict(arrays);
    for (const [name, values] of Object.entries(eager.predict(arrays))) {
      expect({ name, values: [...results[name]].map((value) => value.toFixed(4)) }).toEqual({
        name,
        values: [...values].map((value) => value.toFixed(4)),
      });
    }
    graph.dispose();
    eager.dispose();
  });
});
