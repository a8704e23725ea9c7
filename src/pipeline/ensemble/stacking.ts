import { fitLogistic, type LinearModel } from '../single-task/index.js';
import { logit } from './combine.js';

/** A weak pull towards zero: members are few and their logits alike. */
const PENALTY = 1;

/**
 * Weights of a logistic regression on the members' logits, the bias first. Fit on predictions for examples that no member has trained on.
 *
 * @param members [members][examples]
 */
export function stackingWeights(labels: ArrayLike<number>, members: readonly Float32Array[]): number[] {
  const width = members.length;
  const values = new Float32Array(labels.length * width);
  members.forEach((member, at) => member.forEach((value, row) => (values[row * width + at] = logit(value))));
  const model: LinearModel = fitLogistic(values, labels, {
    width,
    penalty: PENALTY,
  });
  const weights = Array.from(model.weights, (weight, at) => weight / model.deviations[at]);
  const bias = model.bias - weights.reduce((sum, weight, at) => sum + weight * model.means[at], 0);
  return [bias, ...weights];
}
