/** What the API asks of runs that measure: cross-validation and search. */
import type { Budget, Parameter, SearchMethod } from '../pipeline/evaluate/index.js';
import type { JsonObject } from '../store/index.js';
import type { CustomTask, TaskName, ThresholdRule } from '../tasks/index.js';

/** Rules by which thresholds are chosen, by task; the task's own where none is given. */
export type Thresholds = Partial<Record<TaskName, ThresholdRule>>;

/**
 * ROLLING_ORIGIN: several cuts, each fold trained on what lies before its cut and measured after it. BY_USER: one cut, each fold trained on other
 * users than it is measured on.
 */
export const CROSS_VALIDATION_METHODS = ['ROLLING_ORIGIN', 'BY_USER'] as const;
export type CrossValidationMethod = (typeof CROSS_VALIDATION_METHODS)[number];

export interface CrossValidationRequest {
  /** One of the product's, or CUSTOM_ and the name of one that the shop has defined. */
  readonly task: TaskName;
  /** Kinds of model to measure on the same folds; absent = the task's default. */
  readonly architectures?: readonly string[];
  readonly method?: CrossValidationMethod;
  readonly folds?: number;
  /** Days between two cuts; absent = the label window, or less where the history is short. */
  readonly stepDays?: number;
  readonly hyperparameters?: JsonObject;
  readonly thresholds?: Thresholds;
  /** The first seed, and how many from it on. */
  readonly seed?: number;
  readonly seeds?: number;
}

export interface SearchRequest {
  /** One of the product's, or CUSTOM_ and the name of one that the shop has defined. */
  readonly task: TaskName;
  readonly architecture?: string;
  readonly method?: SearchMethod;
  readonly trials?: number;
  /** What to search; absent = the architecture's own space. */
  readonly parameters?: readonly Parameter[];
  /** Epochs (or trees) of a trial, for ASHA from the least to the most; absent = the architecture's own. */
  readonly budget?: { readonly least: number; readonly most: number };
  /** Settings that stay as they are. */
  readonly hyperparameters?: JsonObject;
  readonly thresholds?: Thresholds;
  /** Workers that take trials side by side at most. */
  readonly parallel?: number;
  readonly seed?: number;
}

/** What the row of a SEARCH run keeps. */
export interface SearchConfig {
  readonly method: SearchMethod;
  readonly trials: number;
  readonly parallel: number;
  readonly architecture: string;
  readonly parameters: readonly Parameter[];
  readonly budget: Budget | null;
  readonly hyperparameters: JsonObject;
  readonly threshold: JsonObject | null;
  /** The definition, where the task is one of the shop's own. */
  readonly customTasks?: readonly CustomTask[];
}
