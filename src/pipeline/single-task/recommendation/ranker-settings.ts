import { z } from 'zod';

import { AppError } from '../../../errors.js';

// A run's settings address the models of all its tasks: what is meant for others is not read here.
const settingsSchema = z.object({
  /** Units of the hidden layer. */
  hidden: z.number().int().min(1).max(1024),
  /** Networks that learn side by side and serve as their mean. */
  members: z.number().int().min(1).max(32),
  learningRate: z.number().gt(0).max(1),
  weightDecay: z.number().min(0).max(10),
  batchSize: z.number().int().min(1).max(4096),
  epochs: z.number().int().min(1).max(1000),
  /** Cycles of the learning rate whose last weights are averaged (SWA); 0 = none. */
  swaCycles: z.number().int().min(0).max(50),
  /** Past months to learn from. */
  cuts: z.number().int().min(1).max(24),
  /** Items that each training example chooses among. */
  candidates: z.number().int().min(8).max(4096),
  /** Share of the loss that counts only items new to the user, 0 to 1. */
  newShare: z.number().min(0).max(1),
  /** Share of examples held back for the validation loss. */
  validationShare: z.number().min(0).max(0.5),
});

export type RankerSettings = z.infer<typeof settingsSchema>;

/** Chosen on the bundled shop's cuts up to 2011-05-10. */
export const RANKER_DEFAULTS: RankerSettings = {
  hidden: 16,
  members: 3,
  learningRate: 5e-3,
  weightDecay: 0.01,
  batchSize: 32,
  epochs: 15,
  swaCycles: 0,
  cuts: 5,
  candidates: 256,
  newShare: 0.5,
  validationShare: 0.1,
};

/** The textbook case: a wider layer, batch 32, 10 epochs, 20 % validation. */
const TEXTBOOK: RankerSettings = {
  ...RANKER_DEFAULTS,
  hidden: 64,
  members: 1,
  learningRate: 1e-3,
  weightDecay: 0,
  epochs: 10,
  validationShare: 0.2,
};

/** Settings from what a caller gave over the defaults; `preset: "TEXTBOOK"` starts from the textbook case. @throws AppError BAD_USER_INPUT that names the setting */
export function rankerSettings(given: Readonly<Record<string, unknown>>): RankerSettings {
  const parsed = settingsSchema.safeParse({
    ...(given.preset === 'TEXTBOOK' ? TEXTBOOK : RANKER_DEFAULTS),
    ...given,
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError('BAD_USER_INPUT', `hyperparameters.${issue.path.join('.')}: ${issue.message}.`);
}
