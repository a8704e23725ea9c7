import { Field, ID, InputType, Int } from 'type-graphql';

import type { BehaviourType } from '../../pipeline/index.js';
import type { JsonObject } from '../../store/index.js';
import type { CountedUnit } from '../../tasks/index.js';
import { JSONScalar } from '../scalars.js';
import { BehaviourTypeEnum, CountedUnitEnum } from '../types/enums.enum.js';

@InputType({ description: "A task of the shop's own." })
export class DefineTaskInput {
  @Field(() => ID, { description: 'Its name: 2 to 40 of A-Z, 0-9 and _, a letter first.' })
  name: string;

  @Field(() => String, { nullable: true, description: 'Its name in words.' })
  title?: string | null;

  @Field(() => String, { nullable: true, description: 'What it asks, in words.' })
  description?: string | null;

  @Field(() => [BehaviourTypeEnum], { description: 'Types of behaviour that count, at least one.' })
  behaviours: BehaviourType[];

  @Field(() => CountedUnitEnum, {
    nullable: true,
    description: 'What of them is counted; without, BEHAVIOURS.',
  })
  counts?: CountedUnit | null;

  @Field(() => String, { nullable: true, description: 'Only items of this category count.' })
  category?: string | null;

  @Field(() => Int, { description: 'Days in which is counted, 1 to 365.' })
  windowDays: number;

  @Field(() => Int, {
    nullable: true,
    description: 'Yes from so many on; without, the number itself is asked.',
  })
  atLeast?: number | null;

  @Field(() => JSONScalar, {
    nullable: true,
    description:
      'How the threshold of yes is chosen on validation: {"by": "F1"} (without), {"by": "PRECISION", "target": 0.8} or {"by": "COST", "costOfMiss": 20, "costOfFalseAlarm": 1}.',
  })
  threshold?: JsonObject | null;

  @Field(() => Int, {
    nullable: true,
    description: 'It is learnt and measured on users who did anything in so many days before; without, 90.',
  })
  activeDays?: number | null;
}
