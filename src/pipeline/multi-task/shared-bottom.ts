import { dense } from '../../nn/index.js';
import type { Architecture } from './architecture.js';

/** A shared bottom (Caruana, Machine Learning 1997): all tasks read the same layers, each by a head of its own. */
export const sharedBottom: Architecture = {
  name: 'shared-bottom',
  ownSettings: {},
  defaults: {},
  userQuestion: 'SURVIVAL',
  hasOneRepresentation: true,
  build(weights, { inputWidth, settings }) {
    const sizes = [inputWidth, ...settings.hiddenUnits.slice(1)];
    const layers = sizes.slice(1).map((units, at) => weights.dense(`bottom-${at + 1}`, sizes[at], units));
    return {
      width: sizes[sizes.length - 1],
      sources: () => [],
      forward: (inputs, tasks, context) => {
        const values = layers.reduce(
          (below, layer) => context.random.dropout(dense(below, layer, 'relu'), settings.dropout),
          inputs,
        );
        return tasks.map(() => ({ values }));
      },
    };
  },
};
