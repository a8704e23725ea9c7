import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';

import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { forecastDemand } from '../forecast-demand.js';
import { requireBetween } from '../inputs/checks.js';
import { DemandForecast } from '../types/demand-forecast.type.js';
import { ModelVersion } from '../types/model-version.type.js';
import { loadModelVersion } from './model-version.resolver.js';

const MAX_HORIZON_DAYS = 90;

@Resolver(() => DemandForecast)
export class DemandResolver {
  @Access('STUDIO')
  @Query(() => DemandForecast, { description: 'How many units of an item will be sold a day.' })
  demandForecast(
    @Arg('itemId', () => ID, { description: 'The item.' }) itemId: string,
    @Arg('horizonDays', () => Int, {
      nullable: true,
      defaultValue: 14,
      description: 'Days to look ahead, 1 to 90.',
    })
    horizonDays: number | null,
    @Ctx() context: Context,
  ): Promise<DemandForecast> {
    return forecastDemand(
      context,
      itemId,
      requireBetween('horizonDays', horizonDays ?? 14, 1, MAX_HORIZON_DAYS),
    );
  }

  @FieldResolver(() => ModelVersion, { description: 'The version that answered.' })
  modelVersion(
    @Root() { modelVersionId }: DemandForecast,
    @Ctx() { loaders }: Context,
  ): Promise<ModelVersion> {
    return loadModelVersion(loaders, modelVersionId);
  }
}
