import type { Architecture } from './architecture.js';
import { Expert } from './experts.js';
import { LAYERS_ABOVE_ENCODER } from './settings.js';

/**
 * Entire space multi-task model (Ma et al., SIGIR 2018): stages of the funnel share the encoder alone; each has layers of its own, whose logit is
 * of the stage given the one before, and is learnt through the product of the probabilities up to it, over all users. Other tasks have
 * their own layers.
 */
export const esmm: Architecture = {
  name: 'esmm',
  ownSettings: { hiddenUnits: LAYERS_ABOVE_ENCODER },
  defaults: { hiddenUnits: [64, 32] },
  userQuestion: 'FUNNEL_PRODUCT',
  hasOneRepresentation: false,
  build(weights, { inputWidth, tasks, settings }) {
    const units = settings.hiddenUnits.slice(1);
    const own = new Map(
      tasks.map((task) => [task, new Expert(weights, task, inputWidth, units, settings.dropout)]),
    );
    return {
      width: units[units.length - 1],
      sources: () => [],
      forward: (inputs, asked, context) =>
        asked.map((task) => ({ values: own.get(task)!.forward(inputs, context) })),
    };
  },
};
