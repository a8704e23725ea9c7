import fc from 'fast-check';

import { BEHAVIOUR_TYPES, type BehaviourRow, DAY_MS, type ShopHistory } from '../../src/pipeline/index.js';
import { rowsOf, withRows } from './shop-with-rates.js';

/** Behaviours at or after the cut, of any kind, by anyone, for any item. */
export function futureRows(history: ShopHistory, cut: number): fc.Arbitrary<BehaviourRow[]> {
  const row = fc.record({
    user: fc.nat(history.users.length - 1),
    item: fc.integer({ min: -1, max: history.items.length - 1 }),
    type: fc.constantFrom(...BEHAVIOUR_TYPES),
    // The very moment of the cut belongs to the future.
    occurredAt: fc.oneof(
      fc.constant(cut),
      fc.integer({ min: 0, max: 200 * DAY_MS }).map((ms) => cut + ms),
    ),
    quantity: fc.integer({ min: 1, max: 100_000 }),
    value: fc.integer({ min: 0, max: 1_000_000 }),
    session: fc.integer({ min: -1, max: 1_000_000 }),
  });
  return fc.array(row, { minLength: 1, maxLength: 120 });
}

/** The history up to the cut with another future. */
export function withFuture(history: ShopHistory, cut: number, future: readonly BehaviourRow[]): ShopHistory {
  return withRows(history, [...rowsOf(history).filter(({ occurredAt }) => occurredAt < cut), ...future]);
}

/**
 * Whether what `compute` makes of a history is the same for every future after the cut: the check that nothing leaks.
 *
 * @param compute must give numbers that depend on the history it is given
 */
export function isBlindToFuture(
  history: ShopHistory,
  cut: number,
  compute: (history: ShopHistory) => ArrayLike<number>,
  runs = 8,
): boolean {
  const before = Array.from(compute(history));
  return !fc.check(
    fc.property(futureRows(history, cut), (future) => {
      const after = Array.from(compute(withFuture(history, cut, future)));
      return after.length === before.length && after.every((value, at) => Object.is(value, before[at]));
    }),
    { numRuns: runs, seed: 7, endOnFailure: true },
  ).failed;
}
