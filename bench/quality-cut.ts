/** One unit of the quality bench, in a process of its own: all families fitted at one cut with one seed, and what they predict. */
import { AppError } from '../src/errors.js';
import { readOnlineRetail } from '../src/pipeline/collect/index.js';
import { EnsembleModel } from '../src/pipeline/ensemble/index.js';
import { catalogueBefore, returningUsers } from '../src/pipeline/evaluate/index.js';
import {
  DAY_MS,
  type FitContext,
  type Model,
  type ModelType,
  type ShopHistory,
} from '../src/pipeline/index.js';
import { boostedHazards, sharedBottom } from '../src/pipeline/multi-task/index.js';
import { buyersBefore, itemTargets, purchaseLabels } from '../src/pipeline/preprocess/index.js';
import {
  boostedTrees,
  demandRegression,
  dense,
  itemKnn,
  logisticRegression,
  mean28,
  ownHistory,
  softmaxRanker,
} from '../src/pipeline/single-task/index.js';
import type { TaskName } from '../src/tasks/index.js';
import {
  type ByFamily,
  type DemandOutcome,
  type Family,
  type Outcome,
  type RankingOutcome,
  type Unit,
  type UserOutcome,
  type UserTaskName,
} from './quality-figures.js';
import { DEMAND_DAYS, demandOutcome, rankingOutcome } from './quality-items.js';
import { unitFigures } from './quality-summary.js';

const INTENT_DAYS = 30;
const CHURN_DAYS = 90;
/** A second seed for members that differ by their seed alone. */
const OTHER_SEED = 1000;

/** Each task's model by family. */
type Models = Record<'intent' | 'churn' | 'newItems' | 'repeats' | 'demand', ByFamily<Model | null>>;

let read: { file: string; history: ShopHistory; end: number } | null = null;

/** Units of one process share the history, and with it the examples that are gathered from it. */
async function historyOf(file: string) {
  if (read?.file !== file) {
    // The reference's protocol keeps exact duplicates; the product's import leaves them out.
    const { history } = await readOnlineRetail(file, { keepDuplicates: true });
    const latest = history.behaviours.occurredAt.reduce((last, time) => Math.max(last, time), -Infinity);
    read = { file, history, end: latest + 1 };
  }
  return read;
}

/** Fits every family before the unit's cut and measures it after. */
export default async function measureUnit({ file, cut, seed, until }: Unit): Promise<Outcome> {
  const { history, end } = await historyOf(file);
  const notes: string[] = [];
  const isSeen = (name: string, days: number): boolean => {
    const last = cut + days * DAY_MS;
    if (last <= (until ?? end)) return true;
    if (until === null)
      notes.push(`${name} is not measured: its ${days} days end ${day(last)}, after the data (${day(end)}).`);
    return false;
  };
  const fitted: Model[] = [];
  const models = await fitFamilies(history, cut, seed, fitted);
  try {
    const userOutcomes = async (task: UserTaskName, days: number, families: ByFamily<Model | null>) =>
      isSeen(task, days) ? userOutcome(history, cut, task, days, families) : null;
    const targets = isSeen('RECOMMENDATION', INTENT_DAYS) ? itemTargets(history, cut, INTENT_DAYS) : null;
    const outcome = {
      intent: await userOutcomes('PURCHASE_INTENT', INTENT_DAYS, models.intent),
      churn: await userOutcomes('CHURN', CHURN_DAYS, models.churn),
      ranking: targets && (await rankings(history, cut, targets, models)),
      rankedIsReturning: targets ? returningUsers(history, targets.users, cut) : new Uint8Array(0),
      demand: isSeen('DEMAND', DEMAND_DAYS) ? await forecasts(history, cut, models.demand) : null,
      notes,
    };
    const part = until === null ? `seed ${seed}` : 'before a cut';
    process.stderr.write(`${day(cut)} ${part} ${JSON.stringify(unitFigures(outcome))}\n`);
    return outcome;
  } finally {
    for (const model of fitted) model.dispose();
  }
}

const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

