import { describe, expect, test } from '@jest/globals';

import { BatchAssembler } from '../../../src/nn/gather-rows.js';
import {
  adam,
  column,
  compilePredict,
  compileStep,
  dense,
  isNative,
  Random,
  sigmoidCrossEntropy,
  tf,
  train,
  WeightSet,
} from '../../../src/nn/index.js';
import { makeModel, modelExamples } from '../../support/nn-model.js';

function world(rows: number, seed: number) {
  const random = new Random(seed);
  const x = random.fillNormal(new Float32Array(rows * 4), 1);
  const y = Float32Array.from({ length: rows }, (_, row) => (x[row * 4] - x[row * 4 + 1] > 0 ? 1 : 0));
  return { x, y };
}

function makeStep(mode: 'graph' | 'eager') {
  const weights = new WeightSet(new Random(1));
  const hidden = weights.dense('hidden', 4, 8);
  const head = weights.dense('head', 8, 1);
  const forward = (x: ReturnType<typeof tf.tensor>) =>
    tf.reshape(dense(dense(x, hidden, 'relu'), head), [-1]);
  const step = compileStep({
    weights,
    batch: { x: column(4), y: column() },
    loss: ({ x, y }, { random }) => {
      const loss = sigmoidCrossEntropy(y, forward(random.dropout(x, 0.1)));
      return { total: loss, tasks: { sign: loss } };
    },
    optimizer: adam(0.02),
    seed: 1,
    mode,
  });
  return { weights, step, forward };
}

test.each(isNative ? (['graph', 'eager'] as const) : (['eager'] as const))(
  'learns, stops early and predicts (%s)',
  async (mode) => {
    const { weights, step, forward } = makeStep(mode);
    const before = tf.memory().numTensors;
    const result = await train({
      step,
      columns: world(500, 1),
      validation: world(100, 2),
      batchSize: 64,
      epochs: 20,
      seed: 1,
      earlyStopping: { patience: 3, task: 'sign' },
    });
    expect(result.epochs.at(-1)!.validation!.total).toBeLessThan(0.25);
    expect(result.epochs[0].train.tasks.sign).toBeGreaterThan(0.4);
    const predictor = compilePredict({
      weights,
      batch: { x: column(4) },
      predict: ({ x }) => ({ probability: tf.sigmoid(forward(x)) }),
      mode,
    });
    const { x, y } = world(300, 3);
    const { probability } = predictor.predict({ x });
    expect(probability.length).toBe(300);
    const right = probability.filter((p, row) => p > 0.5 === y[row] > 0.5).length;
    expect(right).toBeGreaterThan(280);
    const one = predictor.predict({ x: x.slice(40, 44) }).probability[0];
    expect(one).toBeCloseTo(probability[10], 5);
    predictor.dispose();
    step.dispose();
    expect(tf.memory().numTensors).toBe(before);
  },
);

describe('train', () => {
  const small = (overrides: Partial<Parameters<typeof train>[0]>, loss = 1) => {
    const weights = new WeightSet(new Random(1));
    const scale = weights.weight('scale', [1]);
    const step = compileStep({
      weights,
      batch: { x: column() },
      loss: ({ x }) => tf.mean(tf.log(tf.mul(tf.add(tf.mul(x, scale), tf.scalar(10)), tf.scalar(loss)))),
      seed: 1,
    });
    const columns = { x: Float32Array.from({ length: 100 }, (_, row) => row / 100) };
    const done = train({ step, columns, batchSize: 10, epochs: 3, seed: 1, ...overrides });
    return done.finally(() => {
      step.dispose();
      weights.dispose();
    });
  };

  test('stops with the reason when aborted, within the epoch', async () => {
    const abort = new AbortController();
    const reason = new Error('cancelled by the user');
    const progress: number[] = [];
    const running = small({
      epochs: 100_000,
      signal: abort.signal,
      onProgress: (share) => {
        // By a timer, which shows that the event loop is not blocked.
        if (progress.push(share) === 2) setTimeout(() => abort.abort(reason));
      },
    });
    await expect(running).rejects.toBe(reason);
    expect(Math.max(...progress)).toBeLessThan(0.5);
  });

  test('ends with an error that says where the loss is not a number', async () => {
    await expect(small({}, -1)).rejects.toThrow(/training loss is NaN in epoch 1, step 1/);
  });

  test('refuses early stopping without validation, and a task that the loss does not have', async () => {
    await expect(small({ earlyStopping: { patience: 1 } })).rejects.toThrow(/needs validation/);
    const validation = { x: new Float32Array(5) };
    const unknown = small({ validation, earlyStopping: { patience: 1, task: 'churn' } });
    await expect(unknown).rejects.toThrow(/"churn", which is not a task/);
  });

  test('names a column that does not fit', async () => {
    await expect(small({ columns: { x: new Int32Array(4) } })).rejects.toThrow(
      /"x" should be a Float32Array, got Int32Array/,
    );
  });
});

