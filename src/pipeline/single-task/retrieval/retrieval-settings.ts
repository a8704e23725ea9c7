import { z } from 'zod';

import { AppError } from '../../../errors.js';

const settingsSchema = z.object({
  /** Numbers of an embedding, and of the vectors that users and items meet in. */
  embeddingDim: z.number().int().min(2).max(512),
  /** Units of the layer in each tower. */
  hidden: z.number().int().min(1).max(2048),
  /** The latest behaviours of a user that the tower looks at. */
  length: z.number().int().min(2).max(512),
  /** What cosines are divided by to make logits. */
  temperature: z.number().gt(0).max(1),
  /** Share of items that training sees without their id, so that their features stand for what is new. */
  idDropout: z.number().min(0).max(0.9),
  dropout: z.number().min(0).max(0.9),
  learningRate: z.number().gt(0).max(1),
  embeddingRate: z.number().gt(0).max(1),
  weightDecay: z.number().min(0).max(10),
  /** Users and items of a step: each item is a negative of all other users. */
  batchSize: z.number().int().min(2).max(8192),
  epochs: z.number().int().min(1).max(1000),
  /** Purchases learnt from, the latest ones. */
  maxExamples: z.number().int().min(1000).max(10_000_000),
  /** Share of the examples held back for the validation loss. */
  validationShare: z.number().min(0).max(0.5),
});

export type RetrievalSettings = z.infer<typeof settingsSchema>;

export const RETRIEVAL_DEFAULTS: RetrievalSettings = {
  embeddingDim: 32,
  hidden: 64,
  length: 32,
  temperature: 0.1,
  idDropout: 0.1,
  dropout: 0.1,
  learningRate: 2e-3,
  embeddingRate: 0.05,
  weightDecay: 0.01,
  batchSize: 256,
  epochs: 4,
  maxExamples: 150_000,
  validationShare: 0.02,
};

/** A run's settings address all its models: what is meant for others is not read here. @throws AppError BAD_USER_INPUT */
export function retrievalSettings(given: Readonly<Record<string, unknown>>): RetrievalSettings {
  const parsed = settingsSchema.safeParse({ ...RETRIEVAL_DEFAULTS, ...given });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new AppError('BAD_USER_INPUT', problems.join('; '));
}