async function fitFamilies(
  history: ShopHistory,
  cut: number,
  seed: number,
  fitted: Model[],
): Promise<Models> {
  const fit = async (type: ModelType, tasks: TaskName[], from = seed): Promise<Model | null> => {
    const model = await fitIfPossible(type.create(tasks, {}), history, cut, from);
    if (model) fitted.push(model);
    return model;
  };
  const both: TaskName[] = ['PURCHASE_INTENT', 'CHURN'];
  const hazards = await fit(boostedHazards, both);
  const others = await fit(boostedHazards, both, seed + OTHER_SEED);
  const shared = await fit(sharedBottom, [...both, 'RECOMMENDATION']);
  const usersBy = async (task: UserTaskName): Promise<ByFamily<Model | null>> => ({
    baseline: await fit(logisticRegression, [task]),
    boosting: await fit(boostedTrees, [task]),
    single: await fit(dense, [task]),
    multi: hazards,
    ensemble: merge(task, [hazards, others]),
  });
  const ranker = await fit(softmaxRanker, ['RECOMMENDATION']);
  const rankerToo = await fit(softmaxRanker, ['RECOMMENDATION'], seed + OTHER_SEED);
  const rankers = { single: ranker, multi: shared, ensemble: merge('RECOMMENDATION', [ranker, rankerToo]) };
  const demand = await fit(demandRegression, ['DEMAND']);
  const demandToo = await fit(demandRegression, ['DEMAND'], seed + OTHER_SEED);
  return {
    intent: await usersBy('PURCHASE_INTENT'),
    churn: await usersBy('CHURN'),
    newItems: { baseline: await fit(itemKnn, ['RECOMMENDATION']), ...rankers },
    repeats: { baseline: await fit(ownHistory, ['RECOMMENDATION']), ...rankers },
    demand: {
      baseline: await fit(mean28, ['DEMAND']),
      single: demand,
      ensemble: merge('DEMAND', [demand, demandToo]),
    },
  };
}

/** Even weights: those chosen on one window do not hold on the next. */
function merge(task: TaskName, models: (Model | null)[]): Model | null {
  const members = models.filter((model) => model !== null);
  if (members.length === 0) return null;
  return new EnsembleModel('weighted-average', task, members, {
    method: 'WEIGHTED_AVERAGE',
    weights: members.map(() => 1 / members.length),
    thresholds: members.map(() => 0.5),
  });
}

/** Null where the history before the cut is too short for the model: early cuts. */
async function fitIfPossible(
  model: Model,
  history: ShopHistory,
  cut: number,
  seed: number,
): Promise<Model | null> {
  const context: FitContext = {
    seed,
    signal: new AbortController().signal,
    onEpoch: () => undefined,
    onProgress: () => undefined,
  };
  try {
    await model.fit({ history, cut }, context);
    return model;
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'TOO_FEW_DATA') throw thrown;
    model.dispose();
    return null;
  }
}

async function userOutcome(
  history: ShopHistory,
  cut: number,
  task: UserTaskName,
  days: number,
  families: ByFamily<Model | null>,
): Promise<UserOutcome> {
  const users = buyersBefore(history, cut);
  const bought = purchaseLabels(history, users, cut, days);
  const scores: ByFamily<Float32Array> = {};
  for (const [family, model] of Object.entries(families) as [Family, Model | null][]) {
    if (!model) continue;
    const own = (await model.users?.scoreUsers({ history, users, asOf: cut }))?.[task];
    if (!own) throw new Error(`${model.architecture} does not predict ${task}.`);
    scores[family] = own;
  }
  return {
    labels: task === 'CHURN' ? bought.map((label) => 1 - label) : bought,
    isReturning: returningUsers(history, users, cut),
    scores,
  };
}

/** The baselines for new items and for repeats are different ones: each lends its own figures. */
async function rankings(
  history: ShopHistory,
  cut: number,
  targets: ReturnType<typeof itemTargets>,
  { newItems, repeats }: Models,
): Promise<ByFamily<RankingOutcome>> {
  const catalogue = catalogueBefore(history, cut);
  const outcomes: ByFamily<RankingOutcome> = {};
  for (const [family, model] of Object.entries(repeats) as [Family, Model | null][]) {
    if (!model) continue;
    const own = await rankingOutcome(model, history, cut, targets, catalogue);
    const forNew = newItems[family];
    const fresh =
      forNew && forNew !== model ? await rankingOutcome(forNew, history, cut, targets, catalogue) : own;
    outcomes[family] = { ...own, newNdcg: fresh.newNdcg, newHits: fresh.newHits };
  }
  return outcomes;
}

async function forecasts(
  history: ShopHistory,
  cut: number,
  families: ByFamily<Model | null>,
): Promise<ByFamily<DemandOutcome>> {
  const outcomes: ByFamily<DemandOutcome> = {};
  for (const [family, model] of Object.entries(families) as [Family, Model | null][])
    if (model) outcomes[family] = await demandOutcome(model, history, cut);
  return outcomes;
}
