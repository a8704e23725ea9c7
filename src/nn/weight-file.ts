import { loadTensors, saveTensors } from './tensor-file.js';
import type { WeightSet, WeightValues } from './weights.js';

/** Writes a model's weights as one safetensors file. */
export async function saveWeights(path: string, weights: WeightSet): Promise<void> {
  await saveTensors(path, { tensors: weights.export(), metadata: { format: 'tandem-weights' } });
}

/** Reads weights into a set that was built alike. @throws Error naming a weight that is missing or of another shape */
export async function loadWeights(path: string, weights: WeightSet): Promise<void> {
  const { tensors } = await loadTensors(path);
  weights.import(tensors as WeightValues);
}
