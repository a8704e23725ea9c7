/** Rows about how good models are: evaluations and the trials of searches. */
import type { TaskName } from '../tasks/index.js';
import type { JsonObject } from './rows.js';

export const SPLITS = ['TRAIN', 'VALIDATION', 'TEST'] as const;
export type Split = (typeof SPLITS)[number];

/** `low` and `high`: 95 % interval. */
export interface MetricValue {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** counts[row = actual][column = predicted]. */
export interface ConfusionMatrixValue {
  readonly labels: string[];
  readonly counts: number[][];
  readonly threshold: number;
}

/** Figures of a part of the examples, such as users with one order. */
export interface SegmentValue {
  readonly dimension: string;
  readonly name: string;
  readonly examples: number;
  readonly metrics: MetricValue[];
}

/** An evaluation's deciding figure unit by unit: what models are compared on. */
export interface EvaluationUnitsValue {
  readonly metric: string;
  readonly kind: 'AUC' | 'MEAN' | 'RATIO';
  /** Equal where two were measured on the same units with the same outcome. */
  readonly key: string;
  readonly columns: readonly Float32Array[];
}

export const CURVE_KINDS = ['ROC', 'PRECISION_RECALL', 'CALIBRATION', 'LIFT'] as const;
export type CurveKind = (typeof CURVE_KINDS)[number];
export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}

export interface EvaluationRow {
  readonly id: string;
  readonly runId: string;
  readonly modelVersionId: string | null;
  /** BASELINE, SINGLE, MULTI or ENSEMBLE, and the architecture within it. */
  readonly family: string;
  readonly architecture: string;
  /** Whether this is the predictor that the model version serves for the task. */
  readonly isServed: boolean;
  readonly task: TaskName;
  readonly split: Split;
  /** The protocol in words: cut, label window, how ranked, how many examples. */
  readonly protocol: string;
  readonly examples: number;
  readonly loss: number;
  readonly metrics: MetricValue[];
  readonly confusionMatrix: ConfusionMatrixValue | null;
  readonly curves: Partial<Record<CurveKind, CurvePoint[]>>;
  readonly segments?: SegmentValue[];
  /** Seed that the model was fitted from, where it is known. */
  readonly seed?: number | null;
  /** Which fold of a cross-validation, from 1. */
  readonly fold?: number | null;
  /** The model has learnt from what lies before. */
  readonly cut?: Date | null;
  /** Only written; read by `evaluationUnits`. */
  readonly units?: EvaluationUnitsValue | null;
}

export const TRIAL_STATUSES = ['WAITING', 'RUNNING', 'PAUSED', 'SUCCEEDED', 'FAILED'] as const;
/** WAITING: its worker died, another goes on. PAUSED: measured, and may be given more budget. SUCCEEDED: measured with all of it. */
export type TrialStatus = (typeof TRIAL_STATUSES)[number];

/** What a trial reached with one budget. */
export interface TrialResultValue {
  readonly rung: number;
  readonly budget: number | null;
  /** The deciding figure on validation; null where it is not a number. */
  readonly value: number | null;
  readonly threshold: number | null;
  readonly metrics: MetricValue[];
  readonly seconds: number;
}

/** One setting that a search tries. */
export interface TrialRow {
  readonly runId: string;
  /** From 1, in the order in which they were drawn. */
  readonly number: number;
  readonly status: TrialStatus;
  readonly hyperparameters: JsonObject;
  /** The rung that it is on, from 0, and the budget there (null where the search has no budgets). */
  readonly rung: number;
  readonly budget: number | null;
  readonly results: readonly TrialResultValue[];
  readonly error: string | null;
  /** How often a worker has taken it up on this rung. */
  readonly attempts: number;
  readonly claimedAt: Date;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
}
