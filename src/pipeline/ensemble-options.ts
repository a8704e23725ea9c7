/** What an ensemble can be asked for: names that the API, the queue and the files of versions share. */

/** Ways to make one answer of several. VOTING is the older name of HARD_VOTING. */
export const COMBINATION_METHODS = [
  'WEIGHTED_AVERAGE',
  'VOTING',
  'SOFT_VOTING',
  'HARD_VOTING',
  'STACKING',
] as const;
export type CombinationMethod = (typeof COMBINATION_METHODS)[number];

/** What an ensemble run can be asked for. SNAPSHOT makes its own members: a soft vote of the weights that one training passes by. */
export const ENSEMBLE_METHODS = [...COMBINATION_METHODS, 'SNAPSHOT'] as const;
export type EnsembleMethod = (typeof ENSEMBLE_METHODS)[number];

/** Calibration after combining. */
export const CALIBRATIONS = ['NONE', 'TEMPERATURE', 'ISOTONIC'] as const;
export type CalibrationMethod = (typeof CALIBRATIONS)[number];

/** How members that do not pay are found. */
export const PRUNINGS = ['NONE', 'FORWARD_SELECTION', 'BACKWARD_ELIMINATION'] as const;
export type Pruning = (typeof PRUNINGS)[number];
