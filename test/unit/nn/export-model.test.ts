import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, test } from '@jest/globals';
import type * as Tensorflow from '@tensorflow/tfjs';

import {
  column,
  compilePredict,
  dense,
  exportSavedModel,
  idColumn,
  isNative,
  Random,
  tf,
  TraceError,
  WeightSet,
} from '../../../src/nn/index.js';

const directory = mkdtempSync(join(tmpdir(), 'tandem-export-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function findPython(): string | null {
  const venv = join(
    process.env.PEERS_HOME ?? join(homedir(), '.cache', 'tandem-peers'),
    'tf',
    'bin',
    'python',
  );
  return process.env.TENSORFLOW_PYTHON ?? (existsSync(venv) ? venv : null);
}

/** Runs the exported model in Python on each batch of the input file; prints all outputs as lists. */
const SCRIPT = `
import json, sys, tensorflow as tf
f = tf.saved_model.load(sys.argv[1]).signatures['serving_default']
run = lambda d: f(x=tf.constant(d['x'], tf.float32), ids=tf.constant(d['ids'], tf.int32))
print(json.dumps([{k: v.numpy().reshape(-1).tolist() for k, v in run(d).items()} for d in json.load(open(sys.argv[2]))]))
`;

function makeModel() {
  const weights = new WeightSet(new Random(2));
  const hidden = weights.dense('hidden', 3 + 2 * 4, 8);
  const head = weights.dense('head', 8, 5);
  const items = weights.table('items', 9, 4);
  return {
    weights,
    batch: { x: column(3), ids: idColumn(2) },
    predict: (
      { x, ids }: { x: Tensorflow.Tensor; ids: Tensorflow.Tensor },
      {
        lookup,
        rows,
      }: { lookup: (table: typeof items, ids: Tensorflow.Tensor) => Tensorflow.Tensor; rows: number },
    ) => {
      const embedded = tf.reshape(lookup(items, ids), [rows, 8]);
      const z = dense(dense(tf.concat([x, embedded], 1), hidden, 'relu'), head);
      return {
        probabilities: tf.softmax(z),
        first: tf.sigmoid(tf.reshape(tf.slice(z, [0, 0], [rows, 1]), [-1])),
      };
    },
  };
}

function examples(rows: number) {
  const random = new Random(6);
  return {
    x: random.fillNormal(new Float32Array(rows * 3), 1),
    ids: Int32Array.from({ length: rows * 2 }, () => random.integer(9)),
  };
}

(isNative ? test : test.skip)(
  'Python TensorFlow loads an exported model and gives the same numbers for any number of rows',
  async () => {
    const model = makeModel();
    await exportSavedModel(directory, model);
    expect(existsSync(join(directory, 'saved_model.pb'))).toBe(true);
    const python = findPython();
    if (!python) {
      console.log(
        'No Python with TensorFlow here (TENSORFLOW_PYTHON): the exported model was written, but not loaded.',
      );
      return;
    }
    const batches = [1, 7].map((rows) => ({ rows, arrays: examples(rows) }));
    const matrix = (values: ArrayLike<number>, rows: number, width: number) =>
      Array.from({ length: rows }, (_, row) => Array.from(values).slice(row * width, (row + 1) * width));
    const input = join(directory, 'batches.json');
    const lists = batches.map(({ rows, arrays: { x, ids } }) => ({
      x: matrix(x, rows, 3),
      ids: matrix(ids, rows, 2),
    }));
    writeFileSync(input, JSON.stringify(lists));
    const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' };
    const printed = execFileSync(python, ['-c', SCRIPT, directory, input], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const theirs = JSON.parse(printed.toString()) as Record<string, number[]>[];
    const predictor = compilePredict(model);
    batches.forEach(({ arrays }, at) => {
      const ours = predictor.predict(arrays);
      expect(Object.keys(theirs[at]).sort()).toEqual(Object.keys(ours).sort());
      for (const [name, values] of Object.entries(ours)) {
        expect(theirs[at][name].length).toBe(values.length);
        values.forEach((value, k) => expect(Math.abs(value - theirs[at][name][k])).toBeLessThan(1e-6));
      }
    });
    predictor.dispose();
  },
  120_000,
);

(isNative ? test : test.skip)('a model that holds a constant for each row is refused', async () => {
  const weights = new WeightSet(new Random(2));
  const counted = exportSavedModel(directory, {
    weights,
    batch: { x: column() },
    predict: ({ x }, { rows }) => ({
      y: tf.add(x, tf.tensor1d(Float32Array.from({ length: rows }, (_, row) => row))),
    }),
  });
  await expect(counted).rejects.toThrow(TraceError);
});
