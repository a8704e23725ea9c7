import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { AppError } from '../../errors.js';
import { isBuiltInTask, isCustomTask, type TaskName } from '../../tasks/index.js';
import { customTaskSchema } from '../index.js';
import { ensembleReportSchema } from './ensemble-report.js';

const FILE = 'manifest.json';
/** Raised when a version's files change their meaning; a host refuses what it does not know. */
export const MANIFEST_VERSION = 1;

const predictorSchema = z.object({
  architecture: z.string(),
  family: z.enum(['BASELINE', 'SINGLE', 'MULTI', 'COLLABORATIVE', 'ENSEMBLE']),
  /** Folder of the predictor inside the version. */
  directory: z.string(),
  /** Decision threshold of yes/no tasks, chosen on the validation split. */
  threshold: z.number(),
});

const taskName = z.custom<TaskName>(
  (name) => typeof name === 'string' && (isBuiltInTask(name) || isCustomTask(name)),
);
const transferSchema = z.object({
  architecture: z.string(),
  protocol: z.string(),
  seeds: z.array(z.number()),
  gains: z.array(
    z.object({
      task: taskName,
      together: z.array(taskName),
      metric: z.string(),
      alone: z.number(),
      shared: z.number(),
      gain: z.number(),
      low: z.number(),
      high: z.number(),
      verdict: z.enum(['HELPS', 'HARMS', 'UNDECIDED']),
    }),
  ),
  groups: z.array(
    z.object({
      tasks: z.array(taskName),
      sharing: z.enum(['SHARE', 'SHARE_PARTLY', 'APART']),
      isMeasured: z.boolean(),
    }),
  ),
  affinities: z
    .array(
      z.object({
        task: taskName,
        other: taskName,
        cosine: z.number(),
        low: z.number(),
        high: z.number(),
      }),
    )
    .optional(),
});

const sharingSchema = z.object({
  /** Of the predictor that the net is (a part of). */
  directory: z.string(),
  architecture: z.string(),
  tasks: z.array(taskName),
  gates: z.array(
    z.object({
      task: z.string(),
      sources: z.array(z.object({ name: z.string(), share: z.number() })),
    }),
  ),
  weights: z.array(z.object({ task: taskName, weight: z.number() })),
  affinities: z.array(z.object({ task: taskName, other: taskName, cosine: z.number() })),
});

const manifestSchema = z.object({
  version: z.literal(MANIFEST_VERSION),
  tasks: z.record(z.string(), predictorSchema) as unknown as z.ZodType<
    Partial<Record<TaskName, z.infer<typeof predictorSchema>>>
  >,
  /** Definitions of those of the tasks that the shop has made. */
  customTasks: z.array(customTaskSchema).optional(),
  /** Nothing at or after this time was seen. */
  cut: z.iso.datetime(),
  seed: z.number(),
  /** Rows that were there at training. */
  data: z.record(z.string(), z.number()),
  /** Whether the tasks help each other, where the run measured it. */
  transfer: transferSchema.optional(),
  /** How each net of several tasks parts itself between them, by predictor. */
  sharing: z.array(sharingSchema).optional(),
  /** How the ensembles of an ensemble run were made. */
  ensembles: z.partialRecord(taskName, ensembleReportSchema).optional(),
  /** What a reader must know, such as that fraud was learnt from simulated transactions. */
  notes: z.array(z.string()),
});

/** One task's predictor inside a model version. */
export type PredictorEntry = z.infer<typeof predictorSchema>;
/** One net of several tasks inside a model version. */
export type SharingEntry = z.infer<typeof sharingSchema>;
/** What a model version's directory says of itself. */
export type Manifest = z.infer<typeof manifestSchema>;

export async function writeManifest(directory: string, manifest: Manifest): Promise<void> {
  await writeFile(join(directory, FILE), `${JSON.stringify(manifestSchema.parse(manifest), null, 2)}\n`);
}

/** @throws AppError INTERNAL when it is missing or says what this version of the product does not know */
export async function readManifest(directory: string): Promise<Manifest> {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(join(directory, FILE), 'utf8')));
  } catch (thrown) {
    throw new AppError('INTERNAL', `The manifest in ${directory} cannot be read.`, {}, { cause: thrown });
  }
}
