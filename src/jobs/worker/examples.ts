/** The examples that models are measured on at a cut: labels from after it, and how to get a model's predictions for them. */
import {
  type Catalogue,
  catalogueBefore,
  evaluateBinary,
  evaluateDemand,
  evaluateRanking,
  levelSegments,
  type RankedUser,
  seasonalScale,
  transactionSegments,
  userSegments,
} from '../../pipeline/evaluate/index.js';
import {
  DAY_MS,
  type DemandSeries,
  type Model,
  type ShopHistory,
  type TransactionContext,
} from '../../pipeline/index.js';
import {
  buyersBefore,
  dailyUnits,
  itemsInDemand,
  itemTargets,
  purchaseLabels,
} from '../../pipeline/preprocess/index.js';
import { describeFraudExamples, fraudExamples } from '../../pipeline/single-task/index.js';
import {
  type CustomTask,
  customTaskOf,
  isCustomTask,
  TASK_DEFINITIONS,
  type TaskName,
} from '../../tasks/index.js';
import { customTaskExamples } from './custom-examples.js';
import { sessionTaskExamples } from './session-examples.js';
import type { TaskExamples } from './task-examples.js';

/** Scores of all items for all users are held at once: above this, users are thinned out evenly. */
const MAX_SCORES = 8_000_000;
const DEMAND_HISTORY_DAYS = 182;

export type { TaskExamples };

const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/**
 * @param until       end of the labels' time, for tasks without a window of their own
 * @param customTasks definitions of the shop's own tasks that may be meant
 */
export function taskExamples(
  task: TaskName,
  history: ShopHistory,
  cut: number,
  until: number,
  customTasks: readonly CustomTask[] = [],
): TaskExamples {
  if (isCustomTask(task)) return customTaskExamples(customTaskOf(task, customTasks), history, cut);
  switch (task) {
    case 'PURCHASE_INTENT':
    case 'CHURN':
      return userTaskExamples(task, history, cut);
    case 'RECOMMENDATION':
      return rankingExamples(history, cut);
    case 'DEMAND':
      return demandExamples(history, cut);
    case 'FRAUD':
      return fraudTaskExamples(history, cut, until);
    case 'NEXT_BEHAVIOUR':
    case 'SESSION_OUTCOME':
      return sessionTaskExamples(task, history, cut, until);
  }
}

function userTaskExamples(
  task: 'PURCHASE_INTENT' | 'CHURN',
  history: ShopHistory,
  cut: number,
): TaskExamples {
  const days = TASK_DEFINITIONS[task].labelWindowDays;
  const users = buyersBefore(history, cut);
  const bought = purchaseLabels(history, users, cut, days);
  const labels = task === 'CHURN' ? bought.map((label) => 1 - label) : bought;
  const segments = userSegments(history, users, cut);
  return {
    task,
    count: users.length,
    protocol: `users with a purchase before ${dateOf(cut)}, ${task === 'CHURN' ? 'no ' : 'a '}purchase in the ${days} days from it`,
    predict: async (model) =>
      required(model.users, model, (await model.users?.scoreUsers({ history, users, asOf: cut }))?.[task]),
    evaluate: (probabilities, threshold, seed) =>
      evaluateBinary({ labels, probabilities, threshold, seed, segments }),
    labels,
    targets: null,
    items: 0,
  };
}

function rankingExamples(history: ShopHistory, cut: number): TaskExamples {
  const days = TASK_DEFINITIONS.RECOMMENDATION.labelWindowDays;
  const all = itemTargets(history, cut, days);
  const items = history.items.length;
  const step = Math.max(1, Math.ceil((all.users.length * items) / MAX_SCORES));
  const keep = <T>(_: T, at: number) => at % step === 0;
  const users = all.users.filter(keep);
  const ranked: RankedUser[] = all.targets
    .map((targets, at) => ({ targets, bought: all.bought[at] }))
    .filter(keep);
  const segments = userSegments(history, users, cut);
  let catalogue: Catalogue | undefined;
  return {
    task: 'RECOMMENDATION',
    count: users.length,
    protocol: `users who buy in the ${days} days from ${dateOf(cut)}, full ranking of the items known before${step > 1 ? `, one user in ${step}` : ''}`,
    predict: async (model) =>
      required(model.items, model, await model.items?.scoreItems({ history, users, asOf: cut })),
    evaluate: (scores, _threshold, seed) => {
      catalogue ??= catalogueBefore(history, cut);
      return evaluateRanking({ scores, items, users: ranked, seed, segments, catalogue });
    },
    labels: null,
    targets: ranked.map((user) => user.targets),
    items,
  };
}

function demandExamples(history: ShopHistory, cut: number): TaskExamples {
  const days = TASK_DEFINITIONS.DEMAND.labelWindowDays;
  const items = itemsInDemand(history, cut);
  const { units: actual } = dailyUnits(history, items, cut, days);
  const past: DemandSeries = dailyUnits(
    history,
    items,
    cut - DEMAND_HISTORY_DAYS * DAY_MS,
    DEMAND_HISTORY_DAYS,
  );
  const first = history.behaviours.occurredAt.reduce((least, time) => Math.min(least, time), cut);
  const shopDays = Math.min(past.days, Math.floor((cut - first) / DAY_MS));
  const scale = seasonalScale(past.units, past.days, 7, past.days - shopDays);
  const segments = levelSegments(past);
  return {
    task: 'DEMAND',
    count: items.length,
    protocol: `items with at least 50 units sold in the 28 days before ${dateOf(cut)}, units of the ${days} days from it`,
    predict: async (model) => {
      const forecast = await model.demand?.forecast(past, days);
      const values = required(model.demand, model, forecast);
      const joined = new Float32Array(3 * actual.length);
      joined.set(values.units);
      joined.set(values.low, actual.length);
      joined.set(values.high, 2 * actual.length);
      return joined;
    },
    evaluate: (predictions, _threshold, seed) => {
      const [predicted, low, high] = [0, 1, 2].map((part) =>
        predictions.subarray(part * actual.length, (part + 1) * actual.length),
      );
      return evaluateDemand({ actual, predicted, low, high, days, seed, scale, segments });
    },
    labels: null,
    actual,
    targets: null,
    items: 0,
  };
}

function fraudTaskExamples(history: ShopHistory, cut: number, until: number): TaskExamples {
  const examples = fraudExamples(history, { from: cut, to: until, labelledUntil: cut });
  const labels = Float32Array.from(examples.labels);
  const contexts: readonly TransactionContext[] = examples.contexts;
  const segments = transactionSegments(contexts.map(({ transaction }) => transaction));
  return {
    task: 'FRAUD',
    count: labels.length,
    protocol: describeFraudExamples(examples, cut, until),
    predict: async (model) => required(model.fraud, model, await model.fraud?.scoreTransactions(contexts)),
    evaluate: (probabilities, threshold, seed) =>
      evaluateBinary({ labels, probabilities, threshold, seed, segments }),
    labels,
    targets: null,
    items: 0,
  };
}

function required<Value>(scorer: unknown, model: Model, value: Value | undefined): Value {
  if (scorer === undefined || value === undefined)
    throw new Error(`${model.architecture} made no prediction.`);
  return value;
}
