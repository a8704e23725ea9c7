import { describe, expect, test } from '@jest/globals';
import type * as Tensorflow from '@tensorflow/tfjs';

import {
  adagrad,
  adam,
  adversarialNoise,
  type CompiledStep,
  compileStep,
  dense,
  gradNorm,
  isNative,
  type ModelContext,
  pcGrad,
  Random,
  reverseGradient,
  sgd,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  type StepOptions,
  type TaskOptions,
  tf,
  train,
  WeightSet,
} from '../../../src/nn/index.js';
import { ITEMS, largestDifference, MODEL_BATCH, modelExamples } from '../../support/nn-model.js';

type Mode = 'graph' | 'eager';
type Options = Partial<StepOptions<typeof MODEL_BATCH>> & { hasExtra?: boolean };

const DIM = 4;
const NAMES = ['answer', 'chosen', 'sum'];

/** Three tasks over a shared layer and a table; the third works against the first. */
function makeTasks(tasks: Partial<TaskOptions>, { hasExtra, ...options }: Options = {}) {
  const weights = new WeightSet(new Random(5));
  const hidden = weights.dense('hidden', 6 + 2 * DIM, 8);
  const heads = [
    weights.dense('answer', 8, 1),
    weights.dense('chosen', 8, ITEMS),
    weights.dense('sum', 8, 1),
  ] as const;
  const items = weights.table('items', ITEMS, DIM);
  const step = compileStep({
    weights,
    batch: MODEL_BATCH,
    loss: ({ x, item, history, label, next }, context) => {
      const past = tf.mean(context.lookup(items, history), 1);
      const joined = tf.concat([x, context.lookup(items, item), past] as Tensorflow.Tensor2D[], 1);
      const shared = context.random.dropout(dense(joined, hidden, 'relu'), 0.2);
      const logit = (head: 0 | 2) => tf.reshape(dense(shared, heads[head]), [-1]);
      return {
        tasks: {
          answer: sigmoidCrossEntropy(label, logit(0)),
          chosen: softmaxCrossEntropy(next, dense(shared, heads[1])),
          sum: sigmoidCrossEntropy(tf.sub(tf.scalar(1), label), logit(2)),
        },
        ...(hasExtra && { extra: tf.mul(tf.scalar(0.01), tf.sum(tf.square(hidden.kernel))) }),
      };
    },
    tasks: { names: NAMES, ...tasks },
    optimizer: adam(0.01),
    tableOptimizer: adagrad(0.05, { initialAccumulator: 1e-9 }),
    seed: 4,
    ...options,
  });
  return { step, weights };
}

function trainTasks(steps: number, tasks: Partial<TaskOptions>, options: Options = {}) {
  const { step, weights } = makeTasks(tasks, options);
  const losses: number[] = [];
  for (let at = 0; at < steps; at++) {
    if (at === 2) step.setTaskWeights({ chosen: 0.25 });
    losses.push(step.run(modelExamples(16, at))[0]);
  }
  const { values } = step.exportState();
  const report = step.taskReport!;
  step.dispose();
  weights.dispose();
  return { losses, values, report };
}

const CASES: [string, Partial<TaskOptions>, Options][] = [
  ['weights that are fed', { weights: [1, 0.5, 2] }, {}],
  ['an extra loss', { measured: ['hidden/kernel', 'items'] }, { hasExtra: true }],
  ['PCGrad', { combine: pcGrad() }, {}],
  ['PCGrad with an extra loss, accumulated', { combine: pcGrad() }, { hasExtra: true, accumulate: 3 }],
  [
    'PCGrad compared by one layer',
    { combine: pcGrad(), measured: ['hidden/kernel'] },
    { optimizer: sgd(0.1) },
  ],
  ['GradNorm', { measured: ['hidden/kernel'], weighting: gradNorm() }, {}],
];

(isNative ? describe : describe.skip)('graph and eager steps of several tasks agree', () => {
  test.each(CASES)('%s', (_, tasks, options) => {
    const graph = trainTasks(12, tasks, { ...options, mode: 'graph' });
    const eager = trainTasks(12, tasks, { ...options, mode: 'eager' });
    expect(largestDifference(graph.values, eager.values)).toBeLessThan(1e-4);
    expect(graph.losses.at(-1)).toBeCloseTo(eager.losses.at(-1)!, 4);
    const numbers = ({ report: { weights, gradients } }: typeof graph) =>
      Object.fromEntries(Object.entries({ weights, ...gradients }));
    expect(largestDifference(numbers(graph), numbers(eager))).toBeLessThan(1e-3);
    expect(graph.report.gradients === null).toBe(!tasks.measured && !tasks.combine);
  });
});

