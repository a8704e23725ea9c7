import { BEHAVIOUR_CODE } from '../../index.js';
import { PROCESS, TRAIT_COUNT } from './process.js';
import type { TruthColumns } from './truth-columns.js';

/** Mean and variance of what is known of a user's traits from orders: normal, the same variance for each. */
export interface TraitBelief {
  /** [traits] */
  readonly means: Float64Array;
  readonly variance: number;
}

/** Traits after `count` orders whose traits add up to `sums` (conjugate normal). */
export function traitBelief(sums: ArrayLike<number>, count: number): TraitBelief {
  const noise = PROCESS.orderNoise ** 2;
  const variance = 1 / (1 + count / noise);
  return { means: Float64Array.from(sums, (sum) => (variance * sum) / noise), variance };
}

export function traitsBefore(truth: TruthColumns, user: number, day: number): TraitBelief {
  const sums = new Float64Array(TRAIT_COUNT);
  let count = 0;
  for (let order = truth.orderOffsets[user]; order < truth.orderOffsets[user + 1]; order++) {
    if (truth.orderDays[order] >= day) break;
    for (let at = 0; at < TRAIT_COUNT; at++) sums[at] += truth.orderTraits[order * TRAIT_COUNT + at];
    count++;
  }
  return traitBelief(sums, count);
}

/** Days of a user's visits before a day, ascending. */
export function visitDaysBefore(truth: TruthColumns, user: number, day: number): number[] {
  const { behaviours, userOffsets } = truth.history;
  const days: number[] = [];
  let session = -1;
  for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
    if (behaviours.session[row] === session) continue;
    session = behaviours.session[row];
    const visitDay = truth.dayAt(behaviours.occurredAt[row]);
    if (visitDay >= day) break;
    days.push(visitDay);
  }
  return days;
}

/** What a user took to, by item: in how many visits, and on which day first. */
export interface ItemEvidence {
  readonly visits: ReadonlyMap<number, number>;
  readonly firstDay: ReadonlyMap<number, number>;
  /** Sum of the visits over the items. */
  readonly draws: number;
}

/** Ratings and refunds speak of earlier visits, and what is bought was looked at: views alone are counted. */
export function itemsBefore(truth: TruthColumns, user: number, day: number): ItemEvidence {
  const { behaviours, userOffsets } = truth.history;
  const visits = new Map<number, number>();
  const firstDay = new Map<number, number>();
  const lastSession = new Map<number, number>();
  let draws = 0;
  for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
    const viewDay = truth.dayAt(behaviours.occurredAt[row]);
    if (viewDay >= day) break;
    if (behaviours.type[row] !== BEHAVIOUR_CODE.VIEW) continue;
    const item = behaviours.item[row];
    if (lastSession.get(item) === behaviours.session[row]) continue;
    lastSession.set(item, behaviours.session[row]);
    visits.set(item, (visits.get(item) ?? 0) + 1);
    if (!firstDay.has(item)) firstDay.set(item, viewDay);
    draws++;
  }
  return { visits, firstDay, draws };
}

/** [tastes] log-likelihood of the different items that a user took to; repeats are the habits' doing and tell nothing more. */
export function tasteLogLikelihoods(truth: TruthColumns, { firstDay }: ItemEvidence): Float64Array {
  const { catalogue, categoryShares } = truth.world;
  const { tastes, categories, category, shares, items } = catalogue;
  const sums = new Float64Array(tastes);
  for (const [item, day] of firstDay) {
    for (let taste = 0; taste < tastes; taste++) {
      const ofCategory = categoryShares[(day * tastes + taste) * categories + category[item]];
      sums[taste] += Math.log(ofCategory * shares[taste * items.length + item]);
    }
  }
  return sums;
}
