import { Field, ID, InputType, Int } from 'type-graphql';

import type { BehaviourType } from '../../pipeline/index.js';
import { DateTimeScalar, DecimalScalar } from '../scalars.js';
import { BehaviourTypeEnum } from '../types/enums.enum.js';

@InputType({ description: 'A behaviour of a session in progress; it is not stored.' })
export class SessionBehaviourInput {
  @Field(() => BehaviourTypeEnum, { description: 'What was done.' })
  type: BehaviourType;

  @Field(() => DateTimeScalar, { description: 'When.' })
  occurredAt: Date;

  @Field(() => ID, { nullable: true, description: 'The item, where there is one.' })
  itemId?: string | null;

  @Field(() => Int, { nullable: true, description: 'Units; 1 unless said.' })
  quantity?: number | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'Line total; 0 unless said.' })
  value?: string | null;
}

@InputType({ description: 'A session in progress.' })
export class OpenSessionInput {
  @Field(() => ID, {
    nullable: true,
    description: 'The user, whose stored behaviours of before count too; left out for somebody unknown.',
  })
  userId?: string | null;

  @Field(() => [SessionBehaviourInput], { description: 'Its behaviours so far, 1 to 500, in any order.' })
  behaviours: SessionBehaviourInput[];
}
