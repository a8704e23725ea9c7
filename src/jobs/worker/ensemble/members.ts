/** The versions that an ensemble is made of. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { AppError } from '../../../errors.js';
import { modelType } from '../../../pipeline/deploy/host/index.js';
import { type Manifest, type PredictorEntry, readManifest } from '../../../pipeline/deploy/index.js';
import type { Model } from '../../../pipeline/index.js';
import type { JsonObject } from '../../../store/index.js';
import type { TaskName } from '../../../tasks/index.js';
import type { TaskExamples } from '../examples.js';
import { type HeldPredictions, loadPredictions } from '../predictions.js';
import type { RunContext } from '../run-context.js';

/** A version with its files. */
export interface Member {
  readonly versionId: string;
  readonly root: string;
  readonly manifest: Manifest;
  /** Rules that the version's run chose its thresholds by, by task. */
  readonly thresholdRules: JsonObject | null;
}

/** A version's predictor of one task. */
export interface TaskMember {
  readonly member: Member;
  readonly entry: PredictorEntry;
  readonly held: HeldPredictions;
}

/** @throws AppError NOT_FOUND */
export async function openMembers(context: RunContext, ids: readonly string[]): Promise<Member[]> {
  const versions = await context.shop.modelVersionsByIds(ids);
  return Promise.all(
    versions.map(async (version, at) => {
      if (!version) throw new AppError('NOT_FOUND', `There is no model version ${ids[at]}.`);
      const root = await context.files.open(version.contentHash);
      const [run] = await context.shop.runsByIds([version.runId]);
      const rules = (run?.config.threshold ?? null) as JsonObject | null;
      return { versionId: version.id, root, manifest: await readManifest(root), thresholdRules: rules };
    }),
  );
}

/** @throws AppError BAD_USER_INPUT for members that were measured at different cuts */
export async function membersOf(task: TaskName, members: readonly Member[]): Promise<TaskMember[]> {
  const parts: TaskMember[] = [];
  for (const member of members) {
    const entry = member.manifest.tasks[task];
    if (entry) parts.push({ member, entry, held: await loadPredictions(member.root, task) });
  }
  const [{ held }] = parts;
  const differs = parts.some(
    (part) => part.held.validationCut !== held.validationCut || part.held.testCut !== held.testCut,
  );
  if (!differs) return parts;
  throw new AppError(
    'BAD_USER_INPUT',
    `The members learnt ${task} with different cuts. Combine versions trained on the same data.`,
  );
}

/** @throws AppError CONFLICT where the examples are no longer those that the members predicted */
export function checkSizes(parts: readonly TaskMember[], validation: TaskExamples, test: TaskExamples): void {
  const size = (examples: TaskExamples, length: number) => length % examples.count === 0;
  const fits = parts.every(
    ({ held }) =>
      size(validation, held.validation.length) &&
      size(test, held.test.length) &&
      held.validation.length === parts[0].held.validation.length &&
      held.test.length === parts[0].held.test.length,
  );
  if (fits) return;
  throw new AppError(
    'CONFLICT',
    `The shop's data before the cuts of ${validation.task} changed since the members were trained. Train them again.`,
  );
}

export const directoryOf = ({ member, entry }: Pick<TaskMember, 'member' | 'entry'>): string =>
  join(member.root, entry.directory);

export const loadMember = (part: Pick<TaskMember, 'member' | 'entry'>): Promise<Model> =>
  modelType(part.entry.architecture).load(directoryOf(part));

/** Bytes of all files below a directory. */
export async function bytesOf(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
