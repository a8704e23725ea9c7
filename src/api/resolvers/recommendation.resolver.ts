import { Arg, Ctx, ID, Int, Query, Resolver } from 'type-graphql';

import { AppError } from '../../errors.js';
import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { requireWeights } from '../goals.js';
import { toItemFilter } from '../inputs/checks.js';
import { ItemFilter } from '../inputs/filters.input.js';
import { GoalWeights } from '../inputs/goal-weights.input.js';
import { requirePageSize } from '../types/connection.type.js';
import { Recommendation } from '../types/recommendation.type.js';

const FIRST = 'Items in the list, at most 100.';
const FILTER = 'Which items may be shown; held to exactly. Without it everything that is for sale.';

@Resolver()
export class RecommendationResolver {
  @Access('STUDIO', 'SHOP')
  @Query(() => [Recommendation], {
    description:
      'Items to show a user, the best first. A user that nobody knows gets what is popular, never an error.',
  })
  recommendations(
    @Arg('userId', () => ID, { description: 'The user, known or not.' }) userId: string,
    @Arg('first', () => Int, { nullable: true, defaultValue: 10, description: FIRST }) first: number | null,
    @Arg('filter', () => ItemFilter, { nullable: true, description: FILTER }) filter: ItemFilter | null,
    @Arg('weights', () => GoalWeights, {
      nullable: true,
      description: 'What to rank for; without it purchases.',
    })
    weights: GoalWeights | null,
    @Arg('excludeBought', () => Boolean, {
      nullable: true,
      defaultValue: false,
      description: 'Leave out what the user bought before.',
    })
    excludeBought: boolean | null,
    @Ctx() { loaders }: Context,
  ): Promise<Recommendation[]> {
    return loaders.recommender.recommend({
      userId,
      first: requirePageSize(first ?? 10),
      filter: toItemFilter(filter),
      weights: requireWeights(weights),
      excludeBought: excludeBought ?? false,
    });
  }

  @Access('STUDIO', 'SHOP')
  @Query(() => [Recommendation], { description: 'Items like an item, the most alike first.' })
  async similarItems(
    @Arg('itemId', () => ID, { description: 'The item.' }) itemId: string,
    @Arg('first', () => Int, { nullable: true, defaultValue: 10, description: FIRST }) first: number | null,
    @Arg('filter', () => ItemFilter, { nullable: true, description: FILTER }) filter: ItemFilter | null,
    @Ctx() { loaders }: Context,
  ): Promise<Recommendation[]> {
    const request = {
      first: requirePageSize(first ?? 10),
      filter: toItemFilter(filter),
      weights: null,
      excludeBought: false,
    };
    if (!(await loaders.itemByExternalId.load(itemId))) {
      throw new AppError('NOT_FOUND', `There is no item ${itemId}.`);
    }
    return loaders.recommender.similar(itemId, request);
  }

  @Access('STUDIO', 'SHOP')
  @Query(() => [Recommendation], { description: 'Items that sell more than before, the steepest first.' })
  trendingItems(
    @Arg('first', () => Int, { nullable: true, defaultValue: 10, description: FIRST }) first: number | null,
    @Arg('filter', () => ItemFilter, { nullable: true, description: FILTER }) filter: ItemFilter | null,
    @Ctx() { loaders }: Context,
  ): Promise<Recommendation[]> {
    const request = {
      first: requirePageSize(first ?? 10),
      filter: toItemFilter(filter),
      weights: null,
      excludeBought: false,
    };
    return loaders.recommender.trending(request);
  }
}
