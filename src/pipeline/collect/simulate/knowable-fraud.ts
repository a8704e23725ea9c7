import { traitBelief } from './evidence.js';
import { GRID, normalWeights } from './normal-grid.js';
import { drive, PROCESS, TRAIT_COUNT } from './process.js';
import type { TruthColumns } from './truth-columns.js';

/**
 * P(fraud) of each order given what is seen up to and with it: the user's leaning is inferred from the traits of the orders so far. What
 * visits and past frauds say of it besides is left aside.
 *
 * @param fraud probabilities and prior logits of orders sorted by user, that know the leaning
 * @returns     in the same order
 */
export function knowableFraud(
  truth: TruthColumns,
  fraud: { probabilities: Float64Array; priorLogits: Float64Array },
): Float64Array {
  const { orderOffsets, orderTraits, world } = truth;
  const values = new Float64Array(fraud.probabilities.length);
  for (let user = 0; user + 1 < orderOffsets.length; user++) {
    const sums = new Float64Array(TRAIT_COUNT);
    for (let order = orderOffsets[user]; order < orderOffsets[user + 1]; order++) {
      for (let at = 0; at < TRAIT_COUNT; at++) sums[at] += orderTraits[order * TRAIT_COUNT + at];
      const belief = traitBelief(sums, order - orderOffsets[user] + 1);
      const weights = normalWeights(drive(belief.means, world.directions.FRAUD), belief.variance);
      const prior = fraud.priorLogits[order];
      const base =
        prior - PROCESS.fraudEffect * drive(truth.traits, world.directions.FRAUD, user * TRAIT_COUNT);
      const seen = logit(fraud.probabilities[order]) - prior;
      const mean = weights.reduce(
        (sum, weight, at) => sum + weight * sigmoid(base + PROCESS.fraudEffect * GRID[at]),
        0,
      );
      values[order] = sigmoid(logit(mean) + seen);
    }
  }
  return values;
}

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));
const logit = (probability: number): number => Math.log(probability) - Math.log1p(-probability);
