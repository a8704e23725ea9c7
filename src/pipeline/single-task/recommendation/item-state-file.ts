import { join } from 'node:path';

import { loadTensors, saveTensors, type StoredTensor } from '../../../nn/index.js';
import { type ItemState, type Neighbours, Vocabulary } from '../../preprocess/index.js';

const FILE = 'items.safetensors';
const KINDS = ['byUsers', 'byOrders', 'byRecentUsers', 'byTitles'] as const;

/** Writes the state of items beside a model's weights. */
export async function saveItemState(directory: string, state: ItemState): Promise<void> {
  const tensors: Record<string, StoredTensor> = {
    features: { shape: [state.features.length], values: state.features },
    logPrices: { shape: [state.logPrices.length], values: state.logPrices },
  };
  const { titles, categories, tastes, cold } = state;
  const flat = (name: string, values: StoredTensor['values']) => {
    tensors[name] = { shape: [values.length], values };
  };
  flat('titles/offsets', titles.offsets);
  flat('titles/terms', titles.terms);
  flat('titles/values', titles.values);
  flat('titles/rarity', titles.rarity);
  flat('categories/nodes', categories.tree.nodeOf);
  flat('categories/parents', categories.tree.parents);
  flat('categories/totals', Float32Array.from(categories.totals));
  tensors['cold/neighbours'] = { shape: [cold.ids.length, cold.width], values: cold.neighbours };
  flat('cold/similarities', cold.similarities);
  flat('tastes/logShares', tastes.logShares);
  flat('tastes/lifts', tastes.lifts);
  flat('tastes/priors', tastes.priors);
  for (const kind of KINDS) {
    const { items, scores, width } = state[kind];
    const shape = [items.length / width, width];
    tensors[`${kind}/items`] = { shape, values: items };
    tensors[`${kind}/scores`] = { shape, values: scores };
  }
  await saveTensors(join(directory, FILE), {
    tensors,
    metadata: { itemIds: JSON.stringify(state.vocabulary.ids), coldIds: JSON.stringify(cold.ids) },
  });
}

/** Reads what saveItemState wrote. @throws Error when an earlier version did, that knew less of items */
export async function loadItemState(directory: string): Promise<ItemState> {
  const { tensors, metadata } = await loadTensors(join(directory, FILE));
  if (!('titles/terms' in tensors))
    throw new Error('The model was saved without the texts of its items; train it again.');
  const floats = (name: string) => tensors[name].values as Float32Array;
  const integers = (name: string) => tensors[name].values as Int32Array;
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
    byTitles: neighboursOf('byTitles'),
    titles: {
      offsets: integers('titles/offsets'),
      terms: integers('titles/terms'),
      values: floats('titles/values'),
      rarity: floats('titles/rarity'),
    },
    categories: {
      tree: { nodeOf: integers('categories/nodes'), parents: integers('categories/parents') },
      totals: Float64Array.from(floats('categories/totals')),
    },
    cold: {
      ids: JSON.parse(metadata.coldIds) as string[],
      width: tensors['cold/neighbours'].shape[1],
      neighbours: integers('cold/neighbours'),
      similarities: floats('cold/similarities'),
    },
    tastes: {
      tastes: tensors['tastes/priors'].values.length,
      logShares: floats('tastes/logShares'),
      lifts: floats('tastes/lifts'),
      priors: floats('tastes/priors'),
    },
  };
}
