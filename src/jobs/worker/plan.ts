/** Which models a training run fits for which tasks, and the settings each is given. */
import { AppError, coerceError } from '../../errors.js';
import { MODEL_TYPES, modelType } from '../../pipeline/deploy/host/index.js';
import type { RunPlan } from '../../pipeline/deploy/index.js';
import type { ModelType } from '../../pipeline/index.js';
import { ARCHITECTURES, LEARNT_TASKS, MULTI_TASKS } from '../../pipeline/multi-task/index.js';
import {
  type BuiltInTask,
  customTaskName,
  customTasksOf,
  isBuiltInTask,
  isCustomTask,
  type TaskName,
} from '../../tasks/index.js';
import type { SearchConfig } from '../evaluation-contract.js';

export type Settings = Readonly<Record<string, unknown>>;

export interface PlannedModel {
  readonly type: ModelType;
  readonly tasks: readonly TaskName[];
  /**
   * What the caller set, and beside it `lossBalancing: { method, weights: { TASK: n } }`, `resampling: { TASK: METHOD }` (of these tasks
   * only) and `collaboration: METHOD`, each only where the run says so.
   */
  readonly hyperparameters: Settings;
}

/** Baselines first: every other model must beat them. */
const SINGLE_TASK_PLAN: Readonly<Record<BuiltInTask, readonly string[]>> = {
  PURCHASE_INTENT: ['recency', 'logistic-regression', 'dense'],
  CHURN: ['recency', 'logistic-regression', 'dense'],
  RECOMMENDATION: ['popular', 'recently-popular', 'own-history', 'item-knn', 'softmax-ranker'],
  DEMAND: ['seasonal-naive', 'mean-28', 'demand-regression'],
  FRAUD: ['fraud-logistic-regression', 'fraud-dense'],
  NEXT_BEHAVIOUR: ['markov-chain', 'session-regression', 'session-dense'],
  SESSION_OUTCOME: ['markov-chain', 'session-regression', 'session-dense'],
};
const CUSTOM_TASK_PLAN = ['own-rate', 'custom-regression', 'custom-dense'] as const;
/** Stands for the id of a version that is still to be made. */
const ENSEMBLE_TO_BE = 'ensemble';
/** What each can learn together; a run asks for some of it. */
const MULTI_TASK_PLAN: Readonly<Record<string, readonly TaskName[]>> = {
  'shared-bottom': ['PURCHASE_INTENT', 'CHURN', 'RECOMMENDATION', 'FRAUD', 'DEMAND'],
  'boosted-hazards': ['PURCHASE_INTENT', 'CHURN'],
};

/** @throws AppError BAD_USER_INPUT for an architecture, a collaboration or settings that do not go with the tasks */
export function planRun(run: RunPlan): PlannedModel[] {
  switch (run.kind) {
    case 'MULTI_TASK':
      return planMultiTask(run);
    case 'COLLABORATIVE':
      return planCollaboration(run);
    case 'ENSEMBLE':
      return run.config.distil ? [planStudent(run, run.tasks, ENSEMBLE_TO_BE)] : [];
    case 'CROSS_VALIDATION':
    case 'SEARCH':
      return planMeasured(run);
    default:
      return planSingleTask(run);
  }
}

/** Makes each model of a run and lets it go again. @throws AppError BAD_USER_INPUT for what a model does not take */
export function checkPlan(run: RunPlan): void {
  for (const planned of planRun(run)) {
    const trials = run.kind === 'SEARCH' ? searchedValues(run) : [planned.hyperparameters];
    for (const settings of trials) requireAccepted(withSettings(planned, settings));
  }
}

/** The same model with other settings, of the tasks that it was planned for. */
export const withSettings = (planned: PlannedModel, settings: Settings): PlannedModel => ({
  ...planned,
  hyperparameters: { ...planned.hyperparameters, ...settings },
});

/** The kinds of model that are only measured, or searched. */
function planMeasured(run: RunPlan): PlannedModel[] {
  const { architecture, architectures = [architecture] } = run.config as {
    architecture?: string;
    architectures?: string[];
  };
  return architectures.map((name) => ({
    type: modelType(name ?? ''),
    tasks: run.tasks,
    hyperparameters: settingsFor(run, run.tasks),
  }));
}

function planMultiTask(run: RunPlan): PlannedModel[] {
  const architecture = run.config.architecture as string | null;
  const names = architecture ? [architecture] : Object.keys(MULTI_TASK_PLAN);
  const planned = names.flatMap((name) => {
    const type = ofFamily(name, 'MULTI');
    const learns = architecture && isArchitecture(name) ? LEARNT_TASKS : (MULTI_TASK_PLAN[name] ?? run.tasks);
    const isShared = isArchitecture(name);
    const tasks = run.tasks.filter((task) => learns.includes(task) || (isShared && isCustomTask(task)));
    return tasks.length > 0 ? [{ type, tasks, hyperparameters: settingsFor(run, tasks) }] : [];
  });
  return withoutRefusing(planned);
}

/** Whether it is one of the nets that learn any of `LEARNT_TASKS`; the plan above is only what a run fits unasked. */
const isArchitecture = (name: string): boolean => ARCHITECTURES.some((known) => known.name === name);

