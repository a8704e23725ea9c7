import { expect, test } from '@jest/globals';

import { decodeTensors, encodeTensors } from '../../../src/nn/index.js';

const BUNDLE = {
  tensors: {
    'layer/kernel': { shape: [2, 3], values: Float32Array.of(1, -2, 3.5, 0, -0, 1e-30) },
    'höhe 1': { shape: [3], values: Int32Array.of(-1, 0, 2 ** 31 - 1) },
    mask: { shape: [5], values: Uint8Array.of(0, 1, 1, 0, 255) },
    empty: { shape: [0, 4], values: new Float32Array(0) },
  },
  metadata: { format: 'test', note: 'größer' },
};

test('what is written is read back, whatever lies before it in memory', () => {
  const bytes = encodeTensors(BUNDLE);
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  for (const input of [bytes, shifted.subarray(3)]) expect(decodeTensors(input)).toEqual(BUNDLE);
});

test('the bytes are safetensors: length, JSON header, little-endian values', () => {
  const bytes = encodeTensors({
    tensors: { a: { shape: [2], values: Float32Array.of(1, 2) } },
    metadata: {},
  });
  const length = bytes[0] + bytes[1] * 256;
  expect(length % 8).toBe(0);
  const header = JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString()) as unknown;
  expect(header).toEqual({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } });
  expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]);
});

test.each([
  ['nothing', 4, /Not a tensor file: 4 bytes/],
  ['half a header', 20, /header is longer/],
  ['half of the values', -4, /cut short within "(mask|empty)"/],
])('refuses %s', (_, end, message) => {
  expect(() => decodeTensors(encodeTensors(BUNDLE).subarray(0, end))).toThrow(message);
});