describe.each(isNative ? (['graph', 'eager'] as const) : (['eager'] as const))(
  'examples that are loaded (%s)',
  (mode) => {
    const columns = modelExamples(50, 3);
    const order = Int32Array.from({ length: 50 }, (_, at) => (at * 7) % 50);

    test('a step by the numbers of rows does to the bit what a step by their columns does', () => {
      const results = (['runRows', 'run'] as const).map((how) => {
        const { step, weights } = makeModel({ mode });
        const assembler = new BatchAssembler(step.batch, columns);
        if (how === 'runRows') step.loadRows(columns);
        for (const start of [0, 16, 32]) {
          if (how === 'runRows') step.runRows(order, start, 16);
          else step.run(assembler.take(order, start, 16));
        }
        step.run(modelExamples(8, 1)); // compiles once more: what was loaded stays
        if (how === 'runRows') step.runRows(order, 48, 2);
        else step.run(assembler.take(order, 48, 2));
        const state = step.exportState();
        step.dispose();
        weights.dispose();
        return state;
      });
      expect(results[0]).toEqual(results[1]);
    });

    test('nothing loaded, or columns that do not fit, is refused', () => {
      const { step, weights } = makeModel({ mode });
      expect(() => step.runRows(order, 0, 16)).toThrow('No examples');
      expect(() => step.loadRows({ ...columns, x: columns.x.subarray(1) })).toThrow('"x"');
      step.dispose();
      weights.dispose();
    });
  },
);

test.each(isNative ? (['graph', 'eager'] as const) : (['eager'] as const))(
  'pulled tables stay as they were pulled, whatever comes after (%s)',
  (mode) => {
    const { step, weights } = makeModel({ mode });
    const [items] = weights.tables;
    step.run(modelExamples(16, 1));
    const first = step.exportState().values.items;
    step.pullWeights();
    step.run(modelExamples(16, 2));
    expect(items.values).toEqual(first);
    step.pullWeights();
    const second = step.exportState().values.items;
    expect(second).not.toEqual(first);
    step.dispose();
    expect(items.values).toEqual(second);
    weights.dispose();
  },
);

test.each(isNative ? (['graph', 'eager'] as const) : (['eager'] as const))(
  'weights that are pulled after an evaluation are those of now (%s)',
  (mode) => {
    const { step, weights } = makeModel({ mode });
    const examples = modelExamples(16, 1);
    const expectPulled = (values: Readonly<Record<string, Float32Array>>) => {
      step.pullWeights();
      const pulled = Object.entries(weights.export());
      expect(pulled.length).toBe(7);
      for (const [name, own] of pulled) expect([name, own.values]).toEqual([name, values[name]]);
    };
    step.run(examples);
    const { values: first } = step.exportState();
    step.evaluate(examples);
    expectPulled(first);
    step.run(examples);
    const { values: second } = step.exportState();
    expect(second).not.toEqual(first);
    expectPulled(second);
    step.evaluate(examples);
    step.importState({ stepsDone: step.stepsDone, values: first }); // other weights at the step that was evaluated
    expectPulled(first);
    step.dispose();
    weights.dispose();
  },
);