function planCollaboration(run: RunPlan): PlannedModel[] {
  const types = MODEL_TYPES.filter((type) => type.collaboration !== undefined);
  const asked = (run.config.collaboration ?? types[0]?.collaboration) as string | undefined;
  const type = types.find(({ collaboration }) => collaboration === asked);
  if (!type) {
    const names = types.map(({ collaboration }) => collaboration).join(', ') || 'no way that is installed';
    throw new AppError('BAD_USER_INPUT', `collaboration: expected ${names}; got ${JSON.stringify(asked)}.`);
  }
  const { architecture } = run.config;
  const hyperparameters = {
    ...settingsFor(run, run.tasks),
    ...(architecture ? { architecture } : {}),
    collaboration: type.collaboration,
  };
  return [{ type, tasks: run.tasks, hyperparameters }];
}

/**
 * The net that learns what an ensemble answers, of the architecture `distil` of the run's configuration.
 *
 * @throws AppError BAD_USER_INPUT where there is no such net, or the ensemble answers nothing that nets learn
 */
export function planStudent(run: RunPlan, tasks: readonly TaskName[], teacherVersion: string): PlannedModel {
  const type = MODEL_TYPES.find(({ collaboration }) => collaboration === 'DISTILLATION');
  if (!type) throw new Error('Distillation is not installed.');
  const taught = tasks.filter((task) => isCustomTask(task) || MULTI_TASKS.some((known) => known === task));
  if (taught.length === 0)
    throw new AppError(
      'BAD_USER_INPUT',
      `distil: nets learn ${MULTI_TASKS.join(', ')}; the ensemble answers ${tasks.join(', ')}.`,
    );
  const hyperparameters = { ...settingsFor(run, taught), architecture: run.config.distil, teacherVersion };
  return { type, tasks: taught, hyperparameters };
}

function planSingleTask(run: RunPlan): PlannedModel[] {
  const architecture = run.config.architecture as string | null;
  return run.tasks.flatMap((task) =>
    namesFor(task, architecture).map((name) => {
      const type = modelType(name);
      // Baselines stay what they are, unless one is asked for by its name.
      const isPlain = type.family === 'BASELINE' && name !== architecture;
      const { customTasks, ...settings } = settingsFor(run, [task]);
      const definitions = customTasks === undefined ? {} : { customTasks };
      return {
        type,
        tasks: [task],
        hyperparameters: { ...(isPlain ? {} : settings), ...definitions },
      };
    }),
  );
}

/** What the run's configuration says to models of these tasks. */
export function settingsFor({ config }: RunPlan, tasks: readonly TaskName[]): Settings {
  const resampling = Object.entries((config.resampling ?? {}) as Settings).filter(([task]) =>
    tasks.includes(task as TaskName),
  );
  const customTasks = customTasksOf(config).filter(({ name }) => tasks.includes(customTaskName(name)));
  return {
    ...((config.hyperparameters ?? {}) as Settings),
    ...(config.lossBalancing ? { lossBalancing: config.lossBalancing } : {}),
    ...(resampling.length > 0 ? { resampling: Object.fromEntries(resampling) } : {}),
    ...(customTasks.length > 0 ? { customTasks } : {}),
  };
}

/** Of several models, those that take the run's settings; where none does, the first says why. */
export function withoutRefusing(planned: readonly PlannedModel[]): PlannedModel[] {
  const refused: Error[] = [];
  const accepted = planned.filter((model) => {
    try {
      requireAccepted(model);
      return true;
    } catch (thrown) {
      refused.push(coerceError(thrown));
      return false;
    }
  });
  if (accepted.length === 0 && refused.length > 0) throw refused[0];
  return accepted;
}

function requireAccepted({ type, tasks, hyperparameters }: PlannedModel): void {
  try {
    type.create(tasks, hyperparameters).dispose();
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    throw new AppError(thrown.code, `${type.architecture}: ${thrown.message}`, thrown.details);
  }
}

/** Each end and value of a search's space by itself, beside what stays as it is. */
function searchedValues({ config }: RunPlan): Settings[] {
  const { parameters, budget, hyperparameters } = config as unknown as SearchConfig;
  const ends = parameters.flatMap((parameter) =>
    (parameter.type === 'CHOICE' ? parameter.values : [parameter.low, parameter.high]).map((value) => ({
      [parameter.name]: value,
    })),
  );
  const lengths = budget ? [{ [budget.parameter]: budget.least }, { [budget.parameter]: budget.most }] : [];
  return [...ends, ...lengths].map((value) => ({ ...hyperparameters, ...value }));
}

/** The baselines, and the architecture asked for in place of the usual one. */
function namesFor(task: TaskName, architecture: string | null): string[] {
  const planned = isBuiltInTask(task) ? SINGLE_TASK_PLAN[task] : CUSTOM_TASK_PLAN;
  const usual = planned.filter((name) => MODEL_TYPES.some((type) => type.architecture === name));
  if (!architecture) return usual;
  const baselines = usual.filter((name) => modelType(name).family === 'BASELINE' && name !== architecture);
  return [...baselines, architecture];
}

function ofFamily(architecture: string, family: ModelType['family']): ModelType {
  const type = modelType(architecture);
  if (type.family === family && type.collaboration === undefined) return type;
  const names = MODEL_TYPES.filter(
    (candidate) => candidate.family === family && candidate.collaboration === undefined,
  ).map((candidate) => candidate.architecture);
  throw new AppError(
    'BAD_USER_INPUT',
    `architecture: expected one of ${names.join(', ')}; got "${architecture}".`,
  );
}
