import {
  type Batch,
  type BatchSpec,
  type ModelContext,
  type PredictFunction,
  tf,
  type WeightSet,
} from '../../../nn/index.js';
import type { ExportableNetwork } from '../../index.js';
import { TRANSACTION_FEATURES } from '../../preprocess/index.js';
import {
  exportableNetwork,
  PROBABILITY,
  scaledColumns,
  standardisedInGraph,
} from '../../single-task/index.js';
import type { BesideUser } from './beside-user.js';
import type { TransactionScales } from './transaction-file.js';

/** The fraud head as a network that tells probabilities. */
export function exportableTransactions(options: {
  readonly beside: BesideUser;
  readonly scales: TransactionScales;
  readonly network: { readonly weights: WeightSet };
  readonly batch: BatchSpec;
  /** @param columns of the batch, standardised. @returns [rows] */
  readonly logits: (
    columns: Batch<BatchSpec>,
    context: ModelContext,
  ) => ReturnType<PredictFunction<BatchSpec>>[string];
}): ExportableNetwork {
  const { beside, scales, network, batch, logits } = options;
  return exportableNetwork({
    name: 'transactions',
    tasks: ['FRAUD'],
    description: 'A row is an order, as of its own time.',
    weights: network.weights,
    batch,
    predict: (columns, context) => {
      const transactionFeatures = standardisedInGraph(columns.transactionFeatures, scales);
      const logit = logits({ ...columns, transactionFeatures }, context);
      return { FRAUD: tf.sigmoid(logit), logit };
    },
    inputs: {
      transactionFeatures: {
        description: 'what is known of the order when it comes in',
        columns: scaledColumns(TRANSACTION_FEATURES, scales),
      },
      ...beside.meanings,
    },
    outputs: { FRAUD: { description: PROBABILITY }, logit: { description: 'logit of FRAUD' } },
  });
}
