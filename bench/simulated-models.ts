/** Fits the product's models of every family on one history and scores them. */
import { EnsembleModel } from '../src/pipeline/ensemble/index.js';
import type { CeilingTask } from '../src/pipeline/evaluate/index.js';
import type { FitContext, Model, ModelType, ShopHistory } from '../src/pipeline/index.js';
import { MULTI_TASK_TYPES, sharedBottom } from '../src/pipeline/multi-task/index.js';
import {
  demandRegression,
  dense,
  fraudDense,
  fraudLogistic,
  itemKnn,
  logisticRegression,
  mean28,
  ownHistory,
  softmaxRanker,
} from '../src/pipeline/single-task/index.js';
import { score } from './simulated-scores.js';

interface Candidate {
  readonly name: string;
  readonly type: ModelType;
  readonly tasks: readonly CeilingTask[];
  /** Whether the ensembles take it: the strong ones that learn differently. */
  readonly isMember?: boolean;
}

/** Every family, and the shared net alone on each task: the same net together tells what sharing brings. */
function candidates(asked: readonly CeilingTask[]): Candidate[] {
  const alone = (types: readonly ModelType[], task: CeilingTask, isMember = false): Candidate[] =>
    types.map((type) => ({ name: type.architecture, type, tasks: [task], isMember }));
  const users = asked.filter((task) => task === 'PURCHASE_INTENT' || task === 'CHURN');
  const together: Candidate[] =
    users.length < 2
      ? []
      : MULTI_TASK_TYPES.map((type) => ({ name: type.architecture, type, tasks: users, isMember: true }));
  const all: Candidate[] = [
    ...users.flatMap((task) => [
      ...alone([logisticRegression], task, true),
      ...alone([dense], task),
      { name: `${sharedBottom.architecture} alone`, type: sharedBottom, tasks: [task] },
    ]),
    ...together,
    ...alone([ownHistory, itemKnn], 'RECOMMENDATION'),
    ...alone([softmaxRanker], 'RECOMMENDATION', true),
    ...alone([fraudLogistic, fraudDense], 'FRAUD', true),
    ...alone([mean28], 'DEMAND'),
    ...alone([demandRegression], 'DEMAND', true),
  ];
  if (users.length === 2 && asked.includes('RECOMMENDATION'))
    all.push({
      name: `${sharedBottom.architecture} of three`,
      type: sharedBottom,
      tasks: [...users, 'RECOMMENDATION'],
      isMember: true,
    });
  return all.filter(({ tasks }) => tasks.every((task) => asked.includes(task)));
}

export async function fitAndScore(
  history: ShopHistory,
  cut: number,
  options: { tasks: readonly CeilingTask[]; seed: number; mostUsers: number },
  say: (figure: { task: CeilingTask; model: string; family: string; value: number }) => void,
): Promise<void> {
  const members = new Map<CeilingTask, Model[]>();
  const fitted: Model[] = [];
  for (const { name, type, tasks, isMember } of candidates(options.tasks)) {
    const model = type.create(tasks, {});
    await model.fit({ history, cut }, contextOf(options.seed));
    fitted.push(model);
    for (const task of tasks) {
      const value = await score(model, task, history, cut, options);
      const family = name.endsWith('alone') ? 'SINGLE' : type.family;
      say({ task, model: name, family, value });
      if (isMember) members.set(task, [...(members.get(task) ?? []), model]);
    }
  }
  for (const [task, models] of members) {
    if (models.length < 2) continue;
    const even = models.map(() => 1 / models.length);
    const ensemble = new EnsembleModel('weighted-average', task, models, {
      method: 'WEIGHTED_AVERAGE',
      weights: even,
      thresholds: models.map(() => 0.5),
    });
    const value = await score(ensemble, task, history, cut, options);
    say({ task, model: `even average of ${models.length}`, family: 'ENSEMBLE', value });
  }
  for (const model of fitted) model.dispose();
}

function contextOf(seed: number): FitContext {
  return {
    seed,
    signal: new AbortController().signal,
    onEpoch: () => undefined,
    onProgress: () => undefined,
  };
}
