import { join } from 'node:path';

import { loadTensors, saveTensors, type StoredTensor } from '../../../nn/index.js';
import { type ItemState, type Neighbours, Vocabulary } from '../../preprocess/index.js';

const FILE = 'items.safetensors';
const KINDS = ['byUsers', 'byOrders', 'byRecentUsers'] as const;

/** Writes the state of items beside a model's weights. */
export async function saveItemState(directory: string, state: ItemState): Promise<void> {
  const tensors: Record<string, StoredTensor> = {
    features: { shape: [state.features.length], values: state.features },
    logPrices: { shape: [state.logPrices.length], values: state.logPrices },
  };
  for (const kind of KINDS) {
    const { items, scores, width } = state[kind];
    const shape = [items.length / width, width];
    tensors[`${kind}/items`] = { shape, values: items };
    tensors[`${kind}/scores`] = { shape, values: scores };
  }
  await saveTensors(join(directory, FILE), {
    tensors,
    metadata: { itemIds: JSON.stringify(state.vocabulary.ids) },
  });
}

/** Reads what saveItemState wrote. */
export async function loadItemState(directory: string): Promise<ItemState> {
  const { tensors, metadata } = await loadTensors(join(directory, FILE));
  const neighboursOf = (kind: string): Neighbours => ({
    width: tensors[`${kind}/items`].shape[1],
    items: tensors[`${kind}/items`].values as Int32Array,
    scores: tensors[`${kind}/scores`].values as Float32Array,
  });
  return {
    vocabulary: new Vocabulary(JSON.parse(metadata.itemIds) as string[]),
    features: tensors.features.values as Float32Array,
    logPrices: tensors.logPrices.values as Float32Array,
    byUsers: neighboursOf('byUsers'),
    byOrders: neighboursOf('byOrders'),
    byRecentUsers: neighboursOf('byRecentUsers'),
  };
}
