import { Field, ID, Int, ObjectType } from 'type-graphql';

import type { BehaviourType } from '../../pipeline/index.js';
import type { BehaviourRecord, JsonObject } from '../../store/index.js';
import { DateTimeScalar, DecimalScalar, JSONScalar } from '../scalars.js';
import { connectionOf } from './connection.type.js';
import { BehaviourTypeEnum } from './enums.enum.js';

@ObjectType({ description: 'Something a user did, as the shop recorded it.', simpleResolvers: true })
export class Behaviour {
  @Field(() => ID, { description: "The shop's own id of the event." })
  eventId: string;

  @Field(() => BehaviourTypeEnum, { description: 'What was done.' })
  type: BehaviourType;

  @Field(() => DateTimeScalar, { description: 'When.' })
  occurredAt: Date;

  @Field(() => ID, { nullable: true, description: 'Visit, order or invoice that it belongs to.' })
  sessionId: string | null;

  @Field(() => Int, { nullable: true, description: 'Units; for a rating the rating.' })
  quantity: number | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "Line total in the shop's currency, positive also for refunds.",
  })
  value: string | null;

  @Field(() => JSONScalar, { nullable: true, description: 'Whatever else was recorded.' })
  context: JsonObject | null;

  /** Internal ids, for the loaders. */
  userKey: number;
  itemKey: number | null;
}

export function toBehaviour(row: BehaviourRecord): Behaviour {
  return {
    eventId: row.eventId,
    type: row.type,
    occurredAt: row.occurredAt,
    sessionId: row.sessionId,
    quantity: row.quantity,
    value: row.value,
    context: row.context,
    userKey: row.userId,
    itemKey: row.itemId,
  };
}

export const BehaviourConnection = connectionOf('Behaviour', () => Behaviour);
