/** The best that any model could reach on a simulated shop: the truth itself, graded like a model. */
import { Random } from '../../nn/random.js';
import { TASK_DEFINITIONS } from '../../tasks/index.js';
import type { Knowledge, SimulatedShop } from '../collect/index.js';
import { DAY_MS } from '../index.js';
import {
  buyersBefore,
  dailyUnits,
  itemsInDemand,
  itemTargets,
  knownItems,
  purchaseLabels,
} from '../preprocess/index.js';
import { auc, averagePrecision, logLoss, logLossOf, orderByScore } from './binary.js';
import { bootstrapInterval, bootstrapMean } from './bootstrap.js';
import { evaluateDemand } from './demand-report.js';
import type { EvaluationReport, Metric, Numbers } from './metric.js';
import { evaluateRanking } from './ranking-report.js';

/** Tasks whose truth the simulator knows. */
export const CEILING_TASKS = ['PURCHASE_INTENT', 'CHURN', 'RECOMMENDATION', 'FRAUD', 'DEMAND'] as const;
export type CeilingTask = (typeof CEILING_TASKS)[number];

export interface Ceiling {
  readonly task: CeilingTask;
  /** HISTORY: what can be known from before the cut, which no model can pass but by luck. LATENTS: what only the simulator knows. */
  readonly knowledge: Knowledge;
  readonly examples: number;
  /** By the names and with the intervals of every evaluation report of the task. */
  readonly metrics: Metric[];
  readonly protocol: string;
}

export interface CeilingOptions {
  readonly knowledge: Knowledge;
  readonly seed: number;
  /** Users whose rankings are looked at; drawn at random where there are more. */
  readonly mostUsers?: number;
}

const MOST_USERS = 2_000;
const FRAUD_DAYS = 30;

/**
 * Grades the truth of a simulated shop by the task's own protocol, on the labels that came out.
 *
 * Demand's truth always knows the latents: over thousands of users what the history hides averages out.
 *
 * @param cut start of a day (UTC), milliseconds since the epoch, at least the task's label window before the shop's clock
 * @throws AppError BAD_USER_INPUT for a cut that is no start of a day within the shop's time
 */
export function ceiling(
  shop: SimulatedShop,
  task: CeilingTask,
  cut: number,
  options: CeilingOptions,
): Ceiling {
  const { report, knowledge, protocol } = grade(shop, task, cut, options);
  return { task, knowledge, examples: report.examples, metrics: report.metrics, protocol };
}

interface Graded {
  readonly report: Pick<EvaluationReport, 'examples' | 'metrics'>;
  readonly knowledge: Knowledge;
  readonly protocol: string;
}

function grade(shop: SimulatedShop, task: CeilingTask, cut: number, options: CeilingOptions): Graded {
  const { knowledge } = options;
  switch (task) {
    case 'PURCHASE_INTENT':
    case 'CHURN':
      return {
        report: gradeLabels(shop, task, cut, options),
        knowledge,
        protocol: 'all who bought before the cut',
      };
    case 'RECOMMENDATION':
      return {
        report: gradeItems(shop, cut, options),
        knowledge,
        protocol: 'users who buy a known item in the window; full ranking of what was bought before the cut',
      };
    case 'FRAUD':
      return {
        report: gradeFraud(shop, cut, options),
        knowledge,
        protocol: `orders of the ${FRAUD_DAYS} days from the cut`,
      };
    case 'DEMAND':
      return {
        report: gradeDemand(shop, cut, options.seed),
        knowledge: 'LATENTS',
        protocol: 'items with at least 50 units in the 28 days before the cut; totals of 14 days',
      };
  }
}

