import { Field, ID, InputType } from 'type-graphql';

import type { BehaviourType } from '../../pipeline/index.js';
import type { RunKind, RunStatus } from '../../store/index.js';
import { DateTimeScalar, DecimalScalar } from '../scalars.js';
import { BehaviourTypeEnum, RunKindEnum, RunStatusEnum } from '../types/enums.enum.js';

@InputType({ description: 'Which users; all conditions must hold.' })
export class UserFilter {
  @Field(() => [ID], { nullable: true, description: 'One of these ids.' })
  ids?: string[] | null;

  @Field(() => String, { nullable: true, description: 'The id contains this text.' })
  search?: string | null;
}

@InputType({ description: 'Which items; all conditions must hold.' })
export class ItemFilter {
  @Field(() => [ID], { nullable: true, description: 'One of these ids.' })
  ids?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'None of these ids.' })
  excludeIds?: string[] | null;

  @Field(() => String, { nullable: true, description: 'Title or id contains this text.' })
  search?: string | null;

  @Field(() => [String], { nullable: true, description: 'In one of these categories.' })
  category?: string[] | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'Costs at least this.' })
  minPrice?: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'Costs at most this.' })
  maxPrice?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Can be bought now (or cannot).' })
  available?: boolean | null;
}

@InputType({ description: 'Which behaviours; all conditions must hold.' })
export class BehaviourFilter {
  @Field(() => ID, { nullable: true, description: 'Of this user.' })
  userId?: string | null;

  @Field(() => ID, { nullable: true, description: 'With this item.' })
  itemId?: string | null;

  @Field(() => [BehaviourTypeEnum], { nullable: true, description: 'Of one of these types.' })
  types?: BehaviourType[] | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'At this time or later.' })
  from?: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Before this time.' })
  to?: Date | null;
}

@InputType({ description: 'Which runs; all conditions must hold.' })
export class RunFilter {
  @Field(() => [RunKindEnum], { nullable: true, description: 'Of one of these kinds.' })
  kinds?: RunKind[] | null;

  @Field(() => [RunStatusEnum], { nullable: true, description: 'In one of these states.' })
  statuses?: RunStatus[] | null;
}

@InputType({ description: 'From a time up to, but without, another.' })
export class DateRange {
  @Field(() => DateTimeScalar, { description: 'First moment of the range.' })
  from: Date;

  @Field(() => DateTimeScalar, { description: 'First moment after the range.' })
  to: Date;
}
