import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from '../../nn/index.js';
import type { TaskName } from '../../tasks/index.js';
import { userTaskShare } from './entities/user-head.js';
import type { MultiTaskSettings } from './settings.js';

/**
 * Weight of each task's loss in the sum that is minimised. Intent and churn together weigh as one task: both are read off one curve.
 */
export function lossWeights(
  tasks: readonly TaskName[],
  { method, weights }: MultiTaskSettings['lossBalancing'],
): ReadonlyMap<TaskName, number> {
  return new Map(
    tasks.map((task) => {
      const share = task === 'PURCHASE_INTENT' || task === 'CHURN' ? userTaskShare(tasks) : 1;
      return [task, share * (method === 'FIXED' ? (weights?.[task] ?? 1) : 1)];
    }),
  );
}

/** Weighted sum of the tasks' losses. */
export function balancedTotal(
  losses: Readonly<Record<string, Tensorflow.Scalar>>,
  weights: ReadonlyMap<TaskName, number>,
): Tensorflow.Scalar {
  const parts = [...weights].map(([task, weight]) => tf.mul(losses[task], tf.scalar(weight)));
  return parts.length === 1
    ? (parts[0] as Tensorflow.Scalar)
    : tf.addN<Tensorflow.Scalar>(parts as Tensorflow.Scalar[]);
}
