import { z } from 'zod';

import type { Architecture } from './architecture.js';
import { Expert, Gate, mix } from './experts.js';
import { LAYERS_ABOVE_ENCODER } from './settings.js';

interface MmoeSettings {
  readonly experts: number;
}

/** Multi-gate mixture of experts (Ma et al., KDD 2018): all tasks have the same experts, and each weighs them by a gate of its own. */
export const mmoe: Architecture<MmoeSettings> = {
  name: 'mmoe',
  ownSettings: { hiddenUnits: LAYERS_ABOVE_ENCODER, experts: z.number().int().min(2).max(64) },
  defaults: { experts: 4, hiddenUnits: [64, 32] },
  userQuestion: 'SURVIVAL',
  hasOneRepresentation: false,
  build(weights, { inputWidth, tasks, settings }) {
    const units = settings.hiddenUnits.slice(1);
    const names = Array.from({ length: settings.experts }, (_, at) => `expert ${at + 1}`);
    const experts = names.map(
      (_, at) => new Expert(weights, `expert-${at + 1}`, inputWidth, units, settings.dropout),
    );
    const gates = new Map(
      tasks.map((task) => [task, new Gate(weights, `${task}/gate`, inputWidth, experts.length)]),
    );
    return {
      width: units[units.length - 1],
      sources: () => names,
      forward: (inputs, asked, context) => {
        const outputs = experts.map((expert) => expert.forward(inputs, context));
        return asked.map((task) => {
          const shares = gates.get(task)!.forward(inputs);
          return { values: mix(shares, outputs), gates: shares };
        });
      },
    };
  },
};
