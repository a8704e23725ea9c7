import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { TRANSACTION_FEATURES } from '../../preprocess/index.js';
import { checkFeatures, type FraudTraining } from '../../single-task/index.js';

const FILE = 'transactions.json';

/** Mean and deviation of each feature of an order. */
export interface TransactionScales {
  readonly means: Float64Array;
  readonly deviations: Float64Array;
}

interface Saved {
  readonly features: readonly string[];
  readonly means: number[];
  readonly deviations: number[];
  readonly training: FraudTraining;
}

export async function saveTransactions(
  directory: string,
  { scales, training }: { readonly scales: TransactionScales; readonly training: FraudTraining },
): Promise<void> {
  const saved: Saved = {
    features: TRANSACTION_FEATURES.map(({ name }) => name),
    means: [...scales.means],
    deviations: [...scales.deviations],
    training,
  };
  await writeFile(join(directory, FILE), JSON.stringify(saved));
}

/** @throws AppError CONFLICT when it was made with other features */
export async function loadTransactions(
  directory: string,
): Promise<{ scales: TransactionScales; training: FraudTraining }> {
  const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as Saved;
  checkFeatures(saved.features);
  const scales = {
    means: Float64Array.from(saved.means),
    deviations: Float64Array.from(saved.deviations),
  };
  return { scales, training: saved.training };
}