const MODE: Mode = isNative ? 'graph' : 'eager';

describe('tasks', () => {
  test('a combiner that counts each gradient once does what the plain sum does', () => {
    const options = { optimizer: sgd(0.1), tableOptimizer: sgd(0.1), hasExtra: true };
    const summed = trainTasks(5, {}, options);
    const combined = trainTasks(5, { combine: (products) => tf.ones([products.shape[0]]) }, options);
    expect(largestDifference(summed.values, combined.values)).toBeLessThan(1e-5);
  });

  test('tasks that pull in opposite directions have a negative cosine, and one has 1 with itself', () => {
    const { report } = trainTasks(3, { measured: ['hidden/kernel'] });
    const { cosines, norms } = report.gradients!;
    expect(cosines[0]).toBeCloseTo(1, 5);
    expect(cosines[2]).toBeCloseTo(cosines[6], 5);
    expect(Math.min(...cosines)).toBeLessThan(0);
    expect(norms.every((norm) => norm > 0)).toBe(true);
  });

  test('a weight of 0 leaves what only that task reaches as it was', () => {
    const { step, weights } = makeTasks({ weights: [0, 1, 1] }, { optimizer: sgd(0.1) });
    const before = step.exportState().values;
    step.run(modelExamples(16, 1));
    const after = step.exportState().values;
    expect(after['answer/kernel']).toEqual(before['answer/kernel']);
    expect(after['chosen/kernel']).not.toEqual(before['chosen/kernel']);
    step.dispose();
    weights.dispose();
  });

  test('GradNorm brings the norms of the weighted gradients closer together', () => {
    const spread = (steps: number) => {
      const tasks = { measured: ['hidden/kernel'], weighting: gradNorm({ alpha: 0, rate: 0.05 }) };
      const { report } = trainTasks(steps, tasks, { optimizer: sgd(1e-4), tableOptimizer: sgd(1e-4) });
      const norms = report.gradients!.norms.map((norm, task) => norm * report.weights[task]);
      return Math.max(...norms) / Math.min(...norms);
    };
    expect(spread(60)).toBeLessThan(0.7 * spread(1));
  });

  test('weights and what a weighting remembers are part of the state: a resumed training goes on to the bit', () => {
    const tasks = { measured: ['hidden/kernel'], weighting: gradNorm() };
    const run = (step: CompiledStep<typeof MODEL_BATCH>, from: number, to: number) => {
      for (let at = from; at < to; at++) step.run(modelExamples(16, at));
    };
    const whole = makeTasks(tasks);
    run(whole.step, 0, 6);
    const killed = makeTasks(tasks);
    run(killed.step, 0, 3);
    const resumed = makeTasks(tasks);
    resumed.step.importState(killed.step.exportState());
    run(resumed.step, 3, 6);
    expect(resumed.step.exportState()).toEqual(whole.step.exportState());
    for (const { step, weights } of [whole, killed, resumed]) {
      step.dispose();
      weights.dispose();
    }
  });

  test('train reports means of the tasks over each epoch', async () => {
    const { step, weights } = makeTasks({ measured: ['hidden/kernel'] });
    const { epochs } = await train({
      step,
      columns: modelExamples(64, 1),
      batchSize: 16,
      epochs: 2,
      seed: 1,
      onEpoch: ({ epoch }) => step.setTaskWeights({ chosen: 1 / (1 + epoch) }),
    });
    expect(epochs.map(({ tasks }) => tasks!.weights)).toEqual([
      [1, 1, 1],
      [1, 0.5, 1],
    ]);
    const { norms, cosines } = epochs[1].tasks!.gradients!;
    expect(norms).toHaveLength(3);
    expect(cosines[4]).toBeCloseTo(1, 5);
    expect(epochs[1].train.total).toBeCloseTo(
      epochs[1].train.tasks.answer + 0.5 * epochs[1].train.tasks.chosen + epochs[1].train.tasks.sum,
      4,
    );
    step.dispose();
    weights.dispose();
  });

  test('what does not fit is refused by name', () => {
    const short = makeTasks({ names: ['answer', 'chosen'] });
    expect(() => short.step.run(modelExamples(4, 1))).toThrow('answer, chosen');
    short.weights.dispose();
    expect(() => makeTasks({ measured: ['bottom'] })).toThrow('"bottom"');
    expect(() => makeTasks({ weighting: gradNorm() })).toThrow('measured');
    const { step, weights } = makeTasks({});
    expect(() => step.setTaskWeights({ churn: 1 })).toThrow('"churn"');
    expect(() => step.setTaskWeights({ answer: -1 })).toThrow('at least 0');
    step.dispose();
    weights.dispose();
  });
});

