import { Field, ID, ObjectType } from 'type-graphql';

import type { ItemRow, JsonObject } from '../../store/index.js';
import { DecimalScalar, JSONScalar } from '../scalars.js';
import { connectionOf } from './connection.type.js';

@ObjectType({ description: 'Something the shop sells.', simpleResolvers: true })
export class Item {
  @Field(() => ID, { description: "The shop's own id." })
  id: string;

  @Field(() => String, { description: 'Name as shown to shoppers.' })
  title: string;

  @Field(() => [String], { description: 'Categories, the widest first.' })
  category: string[];

  @Field(() => DecimalScalar, { nullable: true, description: 'Latest price of one unit.' })
  price: string | null;

  @Field(() => String, { nullable: true, description: 'Currency of the price, ISO 4217.' })
  currency: string | null;

  @Field(() => Boolean, { description: 'Whether it can be bought now; what cannot is never recommended.' })
  available: boolean;

  @Field(() => String, { nullable: true, description: 'Address of a picture.' })
  imageUrl: string | null;

  @Field(() => JSONScalar, { description: 'Whatever else the shop told about it.' })
  attributes: JsonObject;
}

export function toItem(row: ItemRow): Item {
  return {
    id: row.externalId,
    title: row.title,
    category: row.category,
    price: row.price,
    currency: row.currency,
    available: row.available,
    imageUrl: row.imageUrl,
    attributes: row.attributes,
  };
}

export const ItemConnection = connectionOf('Item', () => Item);
