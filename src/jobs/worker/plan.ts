/** Which models a training run fits for which tasks. */
import { AppError } from '../../errors.js';
import { MODEL_TYPES, modelType } from '../../pipeline/deploy/host/index.js';
import type { ModelType } from '../../pipeline/index.js';
import type { RunRow } from '../../store/index.js';
import type { TaskName } from '../../tasks/index.js';

export interface PlannedModel {
  readonly type: ModelType;
  readonly tasks: readonly TaskName[];
  readonly hyperparameters: Readonly<Record<string, unknown>>;
}

/** Baselines first: every other model must beat them. */
const SINGLE_TASK_PLAN: Readonly<Record<TaskName, readonly string[]>> = {
  PURCHASE_INTENT: ['recency', 'logistic-regression', 'dense'],
  CHURN: ['recency', 'logistic-regression', 'dense'],
  RECOMMENDATION: ['popular', 'recently-popular', 'own-history', 'item-knn', 'softmax-ranker'],
  DEMAND: ['seasonal-naive', 'mean-28', 'demand-regression'],
  FRAUD: ['fraud-logistic-regression', 'fraud-dense'],
};
/** What each can learn together; a run asks for some of it. */
const MULTI_TASK_PLAN: Readonly<Record<string, readonly TaskName[]>> = {
  'shared-bottom': ['PURCHASE_INTENT', 'CHURN', 'RECOMMENDATION'],
  'linear-hazards': ['PURCHASE_INTENT', 'CHURN'],
};

/** @throws AppError BAD_USER_INPUT for an unknown architecture or one that cannot learn the tasks */
export function planRun(run: RunRow): PlannedModel[] {
  const architecture = run.config.architecture as string | null;
  const hyperparameters = (run.config.hyperparameters ?? {}) as Record<string, unknown>;
  if (run.kind === 'MULTI_TASK') {
    const names = architecture ? [architecture] : Object.keys(MULTI_TASK_PLAN);
    return names.map((name) => {
      const type = ofFamily(name, 'MULTI');
      const tasks = run.tasks.filter((task) => (MULTI_TASK_PLAN[name] ?? run.tasks).includes(task));
      return { type, tasks, hyperparameters };
    });
  }
  return run.tasks.flatMap((task) =>
    namesFor(task, architecture).map((name) => {
      const type = modelType(name);
      return { type, tasks: [task], hyperparameters: type.family === 'BASELINE' ? {} : hyperparameters };
    }),
  );
}

/** The baselines, and the architecture asked for in place of the usual one. */
function namesFor(task: TaskName, architecture: string | null): string[] {
  const usual = SINGLE_TASK_PLAN[task].filter((name) =>
    MODEL_TYPES.some((type) => type.architecture === name),
  );
  if (!architecture) return usual;
  const baselines = usual.filter((name) => modelType(name).family === 'BASELINE' && name !== architecture);
  return [...baselines, architecture];
}

function ofFamily(architecture: string, family: ModelType['family']): ModelType {
  const type = modelType(architecture);
  if (type.family === family) return type;
  const names = MODEL_TYPES.filter((candidate) => candidate.family === family).map(
    (candidate) => candidate.architecture,
  );
  throw new AppError(
    'BAD_USER_INPUT',
    `architecture: expected one of ${names.join(', ')}; got "${architecture}".`,
  );
}
