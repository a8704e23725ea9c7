import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { TRANSACTION_FEATURES } from '../../preprocess/index.js';
import {
  checkFeatures,
  type FraudTraining,
  type LogitCorrection,
  NO_CORRECTION,
} from '../../single-task/index.js';

const FILE = 'transactions.json';

/** Mean and deviation of each feature of an order. */
export interface TransactionScales {
  readonly means: Float64Array;
  readonly deviations: Float64Array;
}

/** What is kept of a fraud head beside its weights. */
export interface SavedTransactions {
  readonly scales: TransactionScales;
  readonly training: FraudTraining;
  readonly correction: LogitCorrection;
}

interface Saved {
  readonly features: readonly string[];
  readonly means: number[];
  readonly deviations: number[];
  readonly training: FraudTraining;
  /** Missing in what was written before examples were drawn. */
  readonly correction?: LogitCorrection;
}

export async function saveTransactions(
  directory: string,
  { scales, training, correction }: SavedTransactions,
): Promise<void> {
  const saved: Saved = {
    features: TRANSACTION_FEATURES.map(({ name }) => name),
    means: [...scales.means],
    deviations: [...scales.deviations],
    training,
    correction,
  };
  await writeFile(join(directory, FILE), JSON.stringify(saved));
}

/** @throws AppError CONFLICT when it was made with other features */
export async function loadTransactions(directory: string): Promise<SavedTransactions> {
  const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as Saved;
  checkFeatures(saved.features);
  const scales = {
    means: Float64Array.from(saved.means),
    deviations: Float64Array.from(saved.deviations),
  };
  return { scales, training: saved.training, correction: saved.correction ?? NO_CORRECTION };
}
