import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { CustomTask, TaskName } from '../../tasks/index.js';
import type { TaskSharing } from '../index.js';
import { MULTI_TASK_DEFAULTS, type MultiTaskSettings } from './settings.js';

const FILE = 'multi-task.json';

/** What a training showed of its tasks. */
export type TrainingNotes = Pick<TaskSharing, 'gates' | 'weights' | 'affinities'>;

/** What `save` writes of a model's making. */
export interface SavedMultiTask extends TrainingNotes {
  readonly tasks: readonly TaskName[];
  readonly settings: MultiTaskSettings;
  /** Definitions of those of its tasks that the shop has made. */
  readonly customTasks: readonly CustomTask[];
}

/** Writes how a model was made into its directory. */
export async function writeSavedMultiTask(directory: string, saved: SavedMultiTask): Promise<void> {
  await writeFile(join(directory, FILE), JSON.stringify(saved));
}

/** Reads how a model was made; what there was not yet when it was written is at its default. */
export async function readSavedMultiTask(directory: string): Promise<SavedMultiTask> {
  const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as Partial<SavedMultiTask>;
  const settings = { ...MULTI_TASK_DEFAULTS, ...saved.settings };
  return { affinities: [], customTasks: [], ...saved, settings } as SavedMultiTask;
}
