import type * as Tensorflow from '@tensorflow/tfjs';

import { adversarialNoise, type ModelContext, tf } from '../../nn/index.js';
import type { Collaboration, PartInputs, PartPass } from '../multi-task/index.js';
import { byTask } from './by-task.js';

export interface AdversarialOptions {
  /** Length of the change of an example's inputs; standardised features have deviation 1. */
  readonly epsilon: number;
  /** How much the changed examples count beside the examples themselves. */
  readonly strength: number;
}

/**
 * Adversarial training by the fast gradient method (Miyato et al., ICLR 2017): each example comes once as it is and once changed a little in the
 * direction that hurts its entity's tasks most; features and looked-up embeddings alike.
 */
export function adversarialTraining({ epsilon, strength }: AdversarialOptions): Collaboration {
  return {
    losses: ([pass], batch, context) => {
      const changed = pass.parts.map((part) => changedInputs(part, epsilon, context));
      const hurt = pass.learner.forwardFrom(changed, batch, context);
      const losses = byTask(pass, (loss, task) =>
        tf.add<Tensorflow.Scalar>(loss, tf.mul(hurt.losses[task], tf.scalar(strength))),
      );
      return { tasks: [losses] };
    },
  };
}

function changedInputs({ inputs, losses }: PartPass, epsilon: number, context: ModelContext): PartInputs {
  const names = Object.keys(inputs);
  const all = Object.values(losses);
  const loss = all.length === 1 ? all[0] : tf.addN(all);
  const given = names.map((name) => inputs[name]);
  const noise = adversarialNoise(context.gradients(loss, given), epsilon);
  return Object.fromEntries(names.map((name, at) => [name, tf.add(inputs[name], noise[at])]));
}
