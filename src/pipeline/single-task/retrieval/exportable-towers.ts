import type { ExportableNetwork } from '../../index.js';
import { SEQUENCE_PLACES } from '../../preprocess/index.js';
import { exportableNetwork } from '../export/exportable-network.js';
import type { ContentCodes } from './item-content.js';
import type { RetrievalSettings } from './retrieval-settings.js';
import { itemColumns, type TowersNetwork, userColumns } from './towers-network.js';

const TASKS = ['RECOMMENDATION'] as const;

/** Each tower as a network of its own, to fill an index of vectors and to ask it. */
export function exportableTowers(
  network: TowersNetwork,
  { length, embeddingDim }: RetrievalSettings,
  { itemIds, codes }: { readonly itemIds: readonly string[]; readonly codes: ContentCodes },
): ExportableNetwork[] {
  const order = `the latest ${length} behaviours, the last one at the end`;
  const outputs = {
    vector: {
      description: 'the product of a user’s and an item’s tells how well they go together',
      shape: [embeddingDim + 1],
    },
  };
  return [
    exportableNetwork({
      name: 'user-tower',
      tasks: TASKS,
      description: 'A row is a user, as of a time.',
      weights: network.weights,
      batch: userColumns(length),
      predict: (columns, context) => ({ vector: network.users(columns, context) }),
      inputs: {
        userItems: { description: `items of ${order}`, vocabulary: itemIds },
        userTypes: { description: `types of ${order}`, vocabulary: SEQUENCE_PLACES },
        userDays: { description: `of ${order}: days before the time, and since the behaviour before` },
      },
      outputs,
    }),
    exportableNetwork({
      name: 'item-tower',
      tasks: TASKS,
      description: 'A row is an item.',
      weights: network.weights,
      batch: itemColumns,
      predict: (columns, context) => ({ vector: network.itemVectors(columns, context) }),
      inputs: {
        item: { description: 'the item', vocabulary: itemIds },
        words: { description: 'words of the title by hash, from 1; 0 = none' },
        categories: { description: 'category, level by level', vocabulary: ['NONE', ...codes.categories] },
        price: { description: 'logarithm of the price, standardised, and 1 where there is one' },
      },
      outputs,
    }),
  ];
}
