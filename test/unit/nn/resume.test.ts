import { describe, expect, test } from '@jest/globals';

import { type Checkpoint, isNative, train, type TrainEpoch } from '../../../src/nn/index.js';
import { makeModel, modelExamples } from '../../support/nn-model.js';

class Killed extends Error {}

/** Keeps every checkpoint in memory, and kills the training after some. */
function memoryCheckpoint(
  start: Uint8Array | null,
  killAfter = Infinity,
): Checkpoint & { last: Uint8Array | null } {
  let writes = 0;
  return {
    last: start,
    everySeconds: 0,
    read() {
      return Promise.resolve(this.last);
    },
    write(bytes) {
      this.last = bytes.slice();
      writes++;
      return writes >= killAfter ? Promise.reject(new Killed()) : Promise.resolve();
    },
  };
}

async function trainOnce(mode: 'graph' | 'eager', checkpoint?: Checkpoint) {
  const { weights, step } = makeModel({ mode });
  const epochs: TrainEpoch[] = [];
  try {
    const result = await train({
      step,
      columns: modelExamples(200, 1),
      validation: modelExamples(40, 2),
      batchSize: 16,
      epochs: 4,
      seed: 9,
      earlyStopping: { patience: 10 },
      onEpoch: (epoch) => epochs.push(epoch),
      checkpoint,
    });
    return { result, epochs, weights: weights.export() };
  } finally {
    step.dispose();
    weights.dispose();
  }
}

describe.each(isNative ? (['graph', 'eager'] as const) : (['eager'] as const))(
  'a training that was killed (%s)',
  (mode) => {
    test('ends with the same weights to the bit, and the same losses', async () => {
      const whole = await trainOnce(mode);
      let bytes: Uint8Array | null = null;
      for (let life = 0; life < 3; life++) {
        const checkpoint = memoryCheckpoint(bytes, 1);
        await expect(trainOnce(mode, checkpoint)).rejects.toThrow(Killed);
        bytes = checkpoint.last;
      }
      const resumed = await trainOnce(mode, memoryCheckpoint(bytes));
      expect(resumed.weights).toEqual(whole.weights);
      expect(resumed.epochs).toEqual(whole.epochs);
      expect(resumed.result).toEqual(whole.result);
    });
  },
);

test('a checkpoint of another training is left alone', async () => {
  const checkpoint = memoryCheckpoint(null);
  await trainOnce('eager', checkpoint);
  const { step, weights } = makeModel({ mode: 'eager' });
  const epochs: number[] = [];
  await train({
    step,
    columns: modelExamples(60, 1),
    batchSize: 16,
    epochs: 1,
    seed: 9,
    onEpoch: ({ epoch }) => epochs.push(epoch),
    checkpoint,
  });
  expect(epochs).toEqual([1]);
  step.dispose();
  weights.dispose();
});
