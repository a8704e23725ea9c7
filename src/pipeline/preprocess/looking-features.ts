import { decayedSum } from './aggregates.js';
import type { UserPast } from './user-past.js';

/** What a user does besides ordering, as of a cut; see UserFeature. */
export interface LookingFeature {
  readonly name: string;
  readonly description: string;
  readonly isLog: boolean;
  readonly value: (past: UserPast) => number;
}

const TYPICAL_GAP_DAYS = 15;
const age = (past: UserPast, day: number): number => past.cutDay - day;
const lastAge = (past: UserPast, days: readonly number[]): number => age(past, days[days.length - 1]);

/**
 * Features of visits that ended without an order: who looks around is still there. Each is 0 for a user of whom orders alone are known, so that they
 * say nothing in a shop that records nothing else.
 */
export const LOOKING_FEATURES: readonly LookingFeature[] = [
  {
    name: 'looked_since_order',
    description: 'days from the last order to the last visit',
    isLog: true,
    value: (past) => Math.max(0, lastAge(past, past.visitDays) - lastAge(past, past.presentDays)),
  },
  {
    name: 'looked_lately',
    description: 'log of the days since the last order over those since the last visit',
    isLog: false,
    value: (past) => Math.log((lastAge(past, past.visitDays) + 1) / (lastAge(past, past.presentDays) + 1)),
  },
  {
    name: 'looked_to_gap',
    description:
      'log of the days since the last visit over the usual time between visits, where there are visits without an order',
    isLog: false,
    value: (past) =>
      past.lookedDays.length === 0
        ? 0
        : Math.log((lastAge(past, past.presentDays) + 1) / (usualGap(past) + 1)),
  },
  {
    name: 'looked_rate',
    description: 'log of visits over visits with an order',
    isLog: false,
    value: (past) => Math.log(past.presentDays.length / past.visitDays.length),
  },
  {
    name: 'looked_days',
    description: 'days with a visit and no order',
    isLog: true,
    value: (past) => past.lookedDays.length,
  },
  ...[7, 30, 90].map((days) => ({
    name: `looked_days_${days}d`,
    description: `days with a visit and no order in the last ${days} days`,
    isLog: true,
    value: (past: UserPast) => past.lookedDays.filter((day) => age(past, day) <= days).length,
  })),
  ...[15, 45, 120].map((days) => ({
    name: `looked_decayed_${days}d`,
    description: `visits without an order, each counting half as much after ${days} days`,
    isLog: true,
    value: (past: UserPast) =>
      decayedSum(
        past.lookedDays.map((day) => age(past, day)),
        () => 1,
        days,
      ),
  })),
  {
    name: 'looked_before',
    description: 'days from the first visit to the first order',
    isLog: true,
    value: (past) => past.visitDays[0] - past.presentDays[0],
  },
];

/** Days between visits of any kind, shrunk to two weeks where there are few. */
function usualGap({ presentDays }: UserPast): number {
  const span = presentDays[presentDays.length - 1] - presentDays[0];
  return (span + TYPICAL_GAP_DAYS) / presentDays.length;
}
