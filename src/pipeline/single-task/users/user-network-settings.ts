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
  /** CROSS_ENTROPY, or the textbook's plain sum of squared errors of the probabilities. */
  loss: z.enum(['CROSS_ENTROPY', 'SUM_OF_SQUARED_ERRORS']),
  /** What is done about classes of unequal size, by task. */
  resampling: z.partialRecord(z.enum(TASKS), z.enum(RESAMPLING_METHODS)),
  /** Exponent of the focal loss, where `resampling` asks for it. */
  focalGamma: z.number().min(0).max(10),
  /** Share of users held back for the validation loss. */
  validationShare: z.number().min(0).max(0.5),
});

export type UserNetworkSettings = z.infer<typeof settingsSchema>;

/** What a dense network itself reads, whatever else the settings of its model hold. */
export type DenseNetworkSettings = Pick<
  UserNetworkSettings,
  'hiddenUnits' | 'dropout' | 'learningRate' | 'weightDecay' | 'batchSize' | 'epochs' | 'swaCycles' | 'loss'
>;

/** Better than the textbook's on earlier cuts: large batches for speed, dropout and few epochs against overfitting. */
export const DENSE_DEFAULTS: UserNetworkSettings = {
  hiddenUnits: [64, 64],
  dropout: 0.3,
  learningRate: 1e-3,
  weightDecay: 0.01,
  batchSize: 512,
  epochs: 4,
  swaCycles: 0,
  loss: 'CROSS_ENTROPY',
  resampling: {},
  focalGamma: 2,
  validationShare: 0.05,
};

/** The textbook case: Dense 64, Dense 64, sigmoid, Adam, batch 32, 10 epochs, 20 % validation. */
export const TEXTBOOK: UserNetworkSettings = {
  ...DENSE_DEFAULTS,
  dropout: 0,
  weightDecay: 0,
  batchSize: 32,
  epochs: 10,
  validationShare: 0.2,
};

/** Linear in the features: one weight a feature. */
export const LINEAR_DEFAULTS: UserNetworkSettings = {
  ...DENSE_DEFAULTS,
  hiddenUnits: [],
  dropout: 0,
  learningRate: 5e-3,
  epochs: 6,
};

/**
 * Settings from what a caller gave over the defaults; `preset: "TEXTBOOK"` starts from the textbook case.
 *
 * @throws AppError BAD_USER_INPUT that names the setting, what it was and what is allowed
 */
export function userNetworkSettings(
  given: Readonly<Record<string, unknown>>,
  defaults: UserNetworkSettings,
): UserNetworkSettings {
  const { preset, ...rest } = given;
  if (preset !== undefined && preset !== 'TEXTBOOK') {
    throw new AppError('BAD_USER_INPUT', `preset: expected "TEXTBOOK", got ${JSON.stringify(preset)}.`);
  }
  const parsed = settingsSchema.safeParse({ ...(preset ? TEXTBOOK : defaults), ...rest });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    (issue) => `${issue.path.join('.') || 'hyperparameters'}: ${issue.message}`,
  );
  throw new AppError('BAD_USER_INPUT', problems.join('; '));
}
