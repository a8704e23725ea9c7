import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, test } from '@jest/globals';
import type * as Tensorflow from '@tensorflow/tfjs';

import {
  activate,
  column,
  compilePredict,
  dense,
  exportOnnx,
  idColumn,
  isNative,
  layerNormalise,
  maskedMean,
  type ModelContext,
  Random,
  tf,
  TraceError,
  WeightSet,
} from '../../../src/nn/index.js';

const directory = mkdtempSync(join(tmpdir(), 'tandem-onnx-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs the model in ONNX Runtime on each batch of the input file; prints all outputs as lists. */
const SCRIPT = `
import json, sys, numpy as np, onnxruntime as ort
s = ort.InferenceSession(sys.argv[1])
names = [o.name for o in s.get_outputs()]
run = lambda d: s.run(names, {'x': np.array(d['x'], np.float32), 'ids': np.array(d['ids'], np.int32)})
print(json.dumps([{n: v.reshape(-1).tolist() for n, v in zip(names, run(d))} for d in json.load(open(sys.argv[2]))]))
`;

/** A Python that has ONNX Runtime, or null. */
function findPython(): string | null {
  for (const python of [process.env.ONNX_PYTHON, 'python3']) {
    if (!python) continue;
    try {
      execFileSync(python, ['-c', 'import onnxruntime'], { stdio: 'ignore' });
      return python;
    } catch {
      // The next one.
    }
  }
  return null;
}

/** A model with what the product's predictors use: look-ups, gates over experts, a mask, a norm, heads of all kinds. */
function makeModel() {
  const weights = new WeightSet(new Random(2));
  const hidden = weights.dense('hidden', 3 + 4, 8);
  const gate = weights.dense('gate', 7, 2);
  const expert = weights.weight('expert', [2, 8, 6]);
  const scale = weights.weight('scale', [6]);
  const shift = weights.weight('shift', [6]);
  const heads = weights.dense('heads', 6, 5);
  const items = weights.table('items', 9, 4);
  const predict = (
    { x, ids }: { x: Tensorflow.Tensor; ids: Tensorflow.Tensor },
    { lookup, rows }: ModelContext,
  ) => {
    const mask = tf.cast(tf.notEqual(ids, tf.scalar(0, 'int32')), 'float32') as Tensorflow.Tensor2D;
    const past = maskedMean(lookup(items, ids) as Tensorflow.Tensor3D, mask);
    const joined = tf.concat([x, past], 1);
    const shared = tf.tile(tf.expandDims(dense(joined, hidden, 'relu'), 0), [2, 1, 1]); // [experts, rows, 8]
    const experts = tf.transpose(tf.matMul(shared, expert), [1, 0, 2]); // [rows, experts, 6]
    const shares = tf.expandDims(tf.softmax(dense(joined, gate)), 1); // [rows, 1, experts]
    const mixed = tf.reshape<Tensorflow.Rank.R2>(tf.matMul(shares, experts), [rows, 6]);
    const normal = activate(layerNormalise(mixed, { scale, shift }), 'gelu');
    const logits = dense(normal, heads, 'elu');
    const [first, second] = tf.unstack(tf.slice(logits, [0, 0], [rows, 2]), 1);
    const distances = tf.squaredDifference(tf.matMul(normal, normal, false, true), tf.scalar(0.5));
    return {
      probabilities: tf.softmax(logits),
      first: tf.sigmoid(first),
      rate: tf.clipByValue(tf.softplus(tf.sub(tf.maximum(second, tf.scalar(0)), tf.abs(first))), 0.1, 3),
      chosen: tf.where(tf.greater(first, second), first, tf.log1p(tf.exp(second))),
      nearest: tf.div(tf.sum(distances, 1), tf.sum(tf.onesLike(distances), 1)),
    };
  };
  return { weights, batch: { x: column(3), ids: idColumn(4) }, predict };
}

function examples(rows: number) {
  const random = new Random(6);
  return {
    x: random.fillNormal(new Float32Array(rows * 3), 1),
    ids: Int32Array.from({ length: rows * 4 }, () => random.integer(9)),
  };
}

const whenNative = isNative ? test : test.skip;

whenNative(
  'ONNX Runtime gives the same numbers for any number of rows',
  async () => {
    const model = makeModel();
    const file = join(directory, 'deep', 'model.onnx');
    await exportOnnx(file, model);
    expect(existsSync(file)).toBe(true);
    const python = findPython();
    if (!python) {
      console.log('No Python with onnxruntime here (ONNX_PYTHON): the model was written, but not run.');
      return;
    }
    const batches = [1, 7].map((rows) => ({ rows, arrays: examples(rows) }));
    const matrix = (values: ArrayLike<number>, rows: number, width: number) =>
      Array.from({ length: rows }, (_, row) => Array.from(values).slice(row * width, (row + 1) * width));
    const input = join(directory, 'batches.json');
    const lists = batches.map(({ rows, arrays: { x, ids } }) => ({
      x: matrix(x, rows, 3),
      ids: matrix(ids, rows, 4),
    }));
    writeFileSync(input, JSON.stringify(lists));
    const printed = execFileSync(python, ['-c', SCRIPT, file, input], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const theirs = JSON.parse(printed.toString()) as Record<string, number[]>[];
    const predictor = compilePredict({ ...model, batchSizes: [1, 7] });
    batches.forEach(({ arrays }, at) => {
      const ours = predictor.predict(arrays);
      expect(Object.keys(theirs[at]).sort()).toEqual(Object.keys(ours).sort());
      for (const [name, values] of Object.entries(ours)) {
        expect(theirs[at][name].length).toBe(values.length);
        values.forEach((value, k) => expect(Math.abs(value - theirs[at][name][k])).toBeLessThan(1e-5));
      }
    });
    predictor.dispose();
  },
  60_000,
);

whenNative(
  'the file names its inputs, outputs and rows, and an op without a translation is refused by name',
  async () => {
    const weights = new WeightSet(new Random(2));
    const file = join(directory, 'small.onnx');
    const batch = { price: column(2) };
    await exportOnnx(file, { weights, batch, predict: ({ price }) => ({ total: tf.sum(price, 1) }) });
    const text = readFileSync(file, 'latin1');
    for (const name of ['price', 'total', 'rows', 'ReduceSum', 'tandem']) expect(text).toContain(name);
    const refused = exportOnnx(file, {
      weights,
      batch,
      predict: ({ price }) => ({ y: tf.cumsum(price, 1) }),
    });
    await expect(refused).rejects.toThrow(TraceError);
  },
);
