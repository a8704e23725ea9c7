/** What the towers read, in columns. */
import { compilePredict } from '../../../nn/index.js';
import type { ShopHistory } from '../../index.js';
import { behaviourSequences, type ItemState } from '../../preprocess/index.js';
import { type ContentCodes, itemContent } from './item-content.js';
import type { PurchasePairs } from './purchase-pairs.js';
import { itemColumns, type TowersNetwork } from './towers-network.js';

/** Columns of pairs of a user and an item, as `pairColumns` names them. */
export type TrainingColumns = ReturnType<typeof trainingColumns>;

export function trainingColumns(
  history: ShopHistory,
  { users, items, times }: PurchasePairs,
  options: { readonly state: ItemState; readonly codes: ContentCodes; readonly length: number },
) {
  const { codes, length } = options;
  const { vocabulary } = options.state;
  const sequences = behaviourSequences(history, users, times, { length, vocabulary });
  const bought = Array.from(items, (item) => history.items[item]);
  const { words, categories, prices } = itemContent(bought, codes);
  const counts = new Float64Array(history.items.length);
  items.forEach((item) => counts[item]++);
  return {
    userItems: sequences.items,
    userTypes: sequences.types,
    userDays: sequences.days,
    item: vocabulary.indicesOf(bought.map(({ id }) => id)),
    words,
    categories,
    price: prices,
    logShare: Float32Array.from(items, (item) => Math.log(counts[item] / items.length)),
  };
}

/** [items of the state] logarithm of each one's share of what was bought; one that was not counts half a purchase. */
export function logShares(
  history: ShopHistory,
  { items }: PurchasePairs,
  { vocabulary }: ItemState,
): Float32Array {
  const counts = new Float64Array(vocabulary.size).fill(1 / 2);
  const indexOf = vocabulary.indicesOf(history.items.map(({ id }) => id));
  items.forEach((item) => counts[indexOf[item]]++);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return Float32Array.from(counts, (count) => Math.log(count / total));
}

/** Vectors of the whole catalogue: [items × embeddingDim + 1]. */
export function vectorsOf(
  network: TowersNetwork,
  history: ShopHistory,
  { vocabulary }: ItemState,
  codes: ContentCodes,
): Float32Array {
  const predictor = compilePredict({
    weights: network.weights,
    batch: itemColumns,
    predict: (columns, context) => ({ vectors: network.itemVectors(columns, context) }),
  });
  const { words, categories, prices } = itemContent(history.items, codes);
  const item = vocabulary.indicesOf(history.items.map(({ id }) => id));
  const { vectors } = predictor.predict({ item, words, categories, price: prices });
  predictor.dispose();
  return vectors;
}

/** Chosen rows of all columns. @param count rows that there are */
export function takeRows<C extends Readonly<Record<string, Float32Array | Int32Array>>>(
  columns: C,
  count: number,
  rows: Int32Array,
): C {
  return Object.fromEntries(
    Object.entries(columns).map(([name, values]) => {
      const width = values.length / count;
      const taken = values.slice(0, rows.length * width);
      rows.forEach((row, at) => taken.set(values.subarray(row * width, (row + 1) * width), at * width));
      return [name, taken];
    }),
  ) as C;
}
