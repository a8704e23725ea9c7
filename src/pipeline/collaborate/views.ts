/** Two views of the same examples: parts of their features. */
import type * as Tensorflow from '@tensorflow/tfjs';

import { AppError } from '../../errors.js';
import { tf } from '../../nn/index.js';
import type { PartInputs } from '../multi-task/index.js';
import { TRANSACTION_FEATURES, USER_FEATURES } from '../preprocess/index.js';

/** Names of the features at the start of an entity's inputs; embeddings of ids follow them. */
const FEATURES: Readonly<Record<string, readonly string[]>> = {
  user: USER_FEATURES.map(({ name }) => name),
  transaction: TRANSACTION_FEATURES.map(({ name }) => name),
};

/** The inputs as a view sees them: what it does not see is 0, the mean of a standardised feature. */
export function throughView(
  inputs: PartInputs,
  view: number,
  views: readonly (readonly string[])[] | undefined,
): PartInputs {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, values]) => {
      const width = values.shape[1] ?? 0;
      const names = FEATURES[name] ?? [];
      const mask = Array.from({ length: width }, (_, at) => {
        const isSeen = views ? at >= names.length || views[view].includes(names[at]) : at % 2 === view;
        return isSeen ? 1 : 0;
      });
      return [name, tf.mul<Tensorflow.Tensor>(values, tf.tensor2d(mask, [1, width]))];
    }),
  );
}

/** @throws AppError BAD_USER_INPUT for a feature that no entity has */
export function checkViews(views: readonly (readonly string[])[]): void {
  const known = new Set(Object.values(FEATURES).flat());
  const foreign = views.flat().filter((name) => !known.has(name));
  if (foreign.length === 0) return;
  throw new AppError(
    'BAD_USER_INPUT',
    `views: expected features such as ${FEATURES.transaction.slice(0, 3).join(', ')}; got ${foreign.join(', ')}.`,
  );
}
