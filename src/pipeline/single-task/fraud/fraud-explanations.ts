import { type Contribution } from '../../index.js';
import { TRANSACTION_FEATURES } from '../../preprocess/index.js';

/**
 * The features' parts in one logit, the largest first.
 *
 * @param values        [features] of one transaction
 * @param contributions [features] logits added against the average order
 */
export function rankContributions(
  values: ArrayLike<number>,
  contributions: ArrayLike<number>,
  first: number,
): Contribution[] {
  return TRANSACTION_FEATURES.map(({ name, description }, index) => ({
    feature: name,
    description,
    value: values[index],
    contribution: contributions[index],
  }))
    .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
    .slice(0, first);
}
