/** Predictions that a version made on its validation and test examples, kept beside it so that ensembles can be weighed without leakage. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { loadTensors, saveTensors } from '../../nn/index.js';
import type { TaskName } from '../../tasks/index.js';

const FOLDER = 'predictions';

export interface HeldPredictions {
  readonly validation: Float32Array;
  readonly test: Float32Array;
  /** Cuts that they were made at, milliseconds. */
  readonly validationCut: number;
  readonly testCut: number;
}

export async function savePredictions(root: string, task: TaskName, held: HeldPredictions): Promise<void> {
  await mkdir(join(root, FOLDER), { recursive: true });
  await saveTensors(join(root, FOLDER, `${task}.safetensors`), {
    tensors: {
      validation: { shape: [held.validation.length], values: held.validation },
      test: { shape: [held.test.length], values: held.test },
    },
    metadata: { validationCut: String(held.validationCut), testCut: String(held.testCut) },
  });
}

export async function loadPredictions(root: string, task: TaskName): Promise<HeldPredictions> {
  const { tensors, metadata } = await loadTensors(join(root, FOLDER, `${task}.safetensors`));
  return {
    validation: tensors.validation.values as Float32Array,
    test: tensors.test.values as Float32Array,
    validationCut: Number(metadata.validationCut),
    testCut: Number(metadata.testCut),
  };
}
