import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';

import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { given } from '../inputs/checks.js';
import { UserFilter } from '../inputs/filters.input.js';
import { type Behaviour, BehaviourConnection, toBehaviour } from '../types/behaviour.type.js';
import { type Connection, requirePageSize, toConnection } from '../types/connection.type.js';
import { UserPredictions } from '../types/prediction.type.js';
import { Recommendation } from '../types/recommendation.type.js';
import { toUser, User, UserConnection } from '../types/user.type.js';

const FIRST = 'Rows on the page, at most 100.';
const AFTER = 'Cursor of the row before the page.';

@Resolver(() => User)
export class UserResolver {
  @Access('STUDIO')
  @Query(() => User, {
    nullable: true,
    description: "A user by the shop's own id; null for one that is not stored.",
  })
  async user(
    @Arg('id', () => ID, { description: "The shop's own id." }) id: string,
    @Ctx() { loaders }: Context,
  ): Promise<User | null> {
    const row = await loaders.userByExternalId.load(id);
    return row && toUser(row);
  }

  @Access('STUDIO')
  @Query(() => UserConnection, { description: 'Users in the order in which they were stored.' })
  async users(
    @Arg('first', () => Int, { nullable: true, description: FIRST }) first: number | null,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after: string | null,
    @Arg('filter', () => UserFilter, { nullable: true, description: 'Which users.' })
    filter: UserFilter | null,
    @Ctx() { shop }: Context,
  ): Promise<Connection<User>> {
    const where = given<UserFilter>(filter ?? {});
    const page = await shop.users({ first: requirePageSize(first), after }, where);
    return toConnection(page, after, toUser, () => shop.countUsers(where));
  }

  @FieldResolver(() => BehaviourConnection, { description: 'What the user did, the newest first.' })
  async behaviours(
    @Root() user: User,
    @Arg('first', () => Int, { nullable: true, description: FIRST }) first: number | null,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after: string | null,
    @Ctx() { shop, loaders }: Context,
  ): Promise<Connection<Behaviour>> {
    const key = { userKey: user.key, first: requirePageSize(first), after: after ?? null };
    const page = await loaders.behaviourPage.load(key);
    return toConnection(page, after, toBehaviour, () => shop.countBehaviours({ userId: user.id }));
  }

  @FieldResolver(() => UserPredictions, {
    nullable: true,
    description: 'What the deployed models say; null with the error NOT_READY while none answers.',
  })
  predictions(@Root() user: User): UserPredictions {
    return { userId: user.id };
  }

  @FieldResolver(() => [Recommendation], { description: 'Items to show the user, the best first.' })
  recommendations(
    @Root() user: User,
    @Arg('first', () => Int, {
      nullable: true,
      defaultValue: 10,
      description: 'Items in the list, at most 100.',
    })
    first: number | null,
    @Ctx() { loaders }: Context,
  ): Promise<Recommendation[]> {
    const key = {
      userId: user.id,
      first: requirePageSize(first ?? 10),
      filter: {},
      weights: null,
      excludeBought: false,
    };
    return loaders.recommender.recommend(key);
  }
}
