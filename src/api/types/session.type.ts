import { Field, Float, ID, Int, ObjectType } from 'type-graphql';

import {
  NEXT_BEHAVIOURS,
  type NextBehaviour,
  type OpenSession,
  type ShopHistory,
} from '../../pipeline/index.js';
import { DateTimeScalar } from '../scalars.js';
import { enumOf } from './enums.enum.js';

export const NextBehaviourEnum = enumOf<NextBehaviour>(
  'NextBehaviour',
  'What may come next in a session.',
  NEXT_BEHAVIOURS,
  {
    VIEW: 'A look at an item or page.',
    SEARCH: 'A search.',
    FAVOURITE: 'An item marked as a favourite.',
    ADD_TO_CART: 'An item put into the cart.',
    REMOVE_FROM_CART: 'An item taken out of the cart.',
    PURCHASE: 'A purchase.',
    REFUND: 'An item given back.',
    RATING: 'A rating.',
    END: 'Nothing more: the session ends.',
  },
);

/** A session within the history that it is asked about in; sessions of one history are asked about together. */
export interface ReadSession extends OpenSession {
  readonly history: ShopHistory;
}

@ObjectType({ description: 'How likely a behaviour is the next one.', simpleResolvers: true })
export class NextBehaviourProbability {
  @Field(() => NextBehaviourEnum, { description: 'The behaviour, or END.' })
  type: NextBehaviour;

  @Field(() => Float, { description: 'Probability, 0 to 1; those of all types add up to 1.' })
  probability: number;
}

@ObjectType({ description: 'What a user will do next in a session.', simpleResolvers: true })
export class NextBehaviourPrediction {
  @Field(() => NextBehaviourEnum, { description: 'The most probable one.' })
  label: NextBehaviour;

  @Field(() => [NextBehaviourProbability], { description: 'Every type, the most probable first.' })
  probabilities: NextBehaviourProbability[];

  modelVersionId: string;
  session: ReadSession;
}

@ObjectType({ description: 'Whether a session will have a purchase before it ends.', simpleResolvers: true })
export class SessionOutcomePrediction {
  @Field(() => Float, { description: 'Probability of a purchase, 0 to 1.' })
  probability: number;

  @Field(() => Boolean, { description: 'Whether the probability reaches the threshold.' })
  label: boolean;

  @Field(() => Float, {
    description: 'Probability from which on the answer is yes, chosen on the validation split.',
  })
  threshold: number;

  modelVersionId: string;
  session: ReadSession;
}

@ObjectType({
  description:
    'A visit: behaviours of one user that belong together, and how it goes on after the last of them.',
  simpleResolvers: true,
})
export class UserSession {
  @Field(() => ID, {
    nullable: true,
    description:
      "The shop's own id; null where behaviours without one follow each other within half an hour.",
  })
  id: string | null;

  @Field(() => ID, { nullable: true, description: 'The user; null for one that is not known.' })
  userId: string | null;

  @Field(() => DateTimeScalar, { description: 'Time of its first behaviour.' })
  startedAt: Date;

  @Field(() => DateTimeScalar, { description: 'Time of its latest behaviour; predictions are as of it.' })
  latestAt: Date;

  @Field(() => Int, { description: 'Number of its behaviours so far.' })
  behaviourCount: number;

  @Field(() => Boolean, {
    description: "Whether it may go on: its latest behaviour lies within half an hour of the shop's clock.",
  })
  isOpen: boolean;

  @Field(() => Boolean, { description: 'Whether it has a purchase already.' })
  hasPurchase: boolean;

  session: ReadSession;
}
