/** Weights of members, chosen on held-out predictions. */
import { pairedBootstrap, type PairedDifference, type UnitStatistic } from '../evaluate/index.js';
import { logit, logSoftmax } from './calibrate.js';
import { type Combination, evenWeights } from './combination.js';
import { combineHeldOut, decidingStatistic, type HeldOut, thinned, worthOf } from './held-out.js';

/** Members put in, one after another; with so many, a weight is a multiple of a twentieth. A round over rankings takes long. */
const ROUNDS = 20;
const RANKING_ROUNDS = 8;
/** Examples looked at: enough for the third decimal of an AUC and the second of an NDCG. */
const MOST_EXAMPLES = { PROBABILITY: 8000, RANKING: 150, CLASSES: 8000, QUANTITY: 8000, COUNT: 8000 };
const RESAMPLES = 120;
/** Standard errors in a central 95 % interval. */
const ERRORS_IN_INTERVAL = 2 * 1.96;
/** A gain within rounding is none. */
const LEAST_GAIN = 1e-6;

/**
 * Greedy forward selection with replacement (Caruana et al., ICML 2004): starting from the best member, the one that helps most is put in
 * again and again; a member's weight is how often it was. Of all sizes on the way the best one is taken, the smallest of equals.
 *
 * @param values [members][values] what is averaged
 * @param worth  of an average: [values]; more is better
 * @returns      [members] on the simplex
 */
export function forwardSelection(
  values: readonly Float64Array[],
  worth: (blend: Float64Array) => number,
  rounds = ROUNDS,
): number[] {
  const counts = values.map(() => 0);
  const sum = new Float64Array(values[0].length);
  const blend = new Float64Array(sum.length);
  let best = { worth: -Infinity, weights: evenWeights(values.length) };
  for (let round = 1; round <= rounds; round++) {
    const worths = values.map((member) => {
      for (let at = 0; at < sum.length; at++) blend[at] = (sum[at] + member[at]) / round;
      return worth(blend);
    });
    const chosen = worths.reduce((top, value, at) => (value > worths[top] + LEAST_GAIN ? at : top), 0);
    counts[chosen]++;
    for (let at = 0; at < sum.length; at++) sum[at] += values[chosen][at];
    if (worths[chosen] > best.worth + LEAST_GAIN)
      best = { worth: worths[chosen], weights: counts.map((count) => count / round) };
  }
  return best.weights;
}

/**
 * Weights of a weighted average by the task's deciding figure. They stay even unless what forward selection finds is better by more than its
 * standard error: weights that fit one window do not hold on the next.
 *
 * @returns [members] on the simplex
 */
export function averageWeights(held: HeldOut, seed: number): number[] {
  const even = evenWeights(held.members.length);
  if (held.members.length === 1) return even;
  const seen = thinned(held, MOST_EXAMPLES[held.kind]);
  const found = forwardSelection(
    averagedValues(seen),
    worthOfBlend(seen),
    held.kind === 'RANKING' ? RANKING_ROUNDS : ROUNDS,
  );
  const statisticWith = (weights: readonly number[]) => {
    const combination: Combination = { method: 'WEIGHTED_AVERAGE', weights, thresholds: [] };
    return decidingStatistic(seen, combineHeldOut(seen, combination));
  };
  return isWorthIt(gainOf(statisticWith(even), statisticWith(found), seed)) ? found : even;
}

/** What a weighted average is taken of: logits, log probabilities, or quantities. */
function averagedValues({ kind, members, width }: HeldOut): Float64Array[] {
  return members.map((member) => {
    if (kind === 'PROBABILITY') return Float64Array.from(member, logit);
    if (kind === 'QUANTITY' || kind === 'COUNT') return Float64Array.from(member);
    const logs = new Float64Array(member.length);
    for (let from = 0; from < member.length; from += width)
      logs.set(logSoftmax(member.subarray(from, from + width)), from);
    return logs;
  });
}

function worthOfBlend(held: HeldOut): (blend: Float64Array) => number {
  return (blend) => worthOf(decidingStatistic(held, Float32Array.from(blend)));
}

/** Gain of one model over another on the same examples, positive where the second is better, with its interval by paired bootstrap. */
export function gainOf(from: UnitStatistic, to: UnitStatistic, seed: number): PairedDifference {
  const sign = from.isLessBetter ? -1 : 1;
  const both = [from, to] as const;
  return pairedBootstrap(from.units, (model, weights) => sign * both[model].value(weights), {
    seed,
    resamples: RESAMPLES,
  });
}

/** Whether a gain is above its standard error (the rule of one standard error: Breiman et al., 1984). */
export const isWorthIt = ({ difference, low, high }: PairedDifference): boolean =>
  difference > LEAST_GAIN && difference > (high - low) / ERRORS_IN_INTERVAL;
