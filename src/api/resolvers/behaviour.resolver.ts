import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';

import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { given, requireTime } from '../inputs/checks.js';
import { BehaviourFilter } from '../inputs/filters.input.js';
import { Behaviour, BehaviourConnection, toBehaviour } from '../types/behaviour.type.js';
import { type Connection, requirePageSize, toConnection } from '../types/connection.type.js';
import { Item, toItem } from '../types/item.type.js';
import { toUser, User } from '../types/user.type.js';

@Resolver(() => Behaviour)
export class BehaviourResolver {
  @Access('STUDIO')
  @Query(() => BehaviourConnection, { description: 'What users did, the newest first.' })
  async behaviours(
    @Arg('first', () => Int, { nullable: true, description: 'Rows on the page, at most 100.' })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Cursor of the row before the page.' })
    after: string | null,
    @Arg('filter', () => BehaviourFilter, { nullable: true, description: 'Which behaviours.' })
    filter: BehaviourFilter | null,
    @Ctx() { shop }: Context,
  ): Promise<Connection<Behaviour>> {
    const where = given<BehaviourFilter>(filter ?? {});
    if (where.from) requireTime('filter.from', where.from);
    if (where.to) requireTime('filter.to', where.to);
    const page = await shop.behaviours({ first: requirePageSize(first), after }, where);
    return toConnection(page, after, toBehaviour, () => shop.countBehaviours(where));
  }

  @FieldResolver(() => User, { description: 'Who did it.' })
  async user(@Root() { userKey }: Behaviour, @Ctx() { loaders }: Context): Promise<User> {
    const row = await loaders.userByKey.load(userKey);
    if (!row) throw new Error(`A behaviour names user ${userKey}, who is not stored.`);
    return toUser(row);
  }

  @FieldResolver(() => Item, { nullable: true, description: 'With which item.' })
  async item(@Root() { itemKey }: Behaviour, @Ctx() { loaders }: Context): Promise<Item | null> {
    const row = itemKey === null ? null : await loaders.itemByKey.load(itemKey);
    return row && toItem(row);
  }
}
