import { describe, expect, test } from '@jest/globals';

import { isNative, tf } from '../../../src/nn/backend.js';
import {
  adagrad,
  adam,
  adamW,
  cosineSchedule,
  sgd,
  type StepOptions,
  stepSchedule,
} from '../../../src/nn/index.js';
import { largestDifference, makeModel, type MODEL_BATCH, modelExamples } from '../../support/nn-model.js';

type Options = Partial<StepOptions<typeof MODEL_BATCH>> & { dropout?: number };

function trainFor(steps: number, options: Options) {
  const { weights, step } = makeModel(options);
  const losses: number[] = [];
  for (let at = 0; at < steps; at++) losses.push(step.run(modelExamples(16, at))[0]);
  const { values } = step.exportState();
  step.dispose();
  weights.dispose();
  return { losses, values };
}

const CASES: [string, Options][] = [
  ['Adam and Adagrad', {}],
  ['lazy Adam on the table', { tableOptimizer: adam(0.01) }],
  [
    'AdamW with a cosine schedule',
    { optimizer: adamW(cosineSchedule(0.02, 100, { warmup: 10 }), { weightDecay: 0.1 }) },
  ],
  ['Adagrad with clipping', { optimizer: adagrad(0.05), clipNorm: 0.5 }],
  ['gradients accumulated over three parts', { accumulate: 3, clipNorm: 1 }],
  ['SGD', { optimizer: sgd(0.05), tableOptimizer: sgd(0.1) }],
  [
    'SGD with momentum',
    {
      optimizer: sgd(stepSchedule(0.05, 30, 0.5), { momentum: 0.9 }),
      tableOptimizer: sgd(0.05, { momentum: 0.8 }),
    },
  ],
];

(isNative ? describe : describe.skip)('graph and eager steps agree', () => {
  test.each(CASES)('%s', (_, options) => {
    // A hundred steps where gradients go through all kinds of ops; the other optimizers differ in the update alone.
    const long = options.optimizer ? 25 : 100;
    for (const [steps, tolerance] of [
      [1, 1e-5],
      [long, 1e-4],
    ]) {
      const graph = trainFor(steps, { ...options, mode: 'graph' });
      const eager = trainFor(steps, { ...options, mode: 'eager' });
      expect(graph.losses.at(-1)).toBeCloseTo(eager.losses.at(-1)!, 4);
      expect(largestDifference(graph.values, eager.values)).toBeLessThan(tolerance);
      if (steps === 100) expect(graph.losses[99]).toBeLessThan(graph.losses[0] - 0.2);
    }
  });

  test('accumulated gradients are those of the whole batch', () => {
    const whole = trainFor(5, { optimizer: sgd(0.1), tableOptimizer: sgd(0.1), dropout: 0 });
    const parts = trainFor(5, { optimizer: sgd(0.1), tableOptimizer: sgd(0.1), dropout: 0, accumulate: 4 });
    expect(largestDifference(whole.values, parts.values)).toBeLessThan(1e-6);
    expect(parts.losses[4]).toBeCloseTo(whole.losses[4], 5);
  });

  test('without the native library, too: JavaScript kernels draw the same dropout and learn the same', async () => {
    const graph = trainFor(20, {});
    tf.env().set('PROD', true); // or the backend prints an advertisement
    await tf.setBackend('cpu');
    try {
      const script = trainFor(20, {});
      expect(largestDifference(graph.values, script.values)).toBeLessThan(1e-4);
      expect(script.losses[19]).toBeCloseTo(graph.losses[19], 4);
    } finally {
      await tf.setBackend('tensorflow');
    }
  });
});
