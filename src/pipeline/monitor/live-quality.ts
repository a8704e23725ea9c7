/**
 * What the models in service would have said when the newest complete label windows began, against what happened since. Only versions
 * that had seen nothing of the window are judged, so that the figures are as honest as those of a test split.
 */
import { AppError } from '../../errors.js';
import type { ModelVersionRow } from '../../store/index.js';
import {
  customTaskOf,
  customTasksOf,
  isBuiltInTask,
  type TaskDefinition,
  taskDefinition,
  type TaskName,
} from '../../tasks/index.js';
import type { ServingClient } from '../deploy/index.js';
import {
  bootstrapMean,
  evaluateBinary,
  evaluateCounts,
  evaluateDemand,
  type Metric,
  rankingFigures,
} from '../evaluate/index.js';
import { DAY_MS, type ShopHistory } from '../index.js';
import {
  activeUsers,
  BehaviourCounter,
  buyersBefore,
  dailyUnits,
  itemsInDemand,
  itemTargets,
  purchaseLabels,
  transactionContexts,
} from '../preprocess/index.js';
import { partOfHistory, sampleOf } from './part-of-history.js';

/** What answers for the models in service: the client of the serving host, or a host in the same process. */
export type Scorers = Pick<ServingClient, 'scoreUsers' | 'rankItems' | 'forecast' | 'assessTransactions'>;

export interface LiveQuality {
  readonly task: TaskName;
  readonly modelVersionId: string;
  /** Predictions are as of this time; labels are from then on. */
  readonly asOf: Date;
  readonly examples: number;
  readonly metrics: readonly Metric[];
  /** Calibration curve of yes/no tasks; empty for others. */
  readonly calibration: readonly { readonly x: number; readonly y: number }[];
}

/** A task that cannot be judged yet. */
export interface NotDue {
  readonly task: TaskName;
  /** When the shop's clock must stand for the first complete window after training; null where labels are missing altogether. */
  readonly dueAt: Date | null;
  readonly reason: string;
}

export interface LiveQualityRequest {
  readonly shopKey: string;
  readonly history: ShopHistory;
  readonly clock: number;
  /** The version that serves each task. */
  readonly versions: ReadonlyMap<TaskName, ModelVersionRow>;
  readonly scorers: Scorers;
  readonly seed: number;
}

interface Judgement extends LiveQualityRequest {
  readonly definition: TaskDefinition;
  readonly version: ModelVersionRow;
  readonly asOf: number;
}

const MOST_USERS = 5000;
/** Users a call, so that no message between processes grows large. */
const USERS_PER_CALL = 1000;
const LEAST_EXAMPLES = 50;
/** Days that the forecaster is given: a year and a month, so that it can see the same season. */
const DEMAND_HISTORY_DAYS = 395;
const K = 10;

/** Judges every task that a version serves. */
export async function liveQuality(request: LiveQualityRequest): Promise<(LiveQuality | NotDue)[]> {
  const results: (LiveQuality | NotDue)[] = [];
  for (const [task, version] of request.versions) {
    const definition = taskDefinition(task, customTasksOf(version.manifest));
    const windowDays = definition.labelWindowDays;
    const dueAt = version.dataUntil.getTime() + windowDays * DAY_MS;
    if (request.clock < dueAt) {
      const reason = `The first ${windowDays} days after training are not over.`;
      results.push({ task, dueAt: new Date(dueAt), reason });
      continue;
    }
    const judgement = { ...request, definition, version, asOf: request.clock - windowDays * DAY_MS };
    results.push(await judge(judgement));
  }
  return results;
}

async function judge(judgement: Judgement): Promise<LiveQuality | NotDue> {
  switch (judgement.definition.entity) {
    case 'USER':
      return judgeUsers(judgement);
    case 'USER_ITEMS':
      return judgeRanking(judgement);
    case 'ITEM':
      return judgeDemand(judgement);
    case 'TRANSACTION':
      return judgeTransactions(judgement);
    case 'SESSION':
      return tooFew(judgement.definition.name, 'Sessions are measured where a version is trained.');
  }
}

const tooFew = (task: TaskName, what: string): NotDue => ({ task, dueAt: null, reason: what });

async function judgeUsers(judgement: Judgement): Promise<LiveQuality | NotDue> {
  const { history, asOf, definition, version, scorers, shopKey, seed } = judgement;
  const task = definition.name;
  const asked = askedAbout(judgement);
  const labels: number[] = [];
  const probabilities: number[] = [];
  let threshold = 0.5;
  for (const users of callsOf(sampleOf(asked.users, MOST_USERS, seed))) {
    const actual = asked.labelsOf(users);
    const scores = await scorers.scoreUsers(shopKey, partOfHistory(history, users, asOf), asOf, [task]);
    const answers = scores.probabilities[task];
    const servedBy = scores.servedBy[task];
    if (!answers || !servedBy) throw new AppError('INTERNAL', `The serving host left out ${task}.`);
    servedBy.forEach((by, at) => {
      // With a share of the traffic below 1 other versions answer too; each is judged while it is the newest.
      if (by.modelVersionId !== version.id) return;
      labels.push(actual[at]);
      probabilities.push(answers[at]);
      threshold = by.threshold;
    });
  }
  return definition.head === 'REGRESSION'
    ? judgeCounts(judgement, labels, probabilities)
    : judgeBinary(judgement, labels, probabilities, threshold);
}

