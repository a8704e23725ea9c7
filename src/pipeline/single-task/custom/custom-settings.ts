import { z } from 'zod';

import { AppError } from '../../../errors.js';
import { RESAMPLING_METHODS } from '../../../tasks/index.js';

const settingsSchema = z.strictObject({
  hiddenUnits: z.array(z.number().int().min(1).max(4096)).max(8),
  dropout: z.number().min(0).max(0.9),
  learningRate: z.number().gt(0).max(1),
  weightDecay: z.number().min(0).max(10),
  batchSize: z.number().int().min(1).max(65_536),
  epochs: z.number().int().min(1).max(1000),
  /** What is done about classes of unequal size, by task; yes/no tasks only. */
  resampling: z.record(z.string(), z.enum(RESAMPLING_METHODS)),
  focalGamma: z.number().min(0).max(10),
  /** Share of the examples held back for the validation loss. */
  validationShare: z.number().min(0).max(0.5),
});
export type CustomSettings = z.infer<typeof settingsSchema>;

export const CUSTOM_DENSE_DEFAULTS: CustomSettings = {
  hiddenUnits: [64, 64],
  dropout: 0.3,
  learningRate: 1e-3,
  weightDecay: 0.01,
  batchSize: 512,
  epochs: 8,
  resampling: {},
  focalGamma: 2,
  validationShare: 0.05,
};

export const CUSTOM_LINEAR_DEFAULTS: CustomSettings = {
  ...CUSTOM_DENSE_DEFAULTS,
  hiddenUnits: [],
  dropout: 0,
  learningRate: 5e-3,
};

/** @throws AppError BAD_USER_INPUT that names the setting and what is allowed */
export function customSettings(
  given: Readonly<Record<string, unknown>>,
  defaults: CustomSettings,
): CustomSettings {
  const { customTasks: _definitions, ...own } = given;
  const parsed = settingsSchema.safeParse({ ...defaults, ...own });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    (issue) => `${issue.path.join('.') || 'hyperparameters'}: ${issue.message}`,
  );
  throw new AppError('BAD_USER_INPUT', problems.join('; '));
}
