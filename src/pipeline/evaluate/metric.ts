/** A figure with its central 95 % interval. */
export interface Metric {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** `counts[row = actual][column = predicted]`. */
export interface ConfusionMatrix {
  readonly labels: string[];
  readonly counts: number[][];
  readonly threshold: number;
}

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}

export type Curves = Partial<Record<'ROC' | 'PRECISION_RECALL' | 'CALIBRATION' | 'LIFT', CurvePoint[]>>;

/** What parts of the examples are told apart by. */
export const SEGMENT_DIMENSIONS = ['USERS', 'ITEMS', 'COUNTRY', 'PAYMENT_METHOD', 'LEVEL'] as const;
export type SegmentDimension = (typeof SEGMENT_DIMENSIONS)[number];

/** Figures of a part of the examples, such as users with one order. */
export interface Segment {
  readonly dimension: SegmentDimension;
  readonly name: string;
  readonly examples: number;
  readonly metrics: Metric[];
}

/** Which units (users, transactions, items) belong to a segment. */
export interface SegmentMask {
  readonly dimension: SegmentDimension;
  readonly name: string;
  /** [units] 1 for those that belong to it. */
  readonly isIn: ArrayLike<number>;
}

/** What one model reached on one split of one task. */
export interface EvaluationReport {
  readonly examples: number;
  readonly loss: number;
  readonly metrics: Metric[];
  readonly confusionMatrix: ConfusionMatrix | null;
  readonly curves: Curves;
  readonly segments: Segment[];
  /** What the deciding figure is made of, where two models can be compared unit by unit. */
  readonly units: MeasuredUnits | null;
}

/**
 * A task's deciding figure unit by unit. AUC: labels and scores; MEAN: values of units; RATIO: parts and wholes of units, whose sums are
 * divided. `key` is the same for two models exactly when they were measured on the same units with the same outcome.
 */
export interface MeasuredUnits {
  readonly metric: string;
  readonly kind: 'AUC' | 'MEAN' | 'RATIO';
  readonly key: string;
  /** [1 or 2][units] */
  readonly columns: readonly Float32Array[];
}

/** Any list of numbers. */
export type Numbers = ArrayLike<number>;
