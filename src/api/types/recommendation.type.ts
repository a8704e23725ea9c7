import { Field, Float, ID, Int, ObjectType } from 'type-graphql';

import { type ReasonKind, ReasonKindEnum } from './enums.enum.js';
import { Item } from './item.type.js';

@ObjectType({ description: 'Why an item is shown.', simpleResolvers: true })
export class RecommendationReason {
  @Field(() => ReasonKindEnum, { description: 'The kind of reason.' })
  kind: ReasonKind;

  @Field(() => String, { description: 'The reason in words, for shoppers.' })
  text: string;

  @Field(() => Item, { nullable: true, description: 'The item that led to it, where one did.' })
  item: Item | null;
}

@ObjectType({ description: 'An item to show, in its place.', simpleResolvers: true })
export class Recommendation {
  @Field(() => Item, { description: 'The item.' })
  item: Item;

  @Field(() => Float, { description: 'Score that the list is ordered by; comparable within one list only.' })
  score: number;

  @Field(() => Int, { description: 'Place in the list, from 1.' })
  rank: number;

  @Field(() => RecommendationReason, { description: 'Why it is shown.' })
  reason: RecommendationReason;

  @Field(() => ID, { description: 'Id of this showing: give it back with `recordFeedback`.' })
  impressionId: string;
}
