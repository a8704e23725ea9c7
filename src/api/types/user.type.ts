import { Field, ID, ObjectType } from 'type-graphql';

import type { JsonObject, UserRow } from '../../store/index.js';
import { DateTimeScalar, JSONScalar } from '../scalars.js';
import { connectionOf } from './connection.type.js';

@ObjectType({ description: 'Somebody who visits or buys.', simpleResolvers: true })
export class User {
  @Field(() => ID, { description: "The shop's own id." })
  id: string;

  @Field(() => JSONScalar, { description: 'What the shop told about the user.' })
  attributes: JsonObject;

  @Field(() => DateTimeScalar, { description: 'When the user was first stored.' })
  createdAt: Date;

  /** Internal id, for the loaders. */
  key: number;
}

export function toUser(row: UserRow): User {
  return { id: row.externalId, attributes: row.attributes, createdAt: row.createdAt, key: row.id };
}

export const UserConnection = connectionOf('User', () => User);
