import { DAY_MS, type ShopHistory } from '../index.js';
import {
  buyersBefore,
  itemStatistics,
  TRANSACTION_FEATURES,
  transactionContexts,
  transactionFeatures,
  USER_FEATURE_COUNT,
  USER_FEATURES,
  userFeatures,
} from '../preprocess/index.js';
import { sampleOf } from './part-of-history.js';
import { stabilityOf } from './stability.js';

/** One input of the models, now against when they were trained. */
export interface FeatureDrift {
  readonly entity: 'USER' | 'TRANSACTION';
  readonly feature: string;
  readonly description: string;
  /** Population stability index. */
  readonly psi: number;
  /** What the index may reach by chance alone. */
  readonly chance: number;
  /** Users or transactions on either side. */
  readonly reference: number;
  readonly current: number;
}

const MOST_USERS = 5000;
/** Transactions of this many days before training are the reference. */
const REFERENCE_DAYS = 365;

/**
 * The inputs of the user models as of the clock against those as of the training's cut, for all who had bought by then; the largest
 * shift first. Empty where nothing has happened since the cut.
 *
 * Features that age with the shop (days since the first order) shift in every growing shop: a model that learned from a younger shop
 * sees values that it has not met, which is what the index is for.
 */
export function userFeatureDrift(
  history: ShopHistory,
  learnedUntil: number,
  clock: number,
  seed: number,
): FeatureDrift[] {
  if (clock <= learnedUntil) return [];
  // A model keeps its item statistics: what it sees of a user's items stays as of training.
  const statistics = itemStatistics(history, learnedUntil);
  const columns = (cut: number) => {
    const users = sampleOf(buyersBefore(history, cut), MOST_USERS, seed);
    return columnsOf(userFeatures(history, users, cut, statistics), USER_FEATURE_COUNT);
  };
  const reference = columns(learnedUntil);
  const current = columns(clock);
  return compareColumns('USER', USER_FEATURES, reference, current);
}

/** The inputs of the fraud models: transactions from the training's cut to the clock against those of the year before the cut. */
export function transactionFeatureDrift(
  history: ShopHistory,
  learnedUntil: number,
  clock: number,
): FeatureDrift[] {
  const contexts = transactionContexts(history.transactions);
  const between = (from: number, to: number) =>
    contexts.filter(({ transaction: { occurredAt } }) => occurredAt >= from && occurredAt < to);
  const width = TRANSACTION_FEATURES.length;
  const reference = columnsOf(
    transactionFeatures(between(learnedUntil - REFERENCE_DAYS * DAY_MS, learnedUntil)),
    width,
  );
  const current = columnsOf(transactionFeatures(between(learnedUntil, clock)), width);
  return compareColumns('TRANSACTION', TRANSACTION_FEATURES, reference, current);
}

/** [rows × width] row by row → width columns of [rows]. */
function columnsOf(values: Float32Array, width: number): Float64Array[] {
  const rows = values.length / width;
  return Array.from({ length: width }, (_, column) =>
    Float64Array.from({ length: rows }, (_row, row) => values[row * width + column]),
  );
}

function compareColumns(
  entity: FeatureDrift['entity'],
  features: readonly { readonly name: string; readonly description: string }[],
  reference: readonly Float64Array[],
  current: readonly Float64Array[],
): FeatureDrift[] {
  return features
    .flatMap(({ name, description }, column) => {
      const stability = stabilityOf(reference[column], current[column]);
      if (!stability) return [];
      const sizes = { reference: reference[column].length, current: current[column].length };
      return [{ entity, feature: name, description, ...stability, ...sizes }];
    })
    .sort((a, b) => b.psi - a.psi);
}
