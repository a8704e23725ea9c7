import { join } from 'node:path';

import { loadTensors, saveTensors, type StoredTensor } from '../../../nn/index.js';
import type { BoostedScore } from './boosting.js';
import type { Tree } from './tree.js';

const FILE = 'trees.safetensors';
const COLUMNS = ['feature', 'threshold', 'left', 'right', 'value', 'cover'] as const;

/** Writes the trees beside a model's settings, each column of all trees as one tensor [trees × nodes]. */
export async function saveTrees(directory: string, { trees, intercepts }: BoostedScore): Promise<void> {
  const tensors: Record<string, StoredTensor> = {
    intercepts: { shape: [intercepts.length], values: intercepts },
  };
  const nodes = trees[0].feature.length;
  for (const column of COLUMNS) {
    const values = new (trees[0][column].constructor as Float32ArrayConstructor)(trees.length * nodes);
    trees.forEach((tree, at) => values.set(tree[column], at * nodes));
    tensors[column] = { shape: [trees.length, nodes], values };
  }
  await saveTensors(join(directory, FILE), { tensors, metadata: {} });
}

/** Reads what saveTrees wrote. */
export async function loadTrees(directory: string): Promise<BoostedScore> {
  const { tensors } = await loadTensors(join(directory, FILE));
  const [count, nodes] = tensors.feature.shape;
  const trees = Array.from({ length: count }, (_, at) => {
    const part = (column: (typeof COLUMNS)[number]) =>
      tensors[column].values.subarray(at * nodes, (at + 1) * nodes);
    return Object.fromEntries(COLUMNS.map((column) => [column, part(column)])) as unknown as Tree;
  });
  return { trees, intercepts: tensors.intercepts.values as Float32Array };
}
