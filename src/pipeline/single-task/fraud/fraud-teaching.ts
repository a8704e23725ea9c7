import type { ResamplingMethod } from '../../../tasks/index.js';
import { resampleRows } from '../../preprocess/index.js';
import { type LogitCorrection, priorShift } from '../base-rate.js';

/** Columns of training, one row an order. */
export interface FraudColumns {
  readonly features: Float32Array;
  readonly label: Float32Array;
  readonly weight: Float32Array;
}

/**
 * Parts orders by time into those that are learnt from, resampled, and those that training stops by: as they are, the classes weighed as
 * training weighs them, so that the losses compare.
 *
 * @param features [orders × width] standardised
 * @param split    orders that are learnt from, the earliest; must hold both classes
 */
export function teachFraud(
  features: Float32Array,
  labels: Uint8Array,
  options: { width: number; split: number; method: ResamplingMethod; focalGamma: number; seed: number },
): { train: FraudColumns; validation: FraudColumns; taughtRate: number; correction: LogitCorrection } {
  const { width, split, method } = options;
  const part = (from: number, to: number) => ({
    features: features.slice(from * width, to * width),
    labels: Float32Array.from(labels.subarray(from, to)),
  });
  const early = part(0, split);
  const late = part(split, labels.length);
  const rate = early.labels.reduce((sum, label) => sum + label, 0) / split;
  const resampled = resampleRows(method, early, options);
  const { taughtRate } = resampled;
  return {
    train: { features: resampled.features, label: resampled.labels, weight: resampled.weights },
    validation: {
      features: late.features,
      label: late.labels,
      weight: late.labels.map((label) => (label > 0 ? taughtRate / rate : (1 - taughtRate) / (1 - rate))),
    },
    taughtRate,
    correction: {
      shift: priorShift(rate, taughtRate),
      focalGamma: method === 'FOCAL_LOSS' ? options.focalGamma : 0,
    },
  };
}
