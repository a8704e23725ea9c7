import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';

import type { Context } from '../context.js';
import { requirePageSize } from '../types/connection.type.js';
import { ModelVersion } from '../types/model-version.type.js';
import { FeatureContribution, Prediction, UserPredictions } from '../types/prediction.type.js';
import { loadModelVersion } from './model-version.resolver.js';

@Resolver(() => UserPredictions)
export class UserPredictionsResolver {
  @FieldResolver(() => Prediction, { description: 'Does the user buy within 30 days?' })
  purchaseIntent(@Root() { userId }: UserPredictions, @Ctx() { loaders }: Context): Promise<Prediction> {
    return loaders.score.load({ userId, task: 'PURCHASE_INTENT' });
  }

  @FieldResolver(() => Prediction, { description: 'Does the user buy nothing within 90 days?' })
  churn(@Root() { userId }: UserPredictions, @Ctx() { loaders }: Context): Promise<Prediction> {
    return loaders.score.load({ userId, task: 'CHURN' });
  }
}

@Resolver(() => Prediction)
export class PredictionResolver {
  @FieldResolver(() => ModelVersion, { description: 'The version that answered.' })
  modelVersion(@Root() prediction: Prediction, @Ctx() { loaders }: Context): Promise<ModelVersion> {
    return loadModelVersion(loaders, prediction.modelVersionId);
  }

  @FieldResolver(() => [FeatureContribution], { description: 'Why: the largest contributions first.' })
  explanation(
    @Root() { userId, task }: Prediction,
    @Arg('first', () => Int, { nullable: true, defaultValue: 5, description: 'Contributions, at most 100.' })
    first: number | null,
    @Ctx() { loaders }: Context,
  ): Promise<FeatureContribution[]> {
    return loaders.explanation.load({ userId, task, first: requirePageSize(first ?? 5) });
  }
}
