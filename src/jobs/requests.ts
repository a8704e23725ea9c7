/** Checks requests before anything is queued, and turns them into the configuration that a run's row keeps. */
import { AppError } from '../errors.js';
import type { JsonObject, ModelVersionRow, ShopStore } from '../store/index.js';
import {
  type CustomTask,
  customTaskName,
  customTasksOf,
  labelOf,
  taskDefinition,
  type TaskName,
  TASKS,
} from '../tasks/index.js';
import type { EnsembleRequest, TrainingRequest } from './contract.js';
import {
  carried,
  checkData,
  checkRange,
  checkSeed,
  DEFAULT_SEED,
  type NewRun,
  requireTasks,
  takeThresholds,
} from './request-checks.js';
import { runTasks } from './run-tasks.js';

const MAX_MEMBERS = 16;
const MAX_SNAPSHOTS = 20;

/** @throws AppError BAD_USER_INPUT, TOO_FEW_DATA */
export async function trainingRun(shop: ShopStore, request: TrainingRequest): Promise<NewRun> {
  const { kind, seed = DEFAULT_SEED } = request;
  checkSeed(seed);
  const { tasks, customTasks } = await runTasks(shop, request);
  checkBalance(request, tasks, customTasks);
  const { threshold, hyperparameters } = takeThresholds(request, tasks, customTasks);
  const cut = request.cut ?? null;
  await checkData(shop, tasks, cut);
  if (kind === 'COLLABORATIVE') await checkTeacher(shop, hyperparameters.teacherVersion, tasks);
  return {
    kind,
    tasks,
    seed,
    config: {
      architecture: request.architecture ?? null,
      hyperparameters,
      threshold,
      lossBalancing: (request.lossBalancing as unknown as JsonObject | undefined) ?? null,
      resampling: (request.resampling ?? {}) as JsonObject,
      ...carried(customTasks),
      collaboration: request.collaboration ?? null,
      cut: cut && cut.toISOString(),
      deploy: request.deploy ?? false,
    },
  };
}

/** @throws AppError BAD_USER_INPUT, NOT_FOUND */
async function checkTeacher(shop: ShopStore, id: unknown, tasks: readonly TaskName[]): Promise<void> {
  if (id === undefined) return;
  if (typeof id !== 'string')
    throw new AppError(
      'BAD_USER_INPUT',
      `teacherVersion: expected the id of a model version; got ${JSON.stringify(id)}.`,
    );
  const [version] = await shop.modelVersionsByIds([id]);
  if (!version) throw new AppError('NOT_FOUND', `teacherVersion: there is no model version ${id}.`);
  if (tasks.some((task) => version.tasks.includes(task))) return;
  throw new AppError(
    'BAD_USER_INPUT',
    `teacherVersion: the run learns ${tasks.join(', ')}; ${id} answers ${version.tasks.join(', ')}.`,
  );
}

/** What is said of tasks that are not learnt, or of a kind that cannot follow it, would be silently lost. */
function checkBalance(
  request: TrainingRequest,
  tasks: readonly TaskName[],
  customTasks: readonly CustomTask[],
): void {
  const { kind, lossBalancing, resampling = {}, collaboration, hyperparameters = {} } = request;
  if (lossBalancing && kind === 'SINGLE_TASK')
    throw new AppError('BAD_USER_INPUT', 'lossBalancing: SINGLE_TASK learns one task at a time.');
  if (collaboration !== undefined && kind !== 'COLLABORATIVE')
    throw new AppError('BAD_USER_INPUT', `collaboration: ${kind} does not take one; COLLABORATIVE does.`);
  requireTasks('lossBalancing.weights', Object.keys(lossBalancing?.weights ?? {}), tasks);
  requireTasks('resampling', Object.keys(resampling), tasks);
  const classless = Object.keys(resampling).filter(
    (task) => taskDefinition(task as TaskName, customTasks).head !== 'SIGMOID',
  );
  if (classless.length > 0)
    throw new AppError(
      'BAD_USER_INPUT',
      `resampling: ${classless.join(', ')} has no rare class to draw more of.`,
    );
  if ('customTasks' in hyperparameters)
    throw new AppError(
      'BAD_USER_INPUT',
      'hyperparameters: customTasks are named beside tasks, not among them.',
    );
  const twice = ['lossBalancing', 'resampling', 'collaboration'].filter(
    (name) => name in hyperparameters && request[name as keyof TrainingRequest] !== undefined,
  );
  if (twice.length > 0)
    throw new AppError('BAD_USER_INPUT', `${twice.join(', ')}: given twice, also among the hyperparameters.`);
}

/** @throws AppError BAD_USER_INPUT, NOT_FOUND */
export async function ensembleRun(shop: ShopStore, request: EnsembleRequest): Promise<NewRun> {
  const { seed = DEFAULT_SEED, method } = request;
  checkSeed(seed);
  const members = [...new Set(request.members)];
  const least = method === 'SNAPSHOT' ? 1 : 2;
  if (members.length < least || members.length > MAX_MEMBERS) {
    throw new AppError(
      'BAD_USER_INPUT',
      `members: expected ${least} to ${MAX_MEMBERS} model versions, got ${members.length}.`,
    );
  }
  const versions = await shop.modelVersionsByIds(members);
  const missing = members.filter((_, at) => !versions[at]);
  if (missing.length > 0) throw new AppError('NOT_FOUND', `There is no model version ${missing.join(', ')}.`);
  const customTasks = learntTasks(versions.filter((version) => version !== null));
  const own = customTasks.map(({ name }) => customTaskName(name));
  const tasks = [...TASKS, ...own].filter((task) =>
    versions.some((version) => version?.tasks.includes(task)),
  );
  const { snapshots } = request;
  if (snapshots !== undefined) {
    if (method !== 'SNAPSHOT')
      throw new AppError('BAD_USER_INPUT', `snapshots: ${method} takes none; SNAPSHOT does.`);
    checkRange('snapshots', snapshots, 2, MAX_SNAPSHOTS);
  }
  const { calibration = 'NONE', prune = 'NONE', distil = null, thresholds, deploy = false } = request;
  if (calibration !== 'NONE' && (method === 'HARD_VOTING' || method === 'VOTING')) {
    throw new AppError(
      'BAD_USER_INPUT',
      `calibration: ${method} counts votes, which are no probabilities; expected NONE, or SOFT_VOTING with ${calibration}.`,
    );
  }
  const { threshold } = takeThresholds({ thresholds }, tasks, customTasks);
  return {
    kind: 'ENSEMBLE',
    tasks,
    seed,
    config: {
      members,
      method,
      snapshots: snapshots ?? null,
      calibration,
      prune,
      distil,
      threshold,
      ...carried(customTasks),
      deploy,
    },
  };
}

/** The shop's own tasks that versions have learnt. @throws AppError BAD_USER_INPUT where two have learnt different ones of a name */
function learntTasks(versions: readonly Pick<ModelVersionRow, 'id' | 'manifest'>[]): CustomTask[] {
  const known = new Map<string, { task: CustomTask; id: string }>();
  for (const { id, manifest } of versions) {
    for (const task of customTasksOf(manifest)) {
      const before = known.get(task.name);
      if (before && labelOf(before.task) !== labelOf(task))
        throw new AppError(
          'BAD_USER_INPUT',
          `members: ${before.id} and ${id} have learnt different definitions of ${task.name}; train one of them again.`,
        );
      known.set(task.name, { task, id });
    }
  }
  return [...known.values()].map(({ task }) => task);
}
