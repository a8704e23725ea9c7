/** What custom tasks count, and what is known beforehand of users who may show it. */
import { type CustomTask } from '../../tasks/index.js';
import { BEHAVIOUR_CODE, type BehaviourType, DAY_MS, type ShopHistory } from '../index.js';

/** A feature of a user's activity as of a cut. */
export interface ActivityFeature {
  readonly name: string;
  readonly description: string;
  /** Taken as log(1 + x) before it is standardised. */
  readonly isLog: boolean;
}

/** Stands in for an age of something that never happened. */
const NEVER_DAYS = 400;
const WINDOWS = [7, 30, 90] as const;
const HALF_LIVES = [7, 30] as const;
const TYPICAL_DAYS = 30;

const log = (name: string, description: string): ActivityFeature => ({ name, description, isLog: true });

/** In the order in which `activityFeatures` writes them. */
export const ACTIVITY_FEATURES: readonly ActivityFeature[] = [
  ...WINDOWS.map((days) => log(`counted_${days}d`, `of what the task counts, in the last ${days} days`)),
  log('counted_window', "of what the task counts, in as many days as the task's window has"),
  log('counted', 'of what the task counts, so far'),
  log('counted_recency', 'days since the last of what the task counts'),
  log('counted_days_30d', 'days with something that the task counts, in the last 30 days'),
  ...HALF_LIVES.map((days) =>
    log(`counted_decayed_${days}d`, `of what the task counts, each half as much after ${days} days`),
  ),
  {
    name: 'counted_rate',
    description: 'log of what the task counts a day since the first visit, shrunk',
    isLog: false,
  },
  ...WINDOWS.map((days) => log(`active_${days}d`, `behaviours of any type in the last ${days} days`)),
  log('active_recency', 'days since the last behaviour of any type'),
  log('active_days_30d', 'days with a behaviour of any type, in the last 30 days'),
  log('known_for', 'days since the first behaviour of any type'),
  { name: 'is_buyer', description: 'has bought before', isLog: false },
];
export const ACTIVITY_FEATURE_COUNT = ACTIVITY_FEATURES.length;
/** Column of `counted_window`. */
export const COUNTED_WINDOW = ACTIVITY_FEATURES.findIndex(({ name }) => name === 'counted_window');

/** Tells which behaviours of one history a task counts. */
export class BehaviourCounter {
  /** By code of a type: 1 where it counts. */
  private readonly isCounted = new Uint8Array(256);
  /** By item: 1 where its category counts; null where all do. */
  private readonly isItem: Uint8Array | null;
  private readonly countsItems: boolean;

  constructor(
    private readonly history: ShopHistory,
    private readonly task: CustomTask,
  ) {
    for (const type of task.behaviours) this.isCounted[BEHAVIOUR_CODE[type as BehaviourType]] = 1;
    const { category } = task;
    this.isItem =
      category === null
        ? null
        : Uint8Array.from(history.items, (item) => (item.category.includes(category) ? 1 : 0));
    this.countsItems = task.counts === 'ITEMS';
  }

  /** Whether a row of the history's behaviours counts. */
  counts(row: number): boolean {
    const { type, item } = this.history.behaviours;
    if (this.isCounted[type[row]] === 0) return false;
    if (this.countsItems && item[row] < 0) return false;
    return this.isItem === null || (item[row] >= 0 && this.isItem[item[row]] === 1);
  }

  /** How much a user shows in [from, to). */
  between(user: number, from: number, to: number): number {
    const { behaviours, userOffsets } = this.history;
    const items = new Set<number>();
    let count = 0;
    for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
      const time = behaviours.occurredAt[row];
      if (time >= to) break;
      if (time < from || !this.counts(row)) continue;
      if (this.countsItems) items.add(behaviours.item[row]);
      else count++;
    }
    return this.countsItems ? items.size : count;
  }

  /** The labels of users as of a cut: 0 or 1, or the count. Reads nothing before the cut. @returns [users] */
  labels(users: Int32Array, cut: number): Float32Array {
    const { atLeast, windowDays } = this.task;
    return Float32Array.from(users, (user) => {
      const count = this.between(user, cut, cut + windowDays * DAY_MS);
      return atLeast === null ? count : count >= atLeast ? 1 : 0;
    });
  }

  /**
   * What is known of users before a cut, each in its own unit; zeros for a user without a behaviour before it. Reads nothing at or after the cut.
   *
   * @returns [users × ACTIVITY_FEATURE_COUNT]
   */
  rawActivity(users: Int32Array, cut: number): Float64Array {
    const values = new Float64Array(users.length * ACTIVITY_FEATURE_COUNT);
    users.forEach((user, at) => {
      const found = this.activityOf(user, cut);
      if (found) values.set(found, at * ACTIVITY_FEATURE_COUNT);
    });
    return values;
  }

  private activityOf(user: number, cut: number): number[] | null {
    const { behaviours, userOffsets } = this.history;
    const counted: number[] = [];
    const active: number[] = [];
    let isBuyer = 0;
    for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
      const time = behaviours.occurredAt[row];
      if (time >= cut) break;
      const age = (cut - time) / DAY_MS;
      active.push(age);
      if (this.counts(row)) counted.push(age);
      if (behaviours.type[row] === BEHAVIOUR_CODE.PURCHASE) isBuyer = 1;
    }
    if (active.length === 0) return null;
    const [knownFor] = active;
    const window = cut - this.task.windowDays * DAY_MS;
    return [
      ...WINDOWS.map((days) => within(counted, days)),
      this.between(user, window, cut),
      counted.length,
      counted.at(-1) ?? NEVER_DAYS,
      differentDays(counted, cut),
      ...HALF_LIVES.map((days) => counted.reduce((sum, age) => sum + 0.5 ** (age / days), 0)),
      Math.log((counted.length + 1) / (knownFor + TYPICAL_DAYS)),
      ...WINDOWS.map((days) => within(active, days)),
      active[active.length - 1],
      differentDays(active, cut),
      knownFor,
      isBuyer,
    ];
  }
}

const within = (ages: readonly number[], days: number): number =>
  ages.reduce((count, age) => count + (age <= days ? 1 : 0), 0);

/** Different days (UTC) of the last 30 among ages. */
function differentDays(ages: readonly number[], cut: number): number {
  const days = new Set<number>();
  for (const age of ages) if (age <= 30) days.add(Math.floor(cut / DAY_MS - age));
  return days.size;
}

/** Users with any behaviour in the `days` before the cut: those whom a custom task is asked about. Indices, ascending. */
export function activeUsers(history: ShopHistory, cut: number, days: number): Int32Array {
  const { behaviours, userOffsets } = history;
  const from = cut - days * DAY_MS;
  const found: number[] = [];
  for (let user = 0; user < history.users.length; user++) {
    for (let row = userOffsets[user + 1] - 1; row >= userOffsets[user]; row--) {
      const time = behaviours.occurredAt[row];
      if (time < from) break;
      if (time >= cut) continue;
      found.push(user);
      break;
    }
  }
  return Int32Array.from(found);
}

/** Logarithms where a feature asks for them. @param raw [users × ACTIVITY_FEATURE_COUNT]. @returns the same size */
export function activityLogs(raw: Float64Array): Float32Array {
  return Float32Array.from(raw, (value, at) =>
    ACTIVITY_FEATURES[at % ACTIVITY_FEATURE_COUNT].isLog ? Math.log1p(value) : value,
  );
}
