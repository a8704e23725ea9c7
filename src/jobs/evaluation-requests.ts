/** Checks requests of runs that measure, before anything is queued. */
import { AppError } from '../errors.js';
import {
  type Budget,
  parseParameters,
  rungBudgets,
  type SearchMethod,
  searchSpaceOf,
} from '../pipeline/evaluate/index.js';
import type { JsonObject, ShopStore } from '../store/index.js';
import {
  type BuiltInTask,
  type CustomTask,
  givenName,
  isBuiltInTask,
  isCustomTask,
  taskDefinition,
  type TaskName,
} from '../tasks/index.js';
import type { CrossValidationRequest, SearchConfig, SearchRequest } from './evaluation-contract.js';
import {
  carried,
  checkData,
  checkRange,
  checkSeed,
  DEFAULT_SEED,
  type NewRun,
  takeThresholds,
} from './request-checks.js';
import { definedTasks } from './run-tasks.js';

const MAX_FOLDS = 20;
const MAX_SEEDS = 20;
const MAX_ARCHITECTURES = 8;
const MAX_FITS = 400;
const MAX_TRIALS = 200;
const MAX_PARALLEL = 64;
const MAX_BUDGET = 5000;
const DEFAULT_TRIALS = 20;

/** What is measured or searched unless the caller names another; the last that a training fits for the task. */
const DEFAULT_ARCHITECTURES: Readonly<Record<BuiltInTask, string>> = {
  PURCHASE_INTENT: 'dense',
  CHURN: 'dense',
  RECOMMENDATION: 'softmax-ranker',
  DEMAND: 'demand-regression',
  FRAUD: 'fraud-dense',
  NEXT_BEHAVIOUR: 'session-dense',
  SESSION_OUTCOME: 'session-dense',
};
const CUSTOM_ARCHITECTURE = 'custom-dense';

const defaultArchitecture = (task: TaskName): string =>
  isBuiltInTask(task) ? DEFAULT_ARCHITECTURES[task] : CUSTOM_ARCHITECTURE;

/** The definition of a task of the shop's own; none of the product's. @throws AppError NOT_FOUND */
const definitionsFor = async (shop: ShopStore, task: TaskName): Promise<CustomTask[]> =>
  isCustomTask(task) ? definedTasks(shop, [givenName(task)]) : [];

/** @throws AppError BAD_USER_INPUT, TOO_FEW_DATA */
export async function crossValidationRun(shop: ShopStore, request: CrossValidationRequest): Promise<NewRun> {
  const { task, method = 'ROLLING_ORIGIN', folds = 4, seed = DEFAULT_SEED, seeds = 3, stepDays } = request;
  const customTasks = await definitionsFor(shop, task);
  checkSeed(seed);
  checkRange('folds', folds, 2, MAX_FOLDS);
  checkRange('seeds', seeds, 1, MAX_SEEDS);
  if (stepDays !== undefined) {
    checkRange('stepDays', stepDays, 1, 365);
    if (method !== 'ROLLING_ORIGIN')
      throw new AppError('BAD_USER_INPUT', `stepDays: ${method} has one cut; ROLLING_ORIGIN has several.`);
  }
  if (method === 'BY_USER' && taskDefinition(task, customTasks).entity === 'ITEM')
    throw new AppError(
      'BAD_USER_INPUT',
      `method: ${task} is about items, which all users buy; expected ROLLING_ORIGIN.`,
    );
  const architectures = [...new Set(request.architectures ?? [])];
  if (architectures.length === 0) architectures.push(defaultArchitecture(task));
  checkRange('architectures', architectures.length, 1, MAX_ARCHITECTURES);
  checkRange('folds × seeds × architectures', folds * seeds * architectures.length, 1, MAX_FITS);
  const { threshold, hyperparameters } = takeThresholds(request, [task], customTasks);
  await checkData(shop, [task], null);
  return {
    kind: 'CROSS_VALIDATION',
    tasks: [task],
    seed,
    config: {
      method,
      folds,
      seeds,
      stepDays: stepDays ?? null,
      architectures,
      hyperparameters,
      threshold,
      ...carried(customTasks),
    },
  };
}

/** @throws AppError BAD_USER_INPUT, TOO_FEW_DATA */
export async function searchRun(shop: ShopStore, request: SearchRequest): Promise<NewRun> {
  const { task, method = 'TPE', trials = DEFAULT_TRIALS, seed = DEFAULT_SEED, parallel = 4 } = request;
  const architecture = request.architecture ?? defaultArchitecture(task);
  const customTasks = await definitionsFor(shop, task);
  checkSeed(seed);
  checkRange('trials', trials, 1, MAX_TRIALS);
  checkRange('parallel', parallel, 1, MAX_PARALLEL);
  const parameters = parseParameters(request.parameters ?? searchSpaceOf(architecture).parameters);
  const budget = budgetOf(architecture, method, request);
  const clash = [...parameters.map(({ name }) => name), budget?.parameter].find(
    (name) => name !== undefined && name in (request.hyperparameters ?? {}),
  );
  if (clash !== undefined)
    throw new AppError(
      'BAD_USER_INPUT',
      `hyperparameters.${clash}: it is searched, so it cannot stay as it is.`,
    );
  if (budget && parameters.some(({ name }) => name === budget.parameter))
    throw new AppError(
      'BAD_USER_INPUT',
      `space.${budget.parameter}: ${method} gives it from rung to rung (${budget.least} to ${budget.most}); it cannot be searched too.`,
    );
  const { threshold, hyperparameters } = takeThresholds(request, [task], customTasks);
  await checkData(shop, [task], null);
  const config: SearchConfig = {
    method,
    trials,
    parallel,
    architecture,
    parameters,
    budget,
    hyperparameters,
    threshold,
    ...(customTasks.length > 0 && { customTasks }),
  };
  return {
    kind: 'SEARCH',
    tasks: [task],
    seed,
    config: config as unknown as JsonObject,
  };
}

/** The length of a trial's training. Without ASHA a caller's own space has none, unless the caller says one. */
function budgetOf(
  architecture: string,
  method: SearchMethod,
  { parameters, budget }: SearchRequest,
): Budget | null {
  if (!budget && parameters && method !== 'ASHA') return null;
  const own = searchSpaceOf(architecture).budget;
  if (!own) {
    if (!budget && method !== 'ASHA') return null;
    throw new AppError(
      'BAD_USER_INPUT',
      `method: ${architecture} is trained in one piece, so that ${method === 'ASHA' ? 'ASHA has' : 'there is'} no budget to give; RANDOM and TPE search it without.`,
    );
  }
  const { least = own.least, most = own.most } = budget ?? {};
  checkRange('budget.least', least, 1, MAX_BUDGET);
  checkRange('budget.most', most, least, MAX_BUDGET);
  const whole = { parameter: own.parameter, least, most };
  if (method === 'ASHA' && rungBudgets(whole).length < 2)
    throw new AppError(
      'BAD_USER_INPUT',
      `budget: ASHA needs a most of at least three times the least; got ${least} and ${most}.`,
    );
  return whole;
}
