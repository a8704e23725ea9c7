/** Mean losses over some examples. */
export interface MeanLosses {
  readonly total: number;
  readonly tasks: Readonly<Record<string, number>>;
}

/** What one pass over the examples came to. */
export interface TrainEpoch {
  /** From 1. */
  readonly epoch: number;
  readonly train: MeanLosses;
  readonly validation: MeanLosses | null;
}
