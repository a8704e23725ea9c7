/** Examples (user, cut) for training: features as of many past cuts, and when the user bought next. */
import { setImmediate as yieldToLoop } from 'node:timers/promises';

import { BEHAVIOUR_CODE, DAY_MS, type ShopHistory } from '../index.js';
import { type ItemStatistics, itemStatistics } from './item-statistics.js';
import { buyersBefore } from './labels.js';
import { type Standardiser, standardiserOf } from './standardiser.js';
import { USER_FEATURE_COUNT, userFeatures } from './user-features.js';

export interface UserExamples {
  readonly count: number;
  /** [count × features] standardised among the users of the same cut. */
  readonly features: Float32Array;
  /** [count] days from the cut to the next purchase that was seen; Infinity where none was. */
  readonly nextPurchaseDays: Float32Array;
  /** [count] days from the cut to the end of what was seen: a window longer than this has no label yet. */
  readonly seenDays: Float32Array;
}

export interface UserExampleOptions {
  /** Days between cuts at least. */
  readonly stepDays: number;
  /** Where more examples would come together, cuts are taken farther apart. */
  readonly maxExamples: number;
  /** Days of history that the oldest cut has behind it. */
  readonly leastHistoryDays: number;
  /** Days before the end of what was seen that the newest cut lies. */
  readonly leastSeenDays: number;
}

export const USER_EXAMPLE_DEFAULTS: UserExampleOptions = {
  stepDays: 5,
  maxExamples: 100_000,
  leastHistoryDays: 14,
  leastSeenDays: 5,
};

/** What makes one user's features comparable with others': the population as of a cut. Kept with a model. */
export interface UserPopulation {
  readonly statistics: ItemStatistics;
  readonly standardiser: Standardiser;
}

/** The population as of a cut. */
export function userPopulation(history: ShopHistory, cut: number): UserPopulation {
  const statistics = itemStatistics(history, cut);
  const features = userFeatures(history, buyersBefore(history, cut), cut, statistics);
  return { statistics, standardiser: standardiserOf(features, USER_FEATURE_COUNT) };
}

/** Cuts to learn from, newest first; none reads anything at or after `until`. */
export function exampleCuts(history: ShopHistory, until: number, options = USER_EXAMPLE_DEFAULTS): number[] {
  const { behaviours } = history;
  let first = Infinity;
  for (let row = 0; row < behaviours.count; row++)
    if (behaviours.occurredAt[row] < first) first = behaviours.occurredAt[row];
  const newest = until - options.leastSeenDays * DAY_MS;
  const oldest = first + options.leastHistoryDays * DAY_MS;
  const perCut = Math.max(1, buyersBefore(history, newest).length);
  const span = Math.max(0, newest - oldest);
  // Earlier cuts have fewer users: about half the newest one's on average.
  const allowed = Math.max(1, Math.floor((2 * options.maxExamples) / perCut));
  const step = Math.max(options.stepDays * DAY_MS, Math.ceil(span / allowed / DAY_MS) * DAY_MS);
  const cuts: number[] = [];
  for (let cut = newest; cut >= oldest; cut -= step) cuts.push(cut);
  return cuts;
}

/**
 * Examples at every cut. Standardising among the users of the same cut takes out that early cuts see a shorter history.
 *
 * @param until  nothing at or after it is read, neither for features nor for labels
 * @param signal  aborted: rejects with its reason before the next cut
 */
export async function userExamples(
  history: ShopHistory,
  until: number,
  options = USER_EXAMPLE_DEFAULTS,
  signal?: AbortSignal,
): Promise<UserExamples> {
  const known = cache.get(history)?.get(until);
  if (known && options === USER_EXAMPLE_DEFAULTS) return known;
  const examples = await gatherExamples(history, until, options, signal);
  if (options === USER_EXAMPLE_DEFAULTS) {
    cache.set(history, new Map([...(cache.get(history) ?? []), [until, examples]]));
  }
  return examples;
}

/** Models of one run learn from the same examples: gathered once for as long as the history lives. */
const cache = new WeakMap<ShopHistory, Map<number, UserExamples>>();

async function gatherExamples(
  history: ShopHistory,
  until: number,
  options: UserExampleOptions,
  signal: AbortSignal | undefined,
): Promise<UserExamples> {
  const parts = [];
  for (const cut of exampleCuts(history, until, options)) {
    signal?.throwIfAborted();
    const users = buyersBefore(history, cut);
    const features = userFeatures(history, users, cut, itemStatistics(history, cut));
    standardiserOf(features, USER_FEATURE_COUNT).apply(features);
    parts.push({ features, next: nextPurchases(history, users, cut, until), seen: (until - cut) / DAY_MS });
    // Other work of the process (heartbeats, cancelling) gets its turn.
    await yieldToLoop();
  }
  const count = parts.reduce((sum, part) => sum + part.next.length, 0);
  const examples = {
    count,
    features: new Float32Array(count * USER_FEATURE_COUNT),
    nextPurchaseDays: new Float32Array(count),
    seenDays: new Float32Array(count),
  };
  let at = 0;
  for (const { features, next, seen } of parts) {
    examples.features.set(features, at * USER_FEATURE_COUNT);
    examples.nextPurchaseDays.set(next, at);
    examples.seenDays.fill(seen, at, at + next.length);
    at += next.length;
  }
  return examples;
}

/** Days from the cut to each user's next purchase before `until`; Infinity where there is none. */
export function nextPurchases(
  history: ShopHistory,
  users: Int32Array,
  cut: number,
  until: number,
): Float32Array {
  const { behaviours, userOffsets } = history;
  return Float32Array.from(users, (user) => {
    for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
      const time = behaviours.occurredAt[row];
      if (time >= until) break;
      if (time >= cut && behaviours.type[row] === BEHAVIOUR_CODE.PURCHASE) return (time - cut) / DAY_MS;
    }
    return Infinity;
  });
}
