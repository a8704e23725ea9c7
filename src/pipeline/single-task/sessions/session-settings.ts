import { z } from 'zod';

import { AppError } from '../../../errors.js';
import { RESAMPLING_METHODS, TASKS } from '../../../tasks/index.js';

const settingsSchema = z.strictObject({
  hiddenUnits: z.array(z.number().int().min(1).max(4096)).max(8),
  dropout: z.number().min(0).max(0.9),
  learningRate: z.number().gt(0).max(1),
  weightDecay: z.number().min(0).max(10),
  batchSize: z.number().int().min(1).max(65_536),
  epochs: z.number().int().min(1).max(1000),
  /** Cycles of the learning rate whose last weights are averaged (SWA); 0 = none. */
  swaCycles: z.number().int().min(0).max(50),
  /** Networks of different seeds whose logits are averaged. */
  members: z.number().int().min(1).max(20),
  /** What is done about few sessions having a purchase. */
  resampling: z.partialRecord(z.enum(TASKS), z.enum(RESAMPLING_METHODS)),
  focalGamma: z.number().min(0).max(10),
  /** Sessions are thinned out above it. */
  maxExamples: z.number().int().min(1000).max(10_000_000),
  /** Share of the examples, the latest, held back for the validation loss. */
  validationShare: z.number().min(0).max(0.5),
});

export type SessionSettings = z.infer<typeof settingsSchema>;

export const SESSION_DENSE_DEFAULTS: SessionSettings = {
  hiddenUnits: [128, 64],
  dropout: 0.3,
  learningRate: 2e-3,
  weightDecay: 0.05,
  batchSize: 256,
  epochs: 8,
  swaCycles: 0,
  members: 2,
  resampling: {},
  focalGamma: 2,
  maxExamples: 200_000,
  validationShare: 0.1,
};

export const SESSION_LINEAR_DEFAULTS: SessionSettings = {
  ...SESSION_DENSE_DEFAULTS,
  hiddenUnits: [],
  dropout: 0,
  learningRate: 5e-3,
  members: 1,
};

/** @throws AppError BAD_USER_INPUT that names the setting, what it was and what is allowed */
export function sessionSettings(
  given: Readonly<Record<string, unknown>>,
  defaults: SessionSettings,
): SessionSettings {
  const parsed = settingsSchema.safeParse({ ...defaults, ...given });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    (issue) => `${issue.path.join('.') || 'hyperparameters'}: ${issue.message}`,
  );
  throw new AppError('BAD_USER_INPUT', problems.join('; '));
}
