import { join } from 'node:path';

import { AppError } from '../../../errors.js';
import type { TaskName } from '../../../tasks/index.js';
import type { Model } from '../../index.js';
import { type Manifest, type PredictorEntry, readManifest } from '../manifest.js';
import type { ModelFiles } from '../model-files.js';
import { modelType } from './registry.js';

/** A model version in memory. */
export class LoadedBundle {
  private constructor(
    readonly manifest: Manifest,
    private readonly models: ReadonlyMap<string, Model>,
  ) {}

  /**
   * Loads a version's predictors; a directory that several tasks name (a multi-task model) is loaded once.
   *
   * @throws AppError NOT_FOUND, or INTERNAL when the files are damaged
   */
  static async open(files: ModelFiles, contentHash: string): Promise<LoadedBundle> {
    const root = await files.open(contentHash);
    const manifest = await readManifest(root);
    const models = new Map<string, Model>();
    for (const entry of Object.values(manifest.tasks)) {
      if (!entry || models.has(entry.directory)) continue;
      models.set(entry.directory, await modelType(entry.architecture).load(join(root, entry.directory)));
    }
    return new LoadedBundle(manifest, models);
  }

  /** @throws AppError NOT_READY when the version has no predictor for the task */
  predictor(task: TaskName): { model: Model; entry: PredictorEntry } {
    const entry = this.manifest.tasks[task];
    const model = entry && this.models.get(entry.directory);
    if (!entry || !model) throw new AppError('NOT_READY', `The model version has no predictor for ${task}.`);
    return { model, entry };
  }

  dispose(): void {
    for (const model of this.models.values()) model.dispose();
  }
}
