/** Checks requests before anything is queued, and turns them into the configuration that a run's row keeps. */
import { AppError, tooFewData } from '../errors.js';
import { thresholdRule } from '../pipeline/evaluate/index.js';
import { DAY_MS } from '../pipeline/index.js';
import type { JsonObject, RunKind, ShopStore } from '../store/index.js';
import { TASK_DEFINITIONS, type TaskName, TASKS } from '../tasks/index.js';
import type { CrossValidationRequest, EnsembleRequest, SearchRequest, TrainingRequest } from './contract.js';

/** Tasks that learn together unless the caller names others. */
export const SHARED_TASKS: readonly TaskName[] = ['PURCHASE_INTENT', 'CHURN', 'RECOMMENDATION'];
/** Tasks that a net can learn together. */
const SHAREABLE_TASKS: readonly TaskName[] = [...SHARED_TASKS, 'FRAUD', 'DEMAND'];
const MAX_MEMBERS = 16;
const MAX_FOLDS = 20;
const MAX_TRIALS = 200;
const MAX_SEED = 2 ** 31 - 1;
export const DEFAULT_SEED = 1;
const LEAST_BEHAVIOURS = 200;

export interface NewRun {
  readonly kind: RunKind;
  readonly tasks: TaskName[];
  readonly config: JsonObject;
  readonly seed: number;
}

/** Tasks of a run that names none: not all shops record the sessions that the others are about. */
const isUsual = (task: TaskName): boolean => TASK_DEFINITIONS[task].entity !== 'SESSION';

/** @throws AppError BAD_USER_INPUT, TOO_FEW_DATA */
export async function trainingRun(shop: ShopStore, request: TrainingRequest): Promise<NewRun> {
  const { kind, seed = DEFAULT_SEED } = request;
  checkSeed(seed);
  const allowed = kind === 'COLLABORATIVE' ? SHARED_TASKS : kind === 'SINGLE_TASK' ? TASKS : SHAREABLE_TASKS;
  const usual = kind === 'MULTI_TASK' ? SHARED_TASKS : allowed;
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
  const { threshold = null, ...hyperparameters } = request.hyperparameters ?? {};
  checkThreshold(threshold, tasks);
  const cut = request.cut ?? null;
  await checkData(shop, tasks, cut);
  return {
    kind,
    tasks,
    seed,
    config: {
      architecture: request.architecture ?? null,
      hyperparameters: hyperparameters,
      threshold: threshold,
      lossBalancing: (request.lossBalancing as unknown as JsonObject | undefined) ?? null,
      resampling: request.resampling ?? {},
      collaboration: request.collaboration ?? null,
      cut: cut && cut.toISOString(),
      deploy: request.deploy ?? false,
    },
  };
}

/** Rules by which thresholds are chosen, by task; they are no model's setting. */
function checkThreshold(threshold: unknown, tasks: readonly TaskName[]): void {
  for (const task of tasks) thresholdRule(task, threshold);
  if (threshold !== null) requireTasks('threshold', Object.keys(threshold as object), tasks);
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

function requireTasks(where: string, named: readonly string[], tasks: readonly TaskName[]): void {
  const foreign = named.filter((task) => !tasks.some((known) => known === task));
  if (foreign.length === 0) return;
  throw new AppError(
    'BAD_USER_INPUT',
    `${where}: the run learns ${tasks.join(', ')}; got ${foreign.join(', ')}.`,
  );
}

async function checkData(shop: ShopStore, tasks: readonly TaskName[], cut: Date | null): Promise<void> {
  const [{ behaviours }, latest] = await Promise.all([shop.counts(), shop.latestBehaviourAt()]);
  if (behaviours < LEAST_BEHAVIOURS || !latest) {
    throw tooFewData(`Behaviours to learn ${tasks.join(', ')} from`, behaviours, LEAST_BEHAVIOURS);
  }
  if (cut && cut.getTime() > latest.getTime() + DAY_MS) {
    throw new AppError(
      'BAD_USER_INPUT',
      `cut: the latest behaviour is of ${latest.toISOString()}; got ${cut.toISOString()}.`,
    );
  }
}

/** @throws AppError BAD_USER_INPUT, NOT_FOUND */
export async function ensembleRun(shop: ShopStore, request: EnsembleRequest): Promise<NewRun> {
  const { seed = DEFAULT_SEED, method } = request;
  checkSeed(seed);
  const members = [...new Set(request.members)];
  if (members.length < 2 || members.length > MAX_MEMBERS) {
    throw new AppError(
      'BAD_USER_INPUT',
      `members: expected 2 to ${MAX_MEMBERS} model versions, got ${members.length}.`,
    );
  }
  const versions = await shop.modelVersionsByIds(members);
  const missing = members.filter((_, at) => !versions[at]);
  if (missing.length > 0) throw new AppError('NOT_FOUND', `There is no model version ${missing.join(', ')}.`);
  const tasks = TASKS.filter((task) => versions.some((version) => version?.tasks.includes(task)));
  const { calibration = 'NONE', prune = 'NONE', thresholds = null, deploy = false } = request;
  if (calibration !== 'NONE' && (method === 'HARD_VOTING' || method === 'VOTING')) {
    throw new AppError(
      'BAD_USER_INPUT',
      `calibration: ${method} counts votes, which are no probabilities; expected NONE, or SOFT_VOTING with ${calibration}.`,
    );
  }
  checkThreshold(thresholds, tasks);
  return {
    kind: 'ENSEMBLE',
    tasks,
    seed,
    config: { members, method, calibration, prune, threshold: thresholds, deploy },
  };
}

/** @throws AppError BAD_USER_INPUT, TOO_FEW_DATA */
export async function crossValidationRun(shop: ShopStore, request: CrossValidationRequest): Promise<NewRun> {
  const { task, folds = 4, seed = DEFAULT_SEED, architecture, hyperparameters = {} } = request;
  checkSeed(seed);
  checkRange('folds', folds, 2, MAX_FOLDS);
  await checkData(shop, [task], null);
  return {
    kind: 'CROSS_VALIDATION',
    tasks: [task],
    seed,
    config: { folds, architecture: architecture ?? null, hyperparameters },
  };
}

/** @throws AppError BAD_USER_INPUT, TOO_FEW_DATA */
export async function searchRun(shop: ShopStore, request: SearchRequest): Promise<NewRun> {
  const { task, trials = 8, seed = DEFAULT_SEED, architecture, space } = request;
  checkSeed(seed);
  checkRange('trials', trials, 1, MAX_TRIALS);
  const isFine =
    Object.keys(space).length > 0 &&
    Object.values(space).every((values) => Array.isArray(values) && values.length > 0);
  if (!isFine) {
    throw new AppError(
      'BAD_USER_INPUT',
      'space: expected each hyper-parameter with a list of values, such as {"dropout": [0.1, 0.3]}.',
    );
  }
  await checkData(shop, [task], null);
  return {
    kind: 'SEARCH',
    tasks: [task],
    seed,
    config: { trials, architecture: architecture ?? null, space },
  };
}

function checkSeed(seed: number): void {
  checkRange('seed', seed, 0, MAX_SEED);
}

function checkRange(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new AppError(
      'BAD_USER_INPUT',
      `${name}: expected a whole number from ${low} to ${high}, got ${value}.`,
    );
  }
}
