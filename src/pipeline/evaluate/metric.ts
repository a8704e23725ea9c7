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

/** What one model reached on one split of one task. */
export interface EvaluationReport {
  readonly examples: number;
  readonly loss: number;
  readonly metrics: Metric[];
  readonly confusionMatrix: ConfusionMatrix | null;
  readonly curves: Curves;
}

/** Any list of numbers. */
export type Numbers = ArrayLike<number>;
