/** One figure a task for a model, by the protocol of the task's ceiling. */
import {
  auc,
  type CeilingTask,
  groupSums,
  rankingFigures,
  sampleRows,
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
  transactionContexts,
} from '../src/pipeline/preprocess/index.js';
import { TASK_DEFINITIONS } from '../src/tasks/index.js';

/** The figure that a task is measured by here, by its name in a ceiling. */
export const FIGURE_OF: Readonly<Record<CeilingTask, string>> = {
  PURCHASE_INTENT: 'AUC',
  CHURN: 'AUC',
  RECOMMENDATION: 'NDCG@10',
  FRAUD: 'AUC',
  DEMAND: 'WAPE',
};
const FRAUD_DAYS = 30;
const LIST = 10;

/** @param mostUsers users whose rankings are looked at: with the seed of a ceiling the same ones as there */
export async function score(
  model: Model,
  task: CeilingTask,
  history: ShopHistory,
  cut: number,
  { mostUsers, seed }: { readonly mostUsers: number; readonly seed: number },
): Promise<number> {
  switch (task) {
    case 'PURCHASE_INTENT':
    case 'CHURN':
      return scoreUsers(model, task, history, cut);
    case 'RECOMMENDATION':
      return scoreItems(model, history, cut, { mostUsers, seed });
    case 'FRAUD':
      return scoreFraud(model, history, cut);
    case 'DEMAND':
      return scoreDemand(model, history, cut);
  }
}

async function scoreUsers(
  model: Model,
  task: 'PURCHASE_INTENT' | 'CHURN',
  history: ShopHistory,
  cut: number,
): Promise<number> {
  const users = buyersBefore(history, cut);
  const bought = purchaseLabels(history, users, cut, TASK_DEFINITIONS[task].labelWindowDays);
  const scores = (await model.users?.scoreUsers({ history, users, asOf: cut }))?.[task];
  if (!scores) throw new Error(`${model.architecture} does not predict ${task}.`);
  return auc(task === 'CHURN' ? bought.map((label) => 1 - label) : bought, scores);
}

async function scoreItems(
  model: Model,
  history: ShopHistory,
  cut: number,
  { mostUsers, seed }: { readonly mostUsers: number; readonly seed: number },
): Promise<number> {
  if (!model.items) throw new Error(`${model.architecture} ranks no items.`);
  const { users, targets } = itemTargets(history, cut, TASK_DEFINITIONS.RECOMMENDATION.labelWindowDays);
  const rows = sampleRows(users.length, mostUsers, seed);
  let sum = 0;
  for (const at of rows) {
    const scores = await model.items.scoreItems({ history, users: users.subarray(at, at + 1), asOf: cut });
    sum += rankingFigures(topK(scores, LIST), targets[at], LIST).ndcg;
  }
  return sum / rows.length;
}

async function scoreFraud(model: Model, history: ShopHistory, cut: number): Promise<number> {
  const contexts = transactionContexts(history.transactions).filter(
    ({ transaction: { occurredAt } }) => occurredAt >= cut && occurredAt < cut + FRAUD_DAYS * DAY_MS,
  );
  const scores = await model.fraud?.scoreTransactions(contexts);
  if (!scores) throw new Error(`${model.architecture} does not predict FRAUD.`);
  return auc(
    contexts.map(({ transaction }) => (transaction.isFraud === true ? 1 : 0)),
    scores,
  );
}

async function scoreDemand(model: Model, history: ShopHistory, cut: number): Promise<number> {
  const days = TASK_DEFINITIONS.DEMAND.labelWindowDays;
  const items = itemsInDemand(history, cut);
  const start = Math.floor(
    history.behaviours.occurredAt.reduce((least, time) => Math.min(least, time)) / DAY_MS,
  );
  const past = dailyUnits(history, items, start * DAY_MS, cut / DAY_MS - start);
  const forecast = await model.demand?.forecast(past, days);
  if (!forecast) throw new Error(`${model.architecture} forecasts no demand.`);
  return wape(groupSums(dailyUnits(history, items, cut, days).units, days), groupSums(forecast.units, days));
}
