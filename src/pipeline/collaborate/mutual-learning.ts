import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from '../../nn/index.js';
import type { Collaboration } from '../multi-task/index.js';
import { answersOf, byTask } from './by-task.js';
import { divergence } from './divergence.js';

export interface MutualLearningOptions {
  /** How much the others' predictions count beside the labels. */
  readonly strength: number;
  readonly temperature: number;
}

/**
 * Deep mutual learning (Zhang et al., CVPR 2018): learners of different starts or architectures see the same batches, and each is drawn towards
 * the others' predictions beside its labels. All take their step at once, each from the others' predictions before it.
 */
export function mutualLearning({ strength, temperature }: MutualLearningOptions): Collaboration {
  return {
    losses: (passes, batch) => ({
      tasks: passes.map((own) =>
        byTask(own, (loss, task, part) => {
          const answers = answersOf(own.parts[part], batch, task);
          const pulls = passes
            .filter((pass) => pass !== own)
            .map(({ parts }) => {
              const peer = answersOf(parts[part], batch, task).map(({ values }) => values);
              return divergence(answers, peer, temperature);
            });
          const pull = pulls.length === 1 ? pulls[0] : tf.addN<Tensorflow.Scalar>(pulls);
          return tf.add(loss, tf.mul(pull, tf.scalar(strength / pulls.length)));
        }),
      ),
    }),
  };
}
