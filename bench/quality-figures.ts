/** What one fit of all families at one cut gave, before any averaging: structured-cloneable, for it comes from another process. */
import type { TaskName } from '../src/tasks/index.js';

export const FAMILIES = ['baseline', 'boosting', 'single', 'multi', 'ensemble'] as const;
export type Family = (typeof FAMILIES)[number];
/** Families that a shop may be served by: the baselines and the plain boosting are there to be compared with. */
export const CHOICES = ['single', 'multi', 'ensemble'] as const satisfies readonly Family[];

export type ByFamily<Value> = Partial<Record<Family, Value>>;

/** Yes/no predictions for the same users by each family. */
export interface UserOutcome {
  /** [users] 0 or 1. */
  readonly labels: Float32Array;
  /** [users] 1 for users with more than one order before the cut. */
  readonly isReturning: Uint8Array;
  /** [users] probabilities. */
  readonly scores: ByFamily<Float32Array>;
}

/** One family's lists of ten for the same users. */
export interface RankingOutcome {
  /** [users] repeats allowed. */
  readonly ndcg: Float64Array;
  /** [users] items bought before left out; NaN for users who bought nothing new. */
  readonly newNdcg: Float64Array;
  readonly newHits: Float64Array;
  readonly coverage: number;
  readonly diversity: number;
  readonly headRecall: number;
  readonly tailRecall: number;
}

/** One family's forecasts for the same items. */
export interface DemandOutcome {
  /** [items] absolute error of the 14-day total, and the total sold. */
  readonly errors: Float64Array;
  readonly actual: Float64Array;
  readonly dailyWape: number;
  readonly mase: number;
  /** Share of item-days inside the 80 % interval. */
  readonly coverage80: number;
}

export interface Outcome {
  /** null where the window ends after the data. */
  readonly intent: UserOutcome | null;
  readonly churn: UserOutcome | null;
  readonly ranking: ByFamily<RankingOutcome> | null;
  /** [users] of the rankings: 1 for those with more than one order before the cut. */
  readonly rankedIsReturning: Uint8Array;
  readonly demand: ByFamily<DemandOutcome> | null;
  /** Why something above is null. */
  readonly notes: readonly string[];
}

export interface Unit {
  /** The file of the data. */
  readonly file: string;
  /** Milliseconds since the epoch. */
  readonly cut: number;
  readonly seed: number;
  /** Nothing at or after it may be looked at, also not for labels: the cut of the test, when families are chosen before it; else null. */
  readonly until: number | null;
}

/** The families' models for a task; null where the history before the cut is too short. */
export type TaskFigure =
  'intent_auc' | 'churn_auc' | 'new_ndcg10' | 'new_hr10' | 'repeat_ndcg10' | 'demand_wape14';
export const FIGURES: readonly TaskFigure[] = [
  'intent_auc',
  'churn_auc',
  'new_ndcg10',
  'new_hr10',
  'repeat_ndcg10',
  'demand_wape14',
];
/** Figures of which less is better. */
export const LESS_IS_BETTER: ReadonlySet<TaskFigure> = new Set<TaskFigure>(['demand_wape14']);
export type UserTaskName = Extract<TaskName, 'PURCHASE_INTENT' | 'CHURN'>;
