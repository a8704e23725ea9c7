import { z } from 'zod';

import { AppError } from '../../../errors.js';

// A run's settings address the models of all its tasks: what is meant for others is not read here.
const settingsSchema = z.object({
  learningRate: z.number().gt(0).max(1),
  weightDecay: z.number().min(0).max(10),
  batchSize: z.number().int().min(1).max(65_536),
  epochs: z.number().int().min(1).max(1000),
  /** Cycles of the learning rate whose last weights are averaged (SWA); 0 = none. */
  swaCycles: z.number().int().min(0).max(50),
  /** Past weeks to learn from: each is an origin whose following fortnight is known. */
  origins: z.number().int().min(1).max(104),
  /** Items with fewer units in 28 days are not learned from. */
  leastUnits: z.number().min(0),
});

export type DemandSettings = z.infer<typeof settingsSchema>;

/** Chosen on the bundled shop's cuts up to 2011-05-10. */
export const DEMAND_DEFAULTS: DemandSettings = {
  learningRate: 1e-2,
  weightDecay: 0.01,
  batchSize: 256,
  epochs: 40,
  swaCycles: 0,
  origins: 12,
  leastUnits: 20,
};

/** Settings from what a caller gave over the defaults. @throws AppError BAD_USER_INPUT that names the setting */
export function demandSettings(given: Readonly<Record<string, unknown>>): DemandSettings {
  const parsed = settingsSchema.safeParse({ ...DEMAND_DEFAULTS, ...given });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError('BAD_USER_INPUT', `hyperparameters.${issue.path.join('.')}: ${issue.message}.`);
}
