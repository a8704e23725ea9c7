import type { ShopHistory } from '../../index.js';
import type { ShopWorld } from './world.js';

/** What is true of each user and order, in columns: what every truth is worked out from. Days are counted from the start. */
export interface TruthColumns {
  readonly world: ShopWorld;
  readonly history: ShopHistory;
  /** [users × traits] */
  readonly traits: Float64Array;
  /** [users] visits a day, and hazard a day of leaving, where every day is alike. */
  readonly visitRates: Float64Array;
  readonly leavingRates: Float64Array;
  /** [users] */
  readonly tastes: Uint8Array;
  /** [users × PROCESS.habits] items; one may stand there twice. */
  readonly habits: Int32Array;
  /** [users] the day of the first visit, and the first day on which the user is gone for good. */
  readonly arrivalDays: Int32Array;
  readonly leavingDays: Int32Array;
  /** [users + 1] orders of user u, in order of time, are those from orderOffsets[u] up to orderOffsets[u + 1]. */
  readonly orderOffsets: Int32Array;
  /** [orders × traits] */
  readonly orderTraits: Float32Array;
  /** [orders] */
  readonly orderDays: Int32Array;
  /** Day of a time in milliseconds since the epoch. */
  dayAt(time: number): number;
}
