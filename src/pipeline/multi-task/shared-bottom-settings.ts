import { z } from 'zod';

import { AppError } from '../../errors.js';

const settingsSchema = z.object({
  /** Layers of the shared bottom, over the user's features. */
  hiddenUnits: z.array(z.number().int().min(1).max(4096)).min(1).max(8),
  /** Units of the recommendation head's layer. */
  hidden: z.number().int().min(1).max(1024),
  dropout: z.number().min(0).max(0.9),
  learningRate: z.number().gt(0).max(1),
  weightDecay: z.number().min(0).max(10),
  /** Ranking examples a step; each brings its share of user examples along. */
  batchSize: z.number().int().min(1).max(4096),
  /** Passes over the user examples. */
  epochs: z.number().int().min(1).max(1000),
  /** Passes over the ranking examples while the user examples are passed once. */
  rankingPasses: z.number().int().min(1).max(100),
  /** CROSS_ENTROPY, or the textbook's plain sum of squared errors over all tasks' probabilities. */
  loss: z.enum(['CROSS_ENTROPY', 'SUM_OF_SQUARED_ERRORS']),
  lossWeights: z.strictObject({
    PURCHASE_INTENT: z.number().min(0).max(1000),
    CHURN: z.number().min(0).max(1000),
    RECOMMENDATION: z.number().min(0).max(1000),
  }),
  /** Past months that the recommendation head learns from. */
  cuts: z.number().int().min(1).max(24),
  /** Items that each ranking example chooses among. */
  candidates: z.number().int().min(8).max(4096),
  /** Share of the ranking loss that counts only items new to the user. */
  newShare: z.number().min(0).max(1),
  /** Share of examples held back for the validation loss. */
  validationShare: z.number().min(0).max(0.5),
});

export type SharedBottomSettings = z.infer<typeof settingsSchema>;

/** Chosen on the bundled shop's cuts up to 2011-05-10. */
export const SHARED_BOTTOM_DEFAULTS: SharedBottomSettings = {
  hiddenUnits: [64, 64],
  hidden: 16,
  dropout: 0.3,
  learningRate: 3e-3,
  weightDecay: 0.01,
  batchSize: 64,
  epochs: 4,
  rankingPasses: 4,
  loss: 'CROSS_ENTROPY',
  lossWeights: { PURCHASE_INTENT: 1, CHURN: 1, RECOMMENDATION: 1 },
  cuts: 5,
  candidates: 256,
  newShare: 0.5,
  validationShare: 0.05,
};

/** The textbook case: Adam, batch 32, 10 epochs, 20 % validation. */
export const SHARED_BOTTOM_TEXTBOOK: SharedBottomSettings = {
  ...SHARED_BOTTOM_DEFAULTS,
  dropout: 0,
  learningRate: 1e-3,
  weightDecay: 0,
  batchSize: 32,
  epochs: 10,
  rankingPasses: 1,
  validationShare: 0.2,
};

/**
 * Settings from what a caller gave over the defaults; `preset: "TEXTBOOK"` starts from the textbook case. A run's settings address all its
 * models: what is meant for others is not read here.
 *
 * @throws AppError BAD_USER_INPUT that names the setting
 */
export function sharedBottomSettings(given: Readonly<Record<string, unknown>>): SharedBottomSettings {
  const { preset, lossWeights, ...rest } = given;
  if (preset !== undefined && preset !== 'TEXTBOOK')
    throw new AppError('BAD_USER_INPUT', `preset: expected "TEXTBOOK", got ${JSON.stringify(preset)}.`);
  const start = preset ? SHARED_BOTTOM_TEXTBOOK : SHARED_BOTTOM_DEFAULTS;
  const weights =
    typeof lossWeights === 'object'
      ? { ...start.lossWeights, ...lossWeights }
      : (lossWeights ?? start.lossWeights);
  const parsed = settingsSchema.safeParse({ ...start, ...rest, lossWeights: weights });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new AppError('BAD_USER_INPUT', problems.join('; '));
}
