/** Examples (user, cut) of a custom task: what was known before past cuts, and what was counted in the window after each. */
import { setImmediate as yieldToLoop } from 'node:timers/promises';

import { type CustomTask, labelOf } from '../../tasks/index.js';
import { DAY_MS, type ShopHistory } from '../index.js';
import { activeUsers, ACTIVITY_FEATURE_COUNT, activityLogs, BehaviourCounter } from './counted-behaviours.js';
import { userPopulation } from './user-examples.js';
import { USER_FEATURE_COUNT, userFeatures } from './user-features.js';

export interface CustomExamples {
  readonly count: number;
  /** [count] indices into history.users. */
  readonly users: Int32Array;
  /** [count] the example's cut, milliseconds. */
  readonly cuts: Float64Array;
  /** [count × USER_FEATURE_COUNT] standardised among the buyers of the same cut; zeros (the average buyer) for who has bought nothing. */
  readonly userFeatures: Float32Array;
  /** [count × ACTIVITY_FEATURE_COUNT] not standardised. */
  readonly activity: Float32Array;
  /** [count] 0 or 1, or the count. */
  readonly labels: Float32Array;
}

const LEAST_HISTORY_DAYS = 14;
const LEAST_STEP_DAYS = 7;
const MOST_CUTS = 12;
const MOST_EXAMPLES = 60_000;

/**
 * Examples whose windows have ended; kept, so not to be changed.
 *
 * @param until  nothing at or after it is read, neither for features nor for labels
 * @param signal aborted: rejects with its reason before the next cut
 */
export async function customExamples(
  history: ShopHistory,
  until: number,
  task: CustomTask,
  signal?: AbortSignal,
): Promise<CustomExamples> {
  const known = cache.get(history) ?? new Map<string, CustomExamples>();
  cache.set(history, known);
  const key = `${until} ${task.activeDays} ${labelOf(task)}`;
  const examples = known.get(key) ?? (await gatherExamples(history, until, task, signal));
  known.set(key, examples);
  return examples;
}

/** Models of one run learn from the same examples: gathered once for as long as the history lives. */
const cache = new WeakMap<ShopHistory, Map<string, CustomExamples>>();
/** What is known of buyers does not depend on the task: [active users × USER_FEATURE_COUNT] by cut and days. */
const buyersCache = new WeakMap<ShopHistory, Map<string, Float32Array>>();

async function gatherExamples(
  history: ShopHistory,
  until: number,
  task: CustomTask,
  signal: AbortSignal | undefined,
): Promise<CustomExamples> {
  const counter = new BehaviourCounter(history, task);
  const parts = [];
  for (const cut of customCuts(history, until, task)) {
    signal?.throwIfAborted();
    const users = activeUsers(history, cut, task.activeDays);
    parts.push({
      users,
      cut,
      userFeatures: standardisedBuyers(history, users, cut, task.activeDays),
      activity: activityLogs(counter.rawActivity(users, cut)),
      labels: counter.labels(users, cut),
    });
    // Other work of the process (heartbeats, cancelling) gets its turn.
    await yieldToLoop();
  }
  const count = parts.reduce((sum, { users }) => sum + users.length, 0);
  const examples = {
    count,
    users: new Int32Array(count),
    cuts: new Float64Array(count),
    userFeatures: new Float32Array(count * USER_FEATURE_COUNT),
    activity: new Float32Array(count * ACTIVITY_FEATURE_COUNT),
    labels: new Float32Array(count),
  };
  let at = 0;
  for (const part of parts) {
    examples.users.set(part.users, at);
    examples.cuts.fill(part.cut, at, at + part.users.length);
    examples.userFeatures.set(part.userFeatures, at * USER_FEATURE_COUNT);
    examples.activity.set(part.activity, at * ACTIVITY_FEATURE_COUNT);
    examples.labels.set(part.labels, at);
    at += part.users.length;
  }
  return examples;
}

/** Cuts to learn from, newest first, each with its whole window before `until`. */
function customCuts(history: ShopHistory, until: number, task: CustomTask): number[] {
  const { occurredAt, count } = history.behaviours;
  let first = Infinity;
  for (let row = 0; row < count; row++) if (occurredAt[row] < first) first = occurredAt[row];
  const newest = until - task.windowDays * DAY_MS;
  const oldest = first + LEAST_HISTORY_DAYS * DAY_MS;
  const step = Math.max(LEAST_STEP_DAYS, Math.ceil(task.windowDays / 2)) * DAY_MS;
  const perCut = Math.max(1, activeUsers(history, newest, task.activeDays).length);
  const most = Math.min(MOST_CUTS, Math.max(1, Math.floor(MOST_EXAMPLES / perCut)));
  const cuts: number[] = [];
  for (let cut = newest; cut >= oldest && cuts.length < most; cut -= step) cuts.push(cut);
  return cuts;
}

function standardisedBuyers(
  history: ShopHistory,
  users: Int32Array,
  cut: number,
  activeDays: number,
): Float32Array {
  const known = buyersCache.get(history) ?? new Map<string, Float32Array>();
  buyersCache.set(history, known);
  const key = `${cut} ${activeDays}`;
  const found = known.get(key);
  if (found) return found;
  const { statistics, standardiser } = userPopulation(history, cut);
  const raw = userFeatures(history, users, cut, statistics);
  const standardised = zeroWhereUnknown(raw, standardiser.apply(raw.slice()));
  known.set(key, standardised);
  return standardised;
}

/** Puts those of whom no purchase is known in the place of the average buyer. @param raw, standardised [users × USER_FEATURE_COUNT] */
export function zeroWhereUnknown(raw: Float32Array, standardised: Float32Array): Float32Array {
  for (let from = 0; from < raw.length; from += USER_FEATURE_COUNT) {
    const to = from + USER_FEATURE_COUNT;
    if (raw.subarray(from, to).every((value) => value === 0)) standardised.fill(0, from, to);
  }
  return standardised;
}
