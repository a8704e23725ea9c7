import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type Batch,
  type BatchSpec,
  column,
  idColumn,
  type ModelContext,
  tf,
  type WeightSet,
} from '../../../nn/index.js';
import type { ExportableNetwork } from '../../index.js';
import { DEMAND_FEATURE_COUNT, DEMAND_FEATURES } from '../../preprocess/index.js';
import { DEMAND_CLIP, type DemandScales } from '../demand/demand-examples.js';
import { DEMAND_DAYS } from '../demand/demand-history.js';
import { exportableNetwork } from './exportable-network.js';
import { scaledColumns, standardisedInGraph } from './in-graph.js';

/** A network that tells logarithms of units over a reference, as one that tells units. */
export function demandNetwork(options: {
  readonly weights: WeightSet;
  readonly scales: DemandScales;
  /** Names of the items, where the network knows them one by one. */
  readonly itemIds: readonly string[] | null;
  /** @param columns `features` (standardised) and, with itemIds, `item`. @returns [rows] */
  ratios(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor;
}): ExportableNetwork {
  const { weights, scales, itemIds } = options;
  const columns = scaledColumns(
    DEMAND_FEATURES.map((name) => ({ name })),
    scales,
  );
  const batch: BatchSpec = {
    features: column(DEMAND_FEATURE_COUNT),
    reference: column(),
    ...(itemIds && { item: idColumn() }),
  };
  return exportableNetwork({
    name: 'demand',
    tasks: ['DEMAND'],
    description:
      'A row is an item that sold within the last 56 days, as of a day; for one that did not, the product says 0. ' +
      'The product spreads the units over days by the share of each weekday.',
    weights,
    batch,
    predict: (given, context) => {
      const features = standardisedInGraph(given.features, scales, DEMAND_CLIP);
      const ratio = options.ratios({ ...given, features }, context);
      return { units: tf.mul(given.reference, tf.exp(ratio)), ratio };
    },
    inputs: {
      features: { description: 'how the item sold so far', columns },
      reference: {
        description: `units in ${DEMAND_DAYS} days at the level of the last 28 days, large single days capped; above 0`,
      },
      ...(itemIds && { item: { description: 'the item', vocabulary: itemIds } }),
    },
    outputs: {
      units: { description: `units in the next ${DEMAND_DAYS} days: the expected median` },
      ratio: { description: 'logarithm of units over the reference' },
    },
  });
}
