import { expect, test } from '@jest/globals';

import { isNative, nativeBackend, tf } from '../../../src/nn/backend.js';
import { statelessIntegers, statelessNormal, statelessUniform } from '../../../src/nn/philox.js';

const whenNative = isNative ? test : test.skip;
const SEEDS: [number, number][] = [
  [0, 0],
  [7, 1],
  [-3, 2_000_000_000],
];

function draw(op: string, seed: [number, number], length: number, range: number[] = []): number[] {
  const type = nativeBackend!.binding.TF_ATTR_TYPE;
  const attributes = [
    { name: 'dtype', type, value: range.length > 0 ? 3 : 1 },
    { name: 'T', type, value: 3 },
    { name: 'Tseed', type, value: 3 },
  ];
  return tf.tidy(() => {
    const inputs = [tf.tensor1d([length], 'int32'), tf.tensor1d(seed, 'int32')];
    const bounds = range.map((value) => tf.scalar(value, 'int32'));
    return Array.from(
      nativeBackend!.executeMultipleOutputs(op, attributes, [...inputs, ...bounds], 1)[0].dataSync(),
    );
  });
}

whenNative.each(SEEDS)('uniforms equal those of TensorFlow to the bit (seed %d, %d)', (...seed) => {
  expect([...statelessUniform(seed, 1001)]).toEqual(draw('StatelessRandomUniform', seed, 1001));
});

whenNative.each(SEEDS)('integers equal those of TensorFlow (seed %d, %d)', (...seed) => {
  expect([...statelessIntegers(seed, 1001, 1000)]).toEqual(
    draw('StatelessRandomUniformInt', seed, 1001, [0, 1000]),
  );
});

whenNative.each(SEEDS)('normals equal those of TensorFlow to float32 accuracy (seed %d, %d)', (...seed) => {
  const expected = draw('StatelessRandomNormal', seed, 1001);
  statelessNormal(seed, 1001).forEach((value, at) =>
    expect(Math.abs(value - expected[at])).toBeLessThan(2e-6),
  );
});
