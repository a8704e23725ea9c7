/** Checks requests before anything is queued, and turns them into the configuration that a run's row keeps. */
import { AppError } from '../errors.js';
import type { JsonObject, ShopStore } from '../store/index.js';
import { TASK_DEFINITIONS, type TaskName, TASKS } from '../tasks/index.js';
import type { EnsembleRequest, TrainingRequest } from './contract.js';
import {
  checkData,
  checkRange,
  checkSeed,
  DEFAULT_SEED,
  type NewRun,
  requireTasks,
  takeThresholds,
} from './request-checks.js';

/** Tasks that learn together unless the caller names others. */
export const SHARED_TASKS: readonly TaskName[] = ['PURCHASE_INTENT', 'CHURN', 'RECOMMENDATION'];
/** Tasks that a net can learn together. */
const SHAREABLE_TASKS: readonly TaskName[] = [...SHARED_TASKS, 'FRAUD', 'DEMAND'];
/** Tasks whose labels come late or never: what views label for each other unless the caller names others. */
const CO_TRAINED_TASKS: readonly TaskName[] = ['FRAUD'];
const MAX_MEMBERS = 16;
const MAX_SNAPSHOTS = 20;

/** Tasks of a run that names none: not all shops record the sessions that the others are about. */
const isUsual = (task: TaskName): boolean => TASK_DEFINITIONS[task].entity !== 'SESSION';

/** @throws AppError BAD_USER_INPUT, TOO_FEW_DATA */
export async function trainingRun(shop: ShopStore, request: TrainingRequest): Promise<NewRun> {
  const { kind, seed = DEFAULT_SEED } = request;
  checkSeed(seed);
  const allowed = kind === 'SINGLE_TASK' ? TASKS : SHAREABLE_TASKS;
  const usual = usualTasks(request, allowed);
  const tasks =
    request.tasks && request.tasks.length > 0 ? [...new Set(request.tasks)] : usual.filter(isUsual);
  const foreign = tasks.filter((task) => !allowed.includes(task));
  if (foreign.length > 0) {
    throw new AppError(
      'BAD_USER_INPUT',
      `tasks: ${kind} learns ${allowed.join(', ')}; got ${foreign.join(', ')}.`,
    );
  }
  if ((kind === 'MULTI_TASK' || kind === 'AUTO') && tasks.length < 2) {
    throw new AppError('BAD_USER_INPUT', `tasks: ${kind} needs at least two tasks to learn together.`);
  }
  checkBalance(request, tasks);
  const { threshold, hyperparameters } = takeThresholds(request, tasks);
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
      resampling: request.resampling ?? {},
      collaboration: request.collaboration ?? null,
      cut: cut && cut.toISOString(),
      deploy: request.deploy ?? false,
    },
  };
}

function usualTasks(
  { kind, collaboration }: TrainingRequest,
  allowed: readonly TaskName[],
): readonly TaskName[] {
  if (kind === 'COLLABORATIVE' && collaboration === 'CO_TRAINING') return CO_TRAINED_TASKS;
  return kind === 'MULTI_TASK' || kind === 'COLLABORATIVE' ? SHARED_TASKS : allowed;
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
function checkBalance(request: TrainingRequest, tasks: readonly TaskName[]): void {
  const { kind, lossBalancing, resampling = {}, collaboration, hyperparameters = {} } = request;
  if (lossBalancing && kind === 'SINGLE_TASK')
    throw new AppError('BAD_USER_INPUT', 'lossBalancing: SINGLE_TASK learns one task at a time.');
  if (collaboration !== undefined && kind !== 'COLLABORATIVE')
    throw new AppError('BAD_USER_INPUT', `collaboration: ${kind} does not take one; COLLABORATIVE does.`);
  requireTasks('lossBalancing.weights', Object.keys(lossBalancing?.weights ?? {}), tasks);
  requireTasks('resampling', Object.keys(resampling), tasks);
  const classless = Object.keys(resampling).filter(
    (task) => TASK_DEFINITIONS[task as TaskName].head !== 'SIGMOID',
  );
  if (classless.length > 0)
    throw new AppError(
      'BAD_USER_INPUT',
      `resampling: ${classless.join(', ')} has no rare class to draw more of.`,
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
  const tasks = TASKS.filter((task) => versions.some((version) => version?.tasks.includes(task)));
  const { snapshots } = request;
  if (snapshots !== undefined) {
    if (method !== 'SNAPSHOT')
      throw new AppError('BAD_USER_INPUT', `snapshots: ${method} takes none; SNAPSHOT does.`);
    checkRange('snapshots', snapshots, 2, MAX_SNAPSHOTS);
  }
  const { calibration = 'NONE', prune = 'NONE', thresholds, deploy = false } = request;
  if (calibration !== 'NONE' && (method === 'HARD_VOTING' || method === 'VOTING')) {
    throw new AppError(
      'BAD_USER_INPUT',
      `calibration: ${method} counts votes, which are no probabilities; expected NONE, or SOFT_VOTING with ${calibration}.`,
    );
  }
  const { threshold } = takeThresholds({ thresholds }, tasks);
  return {
    kind: 'ENSEMBLE',
    tasks,
    seed,
    config: { members, method, snapshots: snapshots ?? null, calibration, prune, threshold, deploy },
  };
}
