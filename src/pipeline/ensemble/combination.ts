import type { CombinationMethod } from '../index.js';
import type { Calibration } from './calibrate.js';

/** What combines one task's members. `weights` sum to 1 but for STACKING, whose first number is the bias. */
export interface Combination {
  readonly method: CombinationMethod;
  readonly weights: readonly number[];
  /** Each member's own decision threshold, for HARD_VOTING. */
  readonly thresholds: readonly number[];
  /** Whether expected counts of a task about users are combined, and no probabilities. */
  readonly isCount?: boolean;
  /** What the combined probabilities go through afterwards. */
  readonly calibration?: Calibration | null;
}

/** Each member's weight, without the bias of a stacking. */
export const memberWeights = ({ method, weights }: Combination): readonly number[] =>
  method === 'STACKING' ? weights.slice(1) : weights;

export const evenWeights = (members: number): number[] => Array.from({ length: members }, () => 1 / members);

export const isHardVote = ({ method }: Combination): boolean =>
  method === 'HARD_VOTING' || method === 'VOTING';

/** Below which two thresholds are one in single precision. */
const ROUNDING = 1e-6;

/** The score of a hard vote that more than half of the members' votes reach, and no fewer. */
export const majorityThreshold = (members: number): number =>
  (Math.floor(members / 2) + 1) / (members + 1) - ROUNDING;