/** Users that a task about users is asked about, and what became of them. */
function askedAbout({ history, asOf, definition, version }: Judgement) {
  const { name, labelWindowDays } = definition;
  if (isBuiltInTask(name)) {
    const bought = (users: Int32Array) => purchaseLabels(history, users, asOf, labelWindowDays);
    const labelsOf = (users: Int32Array) =>
      name === 'CHURN' ? bought(users).map((label) => 1 - label) : bought(users);
    return { users: buyersBefore(history, asOf), labelsOf };
  }
  const custom = customTaskOf(name, customTasksOf(version.manifest));
  const counter = new BehaviourCounter(history, custom);
  return {
    users: activeUsers(history, asOf, custom.activeDays),
    labelsOf: (users: Int32Array) => counter.labels(users, asOf),
  };
}

function judgeCounts(
  { definition: { name: task }, version, asOf, seed }: Judgement,
  actual: number[],
  predicted: number[],
): LiveQuality | NotDue {
  if (actual.length < LEAST_EXAMPLES || actual.every((count) => count === 0))
    return tooFew(task, `${actual.length} users, too few of whom showed anything to judge by.`);
  const { examples, metrics } = evaluateCounts({ actual, predicted, seed });
  return { task, modelVersionId: version.id, asOf: new Date(asOf), examples, metrics, calibration: [] };
}

async function judgeTransactions(judgement: Judgement): Promise<LiveQuality | NotDue> {
  const { history, version, scorers, shopKey, clock } = judgement;
  const from = version.dataUntil.getTime();
  const known = transactionContexts(history.transactions).filter(
    ({ transaction: { occurredAt, isFraud } }) =>
      isFraud !== null && occurredAt >= from && occurredAt < clock,
  );
  if (known.length === 0) return tooFew('FRAUD', 'No transaction since training says whether it was fraud.');
  const { probabilities, servedBy } = await scorers.assessTransactions(shopKey, known, 0);
  const labels = known.map(({ transaction }) => (transaction.isFraud ? 1 : 0));
  return judgeBinary({ ...judgement, asOf: from }, labels, Array.from(probabilities), servedBy.threshold);
}

function judgeBinary(
  { definition: { name: task }, version, asOf, seed }: Judgement,
  labels: number[],
  probabilities: number[],
  threshold: number,
): LiveQuality | NotDue {
  const positives = labels.reduce((sum, label) => sum + label, 0);
  if (labels.length < LEAST_EXAMPLES || positives === 0 || positives === labels.length) {
    return tooFew(task, `${labels.length} examples, ${positives} of them yes: too few to judge by.`);
  }
  const { examples, metrics, curves } = evaluateBinary({ labels, probabilities, threshold, seed });
  const calibration = curves.CALIBRATION ?? [];
  return { task, modelVersionId: version.id, asOf: new Date(asOf), examples, metrics, calibration };
}

async function judgeRanking(judgement: Judgement): Promise<LiveQuality | NotDue> {
  const { history, asOf, definition, version, scorers, shopKey, seed } = judgement;
  const { users, targets } = itemTargets(history, asOf, definition.labelWindowDays);
  const place = new Map(Array.from(users, (user, at) => [user, at]));
  const itemAt = new Map(history.items.map((item, index) => [item.id, index]));
  const hits: number[] = [];
  const gains: number[] = [];
  for (const part of callsOf(sampleOf(users, MOST_USERS, seed))) {
    const options = { first: K, allowed: null, excludeBought: false };
    const ranked = await scorers.rankItems(shopKey, partOfHistory(history, part, asOf), asOf, options);
    part.forEach((user, at) => {
      if (ranked.servedBy[at].modelVersionId !== version.id) return;
      const items = ranked.items[at].map(({ itemId }) => itemAt.get(itemId) ?? -1);
      const { hit, ndcg } = rankingFigures(items, targets[place.get(user) ?? -1], K);
      hits.push(hit);
      gains.push(ndcg);
    });
  }
  if (gains.length < LEAST_EXAMPLES)
    return tooFew(definition.name, `${gains.length} users: too few to judge by.`);
  const metric = (name: string, values: number[]): Metric => {
    const value = values.reduce((sum, part) => sum + part, 0) / values.length;
    return { name, value, ...bootstrapMean(values, { seed }) };
  };
  return {
    task: definition.name,
    modelVersionId: version.id,
    asOf: new Date(asOf),
    examples: gains.length,
    metrics: [metric('NDCG@10', gains), metric('HR@10', hits)],
    calibration: [],
  };
}

async function judgeDemand(judgement: Judgement): Promise<LiveQuality | NotDue> {
  const { history, clock, version, scorers, shopKey, seed, definition } = judgement;
  const days = definition.labelWindowDays;
  // Whole days: the day of the clock is not over.
  const start = (Math.floor(clock / DAY_MS) - days) * DAY_MS;
  if (start < version.dataUntil.getTime()) {
    const dueAt = version.dataUntil.getTime() + (days + 1) * DAY_MS;
    return {
      task: definition.name,
      dueAt: new Date(dueAt),
      reason: 'The first whole days after training are not over.',
    };
  }
  const items = itemsInDemand(history, start);
  if (items.length < LEAST_EXAMPLES)
    return tooFew(definition.name, `${items.length} items: too few to judge by.`);
  const series = dailyUnits(history, items, start - DEMAND_HISTORY_DAYS * DAY_MS, DEMAND_HISTORY_DAYS);
  const { values } = await scorers.forecast(shopKey, series, days);
  const actual = dailyUnits(history, items, start, days).units;
  const { units: predicted, low, high } = values;
  const report = evaluateDemand({ actual, predicted, low, high, days, seed });
  return {
    task: definition.name,
    modelVersionId: version.id,
    asOf: new Date(start),
    examples: report.examples,
    metrics: report.metrics,
    calibration: [],
  };
}

function callsOf(users: Int32Array): Int32Array[] {
  const calls = Math.ceil(users.length / USERS_PER_CALL);
  return Array.from({ length: calls }, (_, call) =>
    users.slice(call * USERS_PER_CALL, (call + 1) * USERS_PER_CALL),
  );
}
