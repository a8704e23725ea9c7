import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';

import { behaviourFunnel, purchaseCohorts, rfmSegments, topItems, topPaths } from '../../analytics/index.js';
import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { requireRange } from '../inputs/checks.js';
import { DateRange } from '../inputs/filters.input.js';
import {
  BehaviourAnalytics,
  BehaviourPath,
  FunnelStep,
  RetentionCohort,
  RfmSegment,
  TopItem,
} from '../types/behaviour-analytics.type.js';
import { requirePageSize } from '../types/connection.type.js';
import { Item, toItem } from '../types/item.type.js';

@Resolver(() => BehaviourAnalytics)
export class BehaviourAnalyticsResolver {
  @Access('STUDIO')
  @Query(() => BehaviourAnalytics, { description: 'What users did in a range of time.' })
  behaviourAnalytics(
    @Arg('range', () => DateRange, { description: 'Which time.' }) range: DateRange,
  ): BehaviourAnalytics {
    return { range: requireRange(range) };
  }

  @FieldResolver(() => [FunnelStep], { description: 'From looking to buying; only what was recorded.' })
  funnel(@Root() { range }: BehaviourAnalytics, @Ctx() { shop }: Context): Promise<FunnelStep[]> {
    return behaviourFunnel(shop, range);
  }

  @FieldResolver(() => [RetentionCohort], {
    description: 'Who comes back, by the month of the first purchase; months that begin in the range.',
  })
  cohorts(@Root() { range }: BehaviourAnalytics, @Ctx() { shop }: Context): Promise<RetentionCohort[]> {
    return purchaseCohorts(shop, range);
  }

  @FieldResolver(() => [RfmSegment], {
    description: 'Buyers by recency, frequency and money, the largest segment first.',
  })
  segments(@Root() { range }: BehaviourAnalytics, @Ctx() { shop }: Context): Promise<RfmSegment[]> {
    return rfmSegments(shop, range);
  }

  @FieldResolver(() => [TopItem], { description: 'Items by money taken.' })
  topItems(
    @Root() { range }: BehaviourAnalytics,
    @Arg('first', () => Int, { nullable: true, defaultValue: 10, description: 'Items, at most 100.' })
    first: number | null,
    @Ctx() { shop }: Context,
  ): Promise<TopItem[]> {
    return topItems(shop, range, requirePageSize(first ?? 10));
  }

  @FieldResolver(() => [BehaviourPath], { description: 'The commonest ways through a visit.' })
  topPaths(
    @Root() { range }: BehaviourAnalytics,
    @Arg('first', () => Int, { nullable: true, defaultValue: 10, description: 'Ways, at most 100.' })
    first: number | null,
    @Ctx() { shop }: Context,
  ): Promise<BehaviourPath[]> {
    return topPaths(shop, range, requirePageSize(first ?? 10));
  }
}

@Resolver(() => TopItem)
export class TopItemResolver {
  @FieldResolver(() => Item, { description: 'The item.' })
  async item(@Root() { itemKey }: TopItem, @Ctx() { loaders }: Context): Promise<Item> {
    const row = await loaders.itemByKey.load(itemKey);
    if (!row) throw new Error(`Behaviours name item ${itemKey}, which is not stored.`);
    return toItem(row);
  }
}
