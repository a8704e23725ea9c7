import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';

import { assessTransaction } from '../assess-transaction.js';
import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { TransactionInput } from '../inputs/rows.input.js';
import { requirePageSize } from '../types/connection.type.js';
import { FraudAssessment } from '../types/fraud-assessment.type.js';
import { ModelVersion } from '../types/model-version.type.js';
import { FeatureContribution } from '../types/prediction.type.js';
import { loadModelVersion } from './model-version.resolver.js';

@Resolver(() => FraudAssessment)
export class FraudResolver {
  @Access('STUDIO', 'SHOP')
  @Query(() => FraudAssessment, {
    description: 'How likely an order is fraud; the order need not be stored, and is not.',
  })
  fraudAssessment(
    @Arg('transaction', () => TransactionInput, { description: 'The order.' }) transaction: TransactionInput,
    @Ctx() context: Context,
  ): Promise<FraudAssessment> {
    return assessTransaction(context, transaction);
  }

  @FieldResolver(() => ModelVersion, { description: 'The version that answered.' })
  modelVersion(
    @Root() { modelVersionId }: FraudAssessment,
    @Ctx() { loaders }: Context,
  ): Promise<ModelVersion> {
    return loadModelVersion(loaders, modelVersionId);
  }

  @FieldResolver(() => [FeatureContribution], { description: 'Why: the largest contributions first.' })
  contributions(
    @Root() { allContributions }: FraudAssessment,
    @Arg('first', () => Int, { nullable: true, defaultValue: 5, description: 'Contributions, at most 100.' })
    first: number | null,
  ): FeatureContribution[] {
    return allContributions.slice(0, requirePageSize(first ?? 5));
  }
}
