import { z } from 'zod';

import { AppError } from '../../../errors.js';

const settingsSchema = z.object({
  /** Numbers of an item's embedding, and of a position in the encoder. */
  embeddingDim: z.number().int().min(1).max(1024),
  blocks: z.number().int().min(1).max(12),
  heads: z.number().int().min(1).max(16),
  /** The latest items of a user that are looked at. */
  length: z.number().int().min(2).max(1024),
  dropout: z.number().min(0).max(0.9),
  /** Share of positions that are masked while training the masked encoder. */
  maskShare: z.number().gt(0).max(0.9),
  /** Up to this many items the softmax is over all of them; beyond, over `negatives` sampled ones. */
  fullSoftmaxItems: z.number().int().min(0).max(1_000_000),
  /** Items sampled evenly in each step where the softmax is not over all. */
  negatives: z.number().int().min(1).max(100_000),
  learningRate: z.number().gt(0).max(1),
  weightDecay: z.number().min(0).max(10),
  batchSize: z.number().int().min(1).max(4096),
  epochs: z.number().int().min(1).max(1000),
  /** Epochs without a better validation loss after which training ends. */
  patience: z.number().int().min(1).max(1000),
  /** Share of users held back for the validation loss. */
  validationShare: z.number().gt(0).max(0.5),
});

export type SequenceSettings = z.infer<typeof settingsSchema>;

export const SEQUENCE_DEFAULTS: SequenceSettings = {
  embeddingDim: 64,
  blocks: 2,
  heads: 2,
  length: 50,
  dropout: 0.3,
  maskShare: 0.3,
  fullSoftmaxItems: 20_000,
  negatives: 1024,
  learningRate: 1e-3,
  weightDecay: 0.01,
  batchSize: 64,
  epochs: 100,
  patience: 8,
  validationShare: 0.1,
};

/** Settings from what a caller gave over the defaults. @throws AppError BAD_USER_INPUT that names the setting */
export function sequenceSettings(given: Readonly<Record<string, unknown>>): SequenceSettings {
  const parsed = settingsSchema.safeParse({ ...SEQUENCE_DEFAULTS, ...given });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new AppError('BAD_USER_INPUT', `hyperparameters.${issue.path.join('.')}: ${issue.message}.`);
  }
  const { embeddingDim, heads } = parsed.data;
  if (embeddingDim % heads !== 0) {
    throw new AppError(
      'BAD_USER_INPUT',
      `hyperparameters.heads: expected a divisor of embeddingDim (${embeddingDim}), got ${heads}.`,
    );
  }
  return parsed.data;
}
