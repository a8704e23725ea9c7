import type * as Tensorflow from '@tensorflow/tfjs';

import type { Batch, BatchSpec } from '../../nn/index.js';
import type { TaskName } from '../../tasks/index.js';
import type { Answer, PartPass, Pass } from '../multi-task/index.js';

/** A pass's losses by task, each changed. */
export function byTask(
  { parts }: Pass,
  change: (loss: Tensorflow.Scalar, task: TaskName, part: number) => Tensorflow.Scalar,
): Record<string, Tensorflow.Scalar> {
  return Object.fromEntries(
    parts.flatMap(({ part, losses }, at) => part.tasks.map((task) => [task, change(losses[task], task, at)])),
  );
}

export function answersOf(
  { part, outputs }: PartPass,
  batch: Batch<BatchSpec>,
  task: TaskName,
): readonly Answer[] {
  return part.answers(outputs, batch, task);
}
