/** How long answers take: one user, item, transaction or session at a time, as they are served. */
import { performance } from 'node:perf_hooks';

import { DAY_MS, type Model, type ShopHistory } from '../../../pipeline/index.js';
import {
  activeUsers,
  buyersBefore,
  dailyUnits,
  itemsInDemand,
  nextBehaviourExamples,
} from '../../../pipeline/preprocess/index.js';
import { fraudExamples } from '../../../pipeline/single-task/index.js';
import {
  type CustomTask,
  customTaskOf,
  isCustomTask,
  taskDefinition,
  type TaskName,
} from '../../../tasks/index.js';

const ANSWERS = 60;
const WARM_UP = 5;
/** Slow members are asked less often. */
const MOST_MS = 1500;
const LIST_LENGTH = 10;
const DEMAND_HISTORY_DAYS = 182;

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Asks a model for one answer. */
export type Ask = (model: Model) => Promise<unknown>;

export interface AskedTask {
  readonly task: TaskName;
  /** Definitions of the shop's own tasks that may be meant. */
  readonly customTasks: readonly CustomTask[];
  readonly history: ShopHistory;
  readonly cut: number;
  /** End of the time from which transactions and sessions are taken. */
  readonly until: number;
}

/** Requests of a task as of a cut, one unit each, spread evenly over those that the shop has; none where it has none. */
export function requestsOf({ task, customTasks, history, cut, until }: AskedTask): Ask[] {
  const { entity, labelWindowDays } = taskDefinition(task, customTasks);
  switch (entity) {
    case 'USER':
      return spread([...usersOf(task, customTasks, history, cut)]).map((user) => {
        const one = historyOfUser(history, user);
        return (model) => required(model.users).scoreUsers({ history: one, users: FIRST, asOf: cut });
      });
    case 'USER_ITEMS':
      return spread([...buyersBefore(history, cut)]).map((user) => {
        const one = historyOfUser(history, user);
        const options = { first: LIST_LENGTH, allowed: null, excludeBought: false };
        return (model) => required(model.items).rankItems({ history: one, users: FIRST, asOf: cut }, options);
      });
    case 'ITEM':
      return spread([...itemsInDemand(history, cut)]).map((item) => {
        const from = cut - DEMAND_HISTORY_DAYS * DAY_MS;
        const series = dailyUnits(history, Int32Array.of(item), from, DEMAND_HISTORY_DAYS);
        return (model) => required(model.demand).forecast(series, labelWindowDays);
      });
    case 'TRANSACTION':
      return spread(fraudExamples(history, { from: cut, to: until, labelledUntil: cut }).contexts).map(
        (one) => (model) => required(model.fraud).scoreTransactions([one]),
      );
    case 'SESSION':
      return spread(nextBehaviourExamples(history, { from: cut, until, maxExamples: ANSWERS }).sessions).map(
        (session) => (model) => required(model.sessions).scoreSessions({ history, sessions: [session] }),
      );
  }
}

function usersOf(
  task: TaskName,
  customTasks: readonly CustomTask[],
  history: ShopHistory,
  cut: number,
): Int32Array {
  if (!isCustomTask(task)) return buyersBefore(history, cut);
  return activeUsers(history, cut, customTaskOf(task, customTasks).activeDays);
}

/** Milliseconds an answer; null without requests. */
export async function measureLatency(model: Model, requests: readonly Ask[]): Promise<Latency | null> {
  if (requests.length === 0) return null;
  for (let at = 0; at < WARM_UP; at++) await requests[at % requests.length](model);
  const times: number[] = [];
  const start = performance.now();
  for (let at = 0; at < ANSWERS && (at === 0 || performance.now() - start < MOST_MS); at++) {
    const before = performance.now();
    await requests[at % requests.length](model);
    times.push(performance.now() - before);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))];
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

const FIRST = Int32Array.of(0);

function spread<Value>(all: readonly Value[]): Value[] {
  const step = Math.max(1, Math.floor(all.length / ANSWERS));
  return all.filter((_, at) => at % step === 0).slice(0, ANSWERS);
}

/** A history as serving reads it: of one user. */
function historyOfUser(history: ShopHistory, user: number): ShopHistory {
  const { behaviours, userOffsets } = history;
  const [from, to] = [userOffsets[user], userOffsets[user + 1]];
  return {
    ...history,
    users: [history.users[user]],
    userOffsets: Int32Array.of(0, to - from),
    transactions: [],
    behaviours: {
      count: to - from,
      user: new Int32Array(to - from),
      item: behaviours.item.subarray(from, to),
      type: behaviours.type.subarray(from, to),
      occurredAt: behaviours.occurredAt.subarray(from, to),
      quantity: behaviours.quantity.subarray(from, to),
      value: behaviours.value.subarray(from, to),
      session: behaviours.session.subarray(from, to),
    },
  };
}

function required<Scorer>(scorer: Scorer | undefined): Scorer {
  if (!scorer) throw new Error('The model cannot answer the task.');
  return scorer;
}