describe('a loss that looks at its own gradients', () => {
  const EPSILON = 0.5;
  /** One linear layer over looked-up rows; trained at the clean and at the perturbed point, against a domain head. */
  function makeAdversarial(mode: Mode, watch: (context: ModelContext, noise: Tensorflow.Tensor[]) => void) {
    const weights = new WeightSet(new Random(2));
    const items = weights.table('items', ITEMS, DIM);
    const hidden = weights.dense('hidden', 6 + DIM, 8);
    const head = weights.dense('head', 8, 1);
    const domain = weights.dense('domain', 8, 1);
    const step = compileStep({
      weights,
      batch: MODEL_BATCH,
      loss: ({ x, item, label }, context) => {
        const rows = context.lookup(items, item);
        const lossAt = (given: Tensorflow.Tensor, embedded: Tensorflow.Tensor) => {
          const shared = dense(tf.concat([given, embedded], 1), hidden, 'relu');
          const turned = reverseGradient(shared, context.schedule('reversal'));
          const ofDomain = sigmoidCrossEntropy(
            tf.cast(tf.greater(item, tf.scalar(6, 'int32')), 'float32'),
            tf.reshape(dense(turned, domain), [-1]),
          );
          return tf.add(sigmoidCrossEntropy(label, tf.reshape(dense(shared, head), [-1])), ofDomain);
        };
        const clean = lossAt(x, rows);
        const noise = adversarialNoise(context.gradients(clean, [x, rows]), EPSILON);
        watch(context, noise);
        const moved = lossAt(tf.add(x, noise[0]), tf.add(rows, noise[1]));
        return { total: tf.add(clean, moved), tasks: { clean, moved } };
      },
      schedules: { reversal: (done) => 2 / (1 + Math.exp(-done)) - 1 },
      optimizer: sgd(0.1),
      tableOptimizer: sgd(0.1),
      seed: 3,
      mode,
    });
    return { weights, step };
  }

  function trainAdversarial(
    mode: Mode,
    watch: (context: ModelContext, noise: Tensorflow.Tensor[]) => void = () => undefined,
  ) {
    const { weights, step } = makeAdversarial(mode, watch);
    const losses = Array.from({ length: 15 }, (_, at) => step.run(modelExamples(16, at)));
    const evaluated = step.evaluate(modelExamples(16, 99));
    const { values } = step.exportState();
    step.dispose();
    weights.dispose();
    return { losses, evaluated, values };
  }

  test('the perturbed point is epsilon away in each row, and worse', () => {
    const lengths: number[] = [];
    const { losses, evaluated } = trainAdversarial('eager', ({ isTraining }, noise) => {
      if (!isTraining) return;
      const squares = noise.map((values) => tf.sum(tf.square(values), 1));
      lengths.push(...tf.sqrt(tf.addN(squares)).dataSync());
    });
    for (const length of lengths) expect(length).toBeCloseTo(EPSILON, 3);
    // The domain's gradient is reversed on the way, so that only the sum tells.
    for (const [, clean, moved] of losses.slice(0, 1)) expect(moved).toBeGreaterThan(clean);
    expect(evaluated[1]).toBe(evaluated[2]); // no noise outside of training
  });

  (isNative ? test : test.skip)('graph and eager agree', () => {
    const graph = trainAdversarial('graph');
    const eager = trainAdversarial('eager');
    expect(largestDifference(graph.values, eager.values)).toBeLessThan(1e-4);
    expect(Array.from(graph.losses[14])).toEqual(
      Array.from(eager.losses[14], (loss) => expect.closeTo(loss, 4) as unknown),
    );
  });

  test('a schedule that the step does not have is refused by name', () => {
    const weights = new WeightSet(new Random(1));
    const kernel = weights.weight('kernel', [6]);
    const options = {
      weights,
      batch: MODEL_BATCH,
      loss: (_: unknown, context: ModelContext) => tf.mul(tf.sum(kernel), context.schedule('warmth')),
      seed: 1,
      mode: MODE,
    };
    expect(() => compileStep(options).run(modelExamples(2, 1))).toThrow('"warmth"');
    weights.dispose();
  });
});
