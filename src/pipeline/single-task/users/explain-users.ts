import type { Contribution, UserRequest } from '../../index.js';
import { rawUserFeatures, USER_FEATURE_COUNT, USER_FEATURES } from '../../preprocess/index.js';
import { correctParts, type LogitCurve } from '../base-rate.js';
import { integratedGradients, type LayerNumbers } from '../fraud/integrated-gradients.js';
import type { PopulationState } from './population-state.js';

export interface ExplainOptions extends Partial<LogitCurve> {
  /** Hidden layers, then an output of one unit. */
  readonly layers: readonly LayerNumbers[];
  /** -1 where a larger logit means less of what is explained. */
  readonly sign: 1 | -1;
  readonly first: number;
}

/**
 * Contributions of the user features to the logit of a network with rectified layers, against the average user; exact where the network is
 * linear.
 *
 * @returns per user the `first` largest; none for a user without a purchase
 */
export function explainByGradients(
  request: UserRequest,
  population: PopulationState,
  { layers, sign, first, start, corrected }: ExplainOptions,
): Contribution[][] {
  const features = population.features(request);
  const statistics = population.alignedStatistics(request.history);
  return Array.from(request.users, (user, at) => {
    const raw = rawUserFeatures(request.history, user, request.asOf, statistics);
    if (!raw) return [];
    const row = features.subarray(at * USER_FEATURE_COUNT, (at + 1) * USER_FEATURE_COUNT);
    const raised = integratedGradients(layers, row);
    const parts = start !== undefined && corrected ? correctParts(raised, { start, corrected }) : raised;
    return USER_FEATURES.map(({ name, description }, index) => ({
      feature: name,
      description,
      value: raw[index],
      contribution: sign * parts[index],
    }))
      .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
      .slice(0, first);
  });
}
