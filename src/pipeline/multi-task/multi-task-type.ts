import type { ModelType } from '../index.js';
import type { Architecture } from './architecture.js';
import { MultiTaskModel, readSavedMultiTask } from './multi-task-model.js';
import { multiTaskSettings } from './settings.js';

/** An architecture as a kind of model that can be made and loaded. */
export function multiTaskType(architecture: Architecture): ModelType {
  return {
    architecture: architecture.name,
    family: 'MULTI',
    create: (tasks, hyperparameters) =>
      new MultiTaskModel(architecture, tasks, multiTaskSettings(hyperparameters, architecture)),
    load: async (directory) => {
      const saved = await readSavedMultiTask(directory);
      const model = new MultiTaskModel(architecture, saved.tasks, saved.settings);
      await model.restore(directory, saved);
      return model;
    },
  };
}