function gradeLabels(
  { history, truth }: SimulatedShop,
  task: 'PURCHASE_INTENT' | 'CHURN',
  cut: number,
  { knowledge, seed }: CeilingOptions,
): Graded['report'] {
  const users = buyersBefore(history, cut);
  const bought = purchaseLabels(history, users, cut, TASK_DEFINITIONS[task].labelWindowDays);
  const labels = task === 'CHURN' ? bought.map((label) => 1 - label) : bought;
  const probabilities = truth.labelProbabilities(task, users, cut, knowledge);
  return gradeProbabilities(labels, probabilities, seed);
}

function gradeItems(
  { history, truth }: SimulatedShop,
  cut: number,
  { knowledge, seed, mostUsers = MOST_USERS }: CeilingOptions,
): Graded['report'] {
  const { labelWindowDays } = TASK_DEFINITIONS.RECOMMENDATION;
  const { users, targets, bought } = itemTargets(history, cut, labelWindowDays);
  const isKnown = knownItems(history, cut);
  const rows = sampleRows(users.length, mostUsers, seed);
  const items = history.items.length;
  const scores = new Float32Array(rows.length * items);
  rows.forEach((row, at) => {
    const shares = truth.nextItems(users[row], cut, labelWindowDays, knowledge);
    for (let item = 0; item < items; item++)
      scores[at * items + item] = isKnown[item] ? Math.log(shares[item]) : -Infinity;
  });
  const ranked = Array.from(rows, (row) => ({ targets: targets[row], bought: bought[row] }));
  return evaluateRanking({ scores, items, users: ranked, seed });
}

function gradeFraud(
  { history, truth }: SimulatedShop,
  cut: number,
  { knowledge, seed }: CeilingOptions,
): Graded['report'] {
  const all = truth.fraudProbabilities(knowledge);
  const labels: number[] = [];
  const probabilities: number[] = [];
  history.transactions.forEach(({ occurredAt, isFraud }, at) => {
    if (occurredAt < cut || occurredAt >= cut + FRAUD_DAYS * DAY_MS) return;
    labels.push(isFraud === true ? 1 : 0);
    probabilities.push(all[at]);
  });
  return gradeProbabilities(labels, probabilities, seed);
}

function gradeDemand({ history, truth }: SimulatedShop, cut: number, seed: number): Graded['report'] {
  const days = TASK_DEFINITIONS.DEMAND.labelWindowDays;
  const items = itemsInDemand(history, cut);
  const { units: actual } = dailyUnits(history, items, cut, days);
  const { medians } = truth.expectedDemand(items, cut, days);
  const predicted = Float32Array.from(actual, (_, at) => medians[Math.floor(at / days)] / days);
  // Days are spread evenly and intervals left out: the total of the horizon is what the truth is asked for.
  const report = evaluateDemand({ actual, predicted, low: predicted, high: predicted, days, seed });
  return { ...report, metrics: report.metrics.filter(({ name }) => name === 'WAPE') };
}

/** Only what does not hang on a threshold or on bins. */
function gradeProbabilities(labels: Numbers, probabilities: Numbers, seed: number): Graded['report'] {
  const sorted = orderByScore(probabilities);
  const losses = Float64Array.from(labels, (label, at) => logLossOf(label, probabilities[at]));
  const of = (name: string, statistic: (weights?: Float64Array) => number): Metric => ({
    name,
    value: statistic(),
    ...bootstrapInterval(labels.length, statistic, { seed }),
  });
  return {
    examples: labels.length,
    metrics: [
      of('AUC', (weights) => auc(labels, probabilities, weights, sorted)),
      of('PR_AUC', (weights) => averagePrecision(labels, probabilities, weights, sorted)),
      { name: 'LOG_LOSS', value: logLoss(labels, probabilities), ...bootstrapMean(losses, { seed }) },
    ],
  };
}

/** Rows in ascending order, at most so many: those of the users whose rankings a ceiling looks at, for models to be graded on the same. */
export function sampleRows(rows: number, most: number, seed: number): Int32Array {
  const order = new Random(seed).fork('ceiling users').permutation(rows);
  return order.subarray(0, most).sort();
}
