/** What a model reaches at a cut, task by task. */
import type { SimulatedShop } from '../src/pipeline/collect/index.js';
import {
  auc,
  averagePrecision,
  ceiling,
  type CeilingTask,
  groupSums,
  rankingFigures,
  topK,
  wape,
} from '../src/pipeline/evaluate/index.js';
import { DAY_MS, type Model, type ShopHistory } from '../src/pipeline/index.js';
import {
  buyersBefore,
  dailyUnits,
  itemsInDemand,
  itemTargets,
  purchaseLabels,
} from '../src/pipeline/preprocess/index.js';
import { fraudExamples } from '../src/pipeline/single-task/index.js';
import type { TaskName } from '../src/tasks/index.js';

export interface MultiTaskFigures {
  readonly intent_auc?: number;
  readonly churn_auc?: number;
  readonly new_ndcg10?: number;
  readonly repeat_ndcg10?: number;
  readonly fraud_pr_auc?: number;
  readonly demand_wape14?: number;
}

const LIST = 10;
/** Ranking in full takes a second for a hundred users: every so many are enough to compare. */
const EVERY = 4;
const FRAUD_DAYS = 90;
const DEMAND_DAYS = 14;

/** Figures of the tasks asked for, on what followed the cut. */
export async function figuresOf(
  model: Model,
  history: ShopHistory,
  cut: number,
  tasks: readonly TaskName[],
): Promise<MultiTaskFigures> {
  const has = (task: TaskName) => tasks.includes(task);
  return {
    ...(has('PURCHASE_INTENT') && { intent_auc: await userAuc(model, history, cut, 'PURCHASE_INTENT') }),
    ...(has('CHURN') && { churn_auc: await userAuc(model, history, cut, 'CHURN') }),
    ...(has('RECOMMENDATION') && (await rankings(model, history, cut))),
    ...(has('FRAUD') && { fraud_pr_auc: await fraudPrecision(model, history, cut) }),
    ...(has('DEMAND') && { demand_wape14: await demandError(model, history, cut) }),
  };
}

/** The figures of the truth itself, from what can be known before the cut; fraud's truth is graded on another window than here. */
export function ceilingsOf(shop: SimulatedShop, cut: number, tasks: readonly TaskName[]): MultiTaskFigures {
  const options = { knowledge: 'HISTORY', seed: 1, mostUsers: 500 } as const;
  const best = (task: CeilingTask, metric: string) =>
    tasks.includes(task)
      ? ceiling(shop, task, cut, options).metrics.find(({ name }) => name === metric)?.value
      : undefined;
  return {
    intent_auc: best('PURCHASE_INTENT', 'AUC'),
    churn_auc: best('CHURN', 'AUC'),
    new_ndcg10: best('RECOMMENDATION', 'NEW_NDCG@10'),
    repeat_ndcg10: best('RECOMMENDATION', 'NDCG@10'),
    demand_wape14: best('DEMAND', 'WAPE'),
  };
}

async function userAuc(
  model: Model,
  history: ShopHistory,
  cut: number,
  task: 'PURCHASE_INTENT' | 'CHURN',
): Promise<number> {
  const users = buyersBefore(history, cut);
  const bought = purchaseLabels(history, users, cut, task === 'CHURN' ? 90 : 30);
  const labels = task === 'CHURN' ? bought.map((label) => 1 - label) : bought;
  const scores = await model.users!.scoreUsers({ history, users, asOf: cut });
  return auc(labels, scores[task]!);
}

async function rankings(
  model: Model,
  history: ShopHistory,
  cut: number,
): Promise<Pick<MultiTaskFigures, 'new_ndcg10' | 'repeat_ndcg10'>> {
  const { users, targets, bought } = itemTargets(history, cut, 30);
  const sums = { fresh: 0, freshUsers: 0, all: 0, users: 0 };
  for (let at = 0; at < users.length; at += EVERY) {
    const scores = await model.items!.scoreItems({ history, users: users.subarray(at, at + 1), asOf: cut });
    sums.all += rankingFigures(topK(scores, LIST), targets[at], LIST).ndcg;
    sums.users++;
    const fresh = new Set([...targets[at]].filter((item) => !bought[at].has(item)));
    if (fresh.size === 0) continue;
    const list = topK(scores, LIST, (item) => bought[at].has(item));
    sums.fresh += rankingFigures(list, fresh, LIST).ndcg;
    sums.freshUsers++;
  }
  return { new_ndcg10: sums.fresh / sums.freshUsers, repeat_ndcg10: sums.all / sums.users };
}

async function fraudPrecision(model: Model, history: ShopHistory, cut: number): Promise<number> {
  const { contexts, labels } = fraudExamples(history, {
    from: cut,
    to: cut + FRAUD_DAYS * DAY_MS,
    labelledUntil: cut,
  });
  return averagePrecision(Float32Array.from(labels), await model.fraud!.scoreTransactions(contexts));
}

async function demandError(model: Model, history: ShopHistory, cut: number): Promise<number> {
  const items = itemsInDemand(history, cut);
  let start = Infinity;
  for (const time of history.behaviours.occurredAt) start = Math.min(start, time);
  const from = Math.floor(start / DAY_MS) * DAY_MS;
  const past = dailyUnits(history, items, from, Math.round((cut - from) / DAY_MS));
  const actual = dailyUnits(history, items, cut, DEMAND_DAYS).units;
  const { units } = await model.demand!.forecast(past, DEMAND_DAYS);
  return wape(groupSums(actual, DEMAND_DAYS), groupSums(units, DEMAND_DAYS));
}
