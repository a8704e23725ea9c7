import { Arg, Ctx, ID, Int, Query, Resolver } from 'type-graphql';

import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { toItemFilter } from '../inputs/checks.js';
import { ItemFilter } from '../inputs/filters.input.js';
import { type Connection, requirePageSize, toConnection } from '../types/connection.type.js';
import { Item, ItemConnection, toItem } from '../types/item.type.js';

@Resolver(() => Item)
export class ItemResolver {
  @Access('STUDIO', 'SHOP')
  @Query(() => Item, {
    nullable: true,
    description: "An item by the shop's own id; null for one that is not stored.",
  })
  async item(
    @Arg('id', () => ID, { description: "The shop's own id." }) id: string,
    @Ctx() { loaders }: Context,
  ): Promise<Item | null> {
    const row = await loaders.itemByExternalId.load(id);
    return row && toItem(row);
  }

  @Access('STUDIO', 'SHOP')
  @Query(() => ItemConnection, { description: 'Items in the order in which they were stored.' })
  async items(
    @Arg('first', () => Int, { nullable: true, description: 'Rows on the page, at most 100.' })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Cursor of the row before the page.' })
    after: string | null,
    @Arg('filter', () => ItemFilter, { nullable: true, description: 'Which items.' })
    filter: ItemFilter | null,
    @Ctx() { shop }: Context,
  ): Promise<Connection<Item>> {
    const where = toItemFilter(filter);
    const page = await shop.items({ first: requirePageSize(first), after }, where);
    return toConnection(page, after, toItem, () => shop.countItems(where));
  }
}
