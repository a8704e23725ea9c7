/** Brings the logits of a model that was taught other class sizes, or a focal loss, back to the rate of the labels. */
import { z } from 'zod';

import { AppError } from '../../errors.js';
import { RESAMPLING_METHODS, type ResamplingMethod, type TaskName } from '../../tasks/index.js';

/** What training did to one output's logit; plain numbers, kept with the model. */
export interface LogitCorrection {
  /** Log odds of the labels' rate less those of the rate that was taught. */
  readonly shift: number;
  /** Exponent of the focal loss; 0 without. */
  readonly focalGamma: number;
}

export const NO_CORRECTION: LogitCorrection = { shift: 0, focalGamma: 0 };

const logOdds = (rate: number): number => Math.log(rate / (1 - rate));

/** The shift for a model that was taught another rate of yes than the labels have (Elkan, IJCAI 2001; Saerens et al., 2002). */
export function priorShift(labelRate: number, taughtRate: number): number {
  const isOpen = (rate: number) => rate > 0 && rate < 1;
  return isOpen(labelRate) && isOpen(taughtRate) ? logOdds(labelRate) - logOdds(taughtRate) : 0;
}

/** A corrected logit. */
export function correctLogit(logit: number, { shift, focalGamma }: LogitCorrection): number {
  return (focalGamma > 0 ? focalLogOdds(logit, focalGamma) : logit) + shift;
}

/**
 * Log odds of the probability that a minimiser of the focal loss stands for: its outputs are drawn towards one half, but by a known map
 * (Charoenphakdee et al., CVPR 2021). With p the output, odds = [p^γ / (1-p) - γ p^(γ-1) log(1-p)] / [(1-p)^γ / p - γ (1-p)^(γ-1) log p].
 */
export function focalLogOdds(logit: number, gamma: number): number {
  return logSlope(logit, gamma) - logSlope(-logit, gamma);
}

/**
 * Log of p^γ / (1-p) - γ p^(γ-1) log(1-p), p = sigmoid(logit). Written as p^γ · (1 / (1-p) + γ · softplus(logit) / p), so that no logit
 * overflows: 1 / (1-p) = 1 + exp(logit).
 */
function logSlope(logit: number, gamma: number): number {
  const softplus = Math.max(0, logit) + Math.log1p(Math.exp(-Math.abs(logit)));
  const logP = logit - softplus;
  // Where p goes to 0, so does softplus, and their ratio to 1.
  const ratio = logit < -30 ? 1 : softplus / Math.exp(logP);
  return gamma * logP + softplus + Math.log1p(gamma * ratio * Math.exp(-softplus));
}

/** How a network's logit becomes the one of the probability shown. */
export interface LogitCurve {
  /** The network's logit for the average example. */
  readonly start: number;
  readonly corrected: (logit: number) => number;
}

/** Parts in the corrected logit: all stretched alike, so that they add up to its difference from the average example's. */
export function correctParts(parts: Float64Array, { start, corrected }: LogitCurve): Float64Array {
  const difference = parts.reduce((sum, part) => sum + part, 0);
  if (Math.abs(difference) < 1e-9) return parts;
  const stretch = (corrected(start + difference) - corrected(start)) / difference;
  return parts.map((part) => part * stretch);
}

/**
 * The method for a task out of a run's `resampling`, by task; NONE where it names none.
 *
 * @param supported what this architecture can do
 * @throws AppError BAD_USER_INPUT for anything else
 */
export function resamplingOf(
  given: unknown,
  task: TaskName,
  architecture: string,
  supported: readonly ResamplingMethod[] = RESAMPLING_METHODS,
): ResamplingMethod {
  if (given === undefined || given === null) return 'NONE';
  const parsed = z.record(z.string(), z.unknown()).safeParse(given);
  if (!parsed.success) {
    throw new AppError(
      'BAD_USER_INPUT',
      `resampling: expected a method by task, such as {"${task}": "CLASS_WEIGHTS"}; got ${JSON.stringify(given)}.`,
    );
  }
  const method = parsed.data[task] ?? 'NONE';
  const known = supported.find((name) => name === method);
  if (known) return known;
  throw new AppError(
    'BAD_USER_INPUT',
    `resampling of ${task} for ${architecture}: expected one of ${supported.join(', ')}; got ${JSON.stringify(method)}.`,
  );
}
