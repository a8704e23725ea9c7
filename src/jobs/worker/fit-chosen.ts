import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { PredictorEntry, SharingEntry } from '../../pipeline/deploy/index.js';
import { EnsembleModel } from '../../pipeline/ensemble/index.js';
import type { Model, ShopHistory } from '../../pipeline/index.js';
import type { Choice } from './choice.js';
import type { PlannedModel } from './plan.js';
import type { RunContext } from './run-context.js';

export interface FinalFit {
  readonly history: ShopHistory;
  readonly cut: number;
  /** Staged directory of the new version. */
  readonly root: string;
  /** Share of the run's work that is done before. */
  readonly from: number;
}

/** What a run's version is made of. */
export interface FinalModels {
  readonly entries: Record<string, PredictorEntry>;
  readonly sharing: readonly SharingEntry[];
}

const SAVED_SHARE = 0.97;

/** Fits what was chosen on everything before the final cut and saves it; a model chosen several times is fitted once. */
export async function fitChosen(
  context: RunContext,
  choices: readonly Choice[],
  { history, cut, root, from }: FinalFit,
): Promise<FinalModels> {
  const planned = [...new Set(choices.flatMap(({ members }) => members))];
  const fitted = new Map<PlannedModel, Model>();
  try {
    for (const [index, one] of planned.entries()) {
      const { type, tasks, hyperparameters } = one;
      const model = type.create(tasks, hyperparameters);
      fitted.set(one, model);
      const at = (part: number) => from + (SAVED_SHARE - from) * ((index + part) / planned.length);
      const name = `${type.architecture}/${tasks.join('+')}/final`;
      await model.fit({ history, cut }, context.fitContext(name, at(0), at(0.95), false));
    }
    return await saveChosen(choices, fitted, root);
  } finally {
    for (const model of fitted.values()) model.dispose();
  }
}

async function saveChosen(
  choices: readonly Choice[],
  fitted: ReadonlyMap<PlannedModel, Model>,
  root: string,
): Promise<FinalModels> {
  const sharing: SharingEntry[] = [];
  const directories = new Map<PlannedModel, string>();
  const save = async (model: Model, directory: string) => {
    await mkdir(join(root, directory));
    await model.save(join(root, directory));
    for (const net of model.sharing?.() ?? [])
      sharing.push({ directory, ...net, tasks: [...net.tasks] } as SharingEntry);
    return directory;
  };
  const entries: Record<string, PredictorEntry> = {};
  for (const { task, architecture, family, members, combination, threshold } of choices) {
    const [first] = members;
    let directory = combination ? undefined : directories.get(first);
    if (combination) {
      const models = members.map((member) => fitted.get(member)!);
      const ensemble = new EnsembleModel(architecture, task, models, combination);
      directory = await save(ensemble, `${architecture}-${task.toLowerCase()}`);
    } else if (directory === undefined) {
      directory = await save(fitted.get(first)!, `${architecture}-${directories.size + 1}`);
      directories.set(first, directory);
    }
    entries[task] = { architecture, family, directory, threshold };
  }
  return { entries, sharing };
}
