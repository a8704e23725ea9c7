import { Field, ID, Int, ObjectType } from 'type-graphql';

import type { BehaviourType } from '../../pipeline/index.js';
import type { CountedUnit, CustomTask as CustomTaskDefinition } from '../../tasks/index.js';
import { JSONScalar } from '../scalars.js';
import { BehaviourTypeEnum, CountedUnitEnum } from './enums.enum.js';

@ObjectType({
  description: 'A task that the shop has defined: how much of some behaviour a user shows within some days.',
  simpleResolvers: true,
})
export class CustomTask {
  @Field(() => ID, { description: 'Its name, in capitals.' })
  name: string;

  @Field(() => String, { description: 'Its name in words.' })
  title: string;

  @Field(() => String, { description: 'What it asks, in words.' })
  description: string;

  @Field(() => [BehaviourTypeEnum], { description: 'Types of behaviour that count.' })
  behaviours: BehaviourType[];

  @Field(() => CountedUnitEnum, { description: 'What of them is counted.' })
  counts: CountedUnit;

  @Field(() => String, { nullable: true, description: 'Only items of this category count; null = all.' })
  category: string | null;

  @Field(() => Int, { description: 'Days in which is counted, from the moment of the prediction on.' })
  windowDays: number;

  @Field(() => Int, { nullable: true, description: 'Yes from so many on; null where the number is asked.' })
  atLeast: number | null;

  @Field(() => JSONScalar, { description: 'How the threshold of yes is chosen on validation.' })
  threshold: CustomTaskDefinition['threshold'];

  @Field(() => Int, {
    description: 'It is learnt and measured on users who did anything in so many days before.',
  })
  activeDays: number;
}

export function toCustomTask(task: CustomTaskDefinition): CustomTask {
  return { ...task, behaviours: task.behaviours as BehaviourType[] };
}
