/** Fits a combination to held-out predictions, and says honestly what one fitted so predicts for them. */
import type { ThresholdRule } from '../../tasks/index.js';
import { chooseThreshold, kFolds } from '../evaluate/index.js';
import type { CalibrationMethod, CombinationMethod } from '../index.js';
import { type Calibration, fitIsotonic, fitSoftmaxTemperature, fitTemperature } from './calibrate.js';
import { type Combination, evenWeights } from './combination.js';
import { combineHeldOut, type HeldOut, joinHeldOut, takeRows, thinned } from './held-out.js';
import { stackingWeights } from './stacking.js';
import { averageWeights } from './weights.js';

const FOLDS = 4;
/** With fewer examples, weights and calibration are judged on those they were fitted to. */
const LEAST_EXAMPLES = 2 * FOLDS;
const OPEN_THRESHOLD = 0.5;
/** Rows of rankings that a temperature is fitted to. */
const MOST_RANKINGS = 200;

export interface CombinationPlan {
  readonly method: CombinationMethod;
  readonly calibration: CalibrationMethod;
  /** By which members decide in a hard vote. */
  readonly rule: ThresholdRule | null;
  readonly seed: number;
}

export interface FittedCombination {
  /** Fitted to all of the examples. */
  readonly combination: Combination;
  /** [count × width] by combinations and calibrations that were fitted without the example in question. */
  readonly honest: Float32Array;
  /** The same before calibration. */
  readonly uncalibrated: Float32Array;
}

/**
 * @param held    of the validation window
 * @param earlier of windows before it, for STACKING, where members could be fitted again on earlier cuts; the weights that `honest` is made
 *                with are then learnt from these alone. Without, they are learnt in folds over the examples of `held`.
 */
export function fitCombination(
  plan: CombinationPlan,
  held: HeldOut,
  earlier: HeldOut | null = null,
): FittedCombination {
  const weigh = (examples: HeldOut): Combination => weighed(plan, examples);
  const all = plan.method === 'STACKING' && earlier ? joinHeldOut([earlier, held]) : held;
  const combination = weigh(all);
  const uncalibrated = isFixed(plan)
    ? combineHeldOut(held, combination)
    : plan.method === 'STACKING' && earlier
      ? combineHeldOut(held, weigh(earlier))
      : inFolds(held, plan.seed, (train, test) => combineHeldOut(test, weigh(train)));
  const calibration = fitCalibration(plan.calibration, held, uncalibrated);
  if (!calibration) return { combination, honest: uncalibrated, uncalibrated };
  const honest = inFolds({ ...held, members: [uncalibrated] }, plan.seed, (train, test) =>
    combineHeldOut(test, {
      ...AS_IT_IS,
      calibration: fitCalibration(plan.calibration, train, train.members[0]),
    }),
  );
  return { combination: { ...combination, calibration }, honest, uncalibrated };
}

/** One member, weighed once. */
const AS_IT_IS: Combination = { method: 'WEIGHTED_AVERAGE', weights: [1], thresholds: [] };

/** Nothing is learnt from the examples but, in a hard vote, the members' own thresholds. */
const isFixed = ({ method }: CombinationPlan): boolean =>
  method === 'SOFT_VOTING' || method === 'HARD_VOTING' || method === 'VOTING';

function weighed({ method, rule, seed }: CombinationPlan, held: HeldOut): Combination {
  const thresholds = held.members.map((member) =>
    rule && held.labels ? chooseThreshold(rule, held.labels, member) : OPEN_THRESHOLD,
  );
  const common = { thresholds, ...(held.kind === 'COUNT' && { isCount: true }) };
  if (held.members.length === 1) return { ...AS_IT_IS, ...common };
  switch (method) {
    case 'WEIGHTED_AVERAGE':
      return { method, ...common, weights: averageWeights(held, seed) };
    case 'STACKING':
      return { method, ...common, weights: stackingWeights(held) };
    default:
      return { method, ...common, weights: evenWeights(held.members.length) };
  }
}

/** Null where nothing is asked for, or nothing can be calibrated: a quantity is no probability. */
function fitCalibration(
  method: CalibrationMethod,
  held: HeldOut,
  predictions: Float32Array,
): Calibration | null {
  if (method === 'NONE' || held.kind === 'QUANTITY' || held.kind === 'COUNT') return null;
  if (held.labels)
    return method === 'ISOTONIC'
      ? fitIsotonic(held.labels, predictions)
      : fitTemperature(held.labels, predictions);
  // Several candidates share one scale: a temperature keeps their order, functions of each candidate's own would not add up.
  const seen = thinned(
    { ...held, members: [predictions] },
    held.kind === 'RANKING' ? MOST_RANKINGS : Infinity,
  );
  return fitSoftmaxTemperature(seen.targets!, seen.members[0], seen.width);
}

/** Predictions for each fold of the examples by what was fitted to the others. */
function inFolds(
  held: HeldOut,
  seed: number,
  predict: (train: HeldOut, test: HeldOut) => Float32Array,
): Float32Array {
  if (held.count < LEAST_EXAMPLES) return predict(held, held);
  const predictions = new Float32Array(held.count * held.width);
  for (const { train, test } of kFolds(held.count, FOLDS, seed)) {
    const found = predict(takeRows(held, [...train]), takeRows(held, [...test]));
    test.forEach((row, at) =>
      predictions.set(found.subarray(at * held.width, (at + 1) * held.width), row * held.width),
    );
  }
  return predictions;
}
