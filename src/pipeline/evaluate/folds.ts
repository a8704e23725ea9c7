import { Random } from '../../nn/random.js';

export interface Fold {
  /** Indices of units to train on. */
  readonly train: Int32Array;
  /** Indices of units to test on. */
  readonly test: Int32Array;
}

/**
 * k folds over units (users, items): every unit is tested once, none is in both parts of a fold. A unit's examples at all cuts go
 * together, so that no fold tests on a user that it has trained on.
 *
 * @throws RangeError unless 2 ≤ folds ≤ units
 */
export function kFolds(units: number, folds: number, seed: number): Fold[] {
  if (!(folds >= 2 && folds <= units)) throw new RangeError(`Expected 2 to ${units} folds, got ${folds}.`);
  const order = new Random(seed).fork('folds').permutation(units);
  return Array.from({ length: folds }, (_, fold) => ({
    train: Int32Array.from(order.filter((_unit, at) => at % folds !== fold)).sort(),
    test: Int32Array.from(order.filter((_unit, at) => at % folds === fold)).sort(),
  }));
}

/**
 * Cuts for rolling-origin evaluation (Tashman, 2000), oldest first: the newest one's label window ends at `until`, each other lies
 * `stepMs` before the next.
 */
export function rollingCuts(until: number, windowMs: number, stepMs: number, count: number): number[] {
  return Array.from({ length: count }, (_, back) => until - windowMs - (count - 1 - back) * stepMs);
}
