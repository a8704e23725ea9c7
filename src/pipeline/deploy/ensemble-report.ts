import { z } from 'zod';

import { CALIBRATIONS, ENSEMBLE_METHODS, PRUNINGS } from '../ensemble-options.js';

/** Null where the examples do not give the figure, such as an AUC of one class. */
const figureSchema = z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable();

/** Some members as an ensemble, or the one model that they were distilled to: how good, how fast, how large. */
const subsetSchema = z.object({
  /** Indices into the members; none for a student. */
  members: z.array(z.number()),
  kind: z.enum(['MEMBER', 'SUBSET', 'ALL', 'STUDENT']),
  /** Whether it is what the version serves. */
  isChosen: z.boolean(),
  /** The deciding figure with its 95 % interval. */
  validation: figureSchema,
  test: figureSchema,
  /** Milliseconds for one answer to one request; null where the shop has nothing to ask. */
  p50Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
  bytes: z.number(),
});

export const ensembleReportSchema = z.object({
  method: z.enum(ENSEMBLE_METHODS),
  metric: z.string(),
  isLessBetter: z.boolean(),
  members: z.array(
    z.object({
      modelVersionId: z.string(),
      architecture: z.string(),
      family: z.string(),
      isKept: z.boolean(),
      /** Null for members that were left out, and in a hard vote. */
      weight: z.number().nullable(),
    }),
  ),
  prune: z.enum(PRUNINGS),
  /** What stacking learnt from; null for other methods. */
  outOfFold: z
    .object({
      by: z.enum(['TIME', 'EXAMPLES']),
      cuts: z.array(z.iso.datetime()),
      reason: z.string().nullable(),
    })
    .nullable(),
  /** Null where nothing was calibrated. */
  calibration: z
    .object({
      method: z.enum(CALIBRATIONS),
      temperature: z.number().nullable(),
      /** Expected calibration error; null for tasks that choose among many. */
      validationBefore: z.number().nullable(),
      validationAfter: z.number().nullable(),
      testBefore: z.number().nullable(),
      testAfter: z.number().nullable(),
    })
    .nullable(),
  /** The distilled model's own version. */
  studentVersionId: z.string().nullable(),
  subsets: z.array(subsetSchema),
});

/** How one task's ensemble was made, and what each part of it costs and brings. */
export type EnsembleReport = z.infer<typeof ensembleReportSchema>;
export type EnsembleSubset = z.infer<typeof subsetSchema>;
