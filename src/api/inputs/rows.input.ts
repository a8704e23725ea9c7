import { Field, ID, InputType, Int } from 'type-graphql';

import type { BehaviourType } from '../../pipeline/index.js';
import type { FeedbackKind, JsonObject } from '../../store/index.js';
import { DateTimeScalar, DecimalScalar, JSONScalar } from '../scalars.js';
import { BehaviourTypeEnum, FeedbackKindEnum } from '../types/enums.enum.js';

@InputType({ description: 'A user to store, or to change where the id is known.' })
export class UserInput {
  @Field(() => ID, { description: "The shop's own id." })
  id: string;

  @Field(() => JSONScalar, { nullable: true, description: 'An object of whatever is known about the user.' })
  attributes?: JsonObject | null;
}

@InputType({ description: 'An item to store, or to change where the id is known.' })
export class ItemInput {
  @Field(() => ID, { description: "The shop's own id." })
  id: string;

  @Field(() => String, { description: 'Name as shown to shoppers.' })
  title: string;

  @Field(() => [String], { nullable: true, description: 'Categories, the widest first.' })
  category?: string[] | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'Price of one unit.' })
  price?: string | null;

  @Field(() => String, { nullable: true, description: 'Currency of the price, ISO 4217.' })
  currency?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it can be bought now.' })
  available?: boolean | null;

  @Field(() => String, { nullable: true, description: 'Address of a picture.' })
  imageUrl?: string | null;

  @Field(() => JSONScalar, {
    nullable: true,
    description: 'An object of whatever else is known about the item.',
  })
  attributes?: JsonObject | null;
}

@InputType({ description: 'Something a user did. Sent twice with the same event id, it is stored once.' })
export class BehaviourInput {
  @Field(() => ID, { description: "The shop's own id of the event." })
  eventId: string;

  @Field(() => ID, { description: 'The user; stored on the way where unknown.' })
  userId: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The item, where there is one; stored on the way where unknown.',
  })
  itemId?: string | null;

  @Field(() => BehaviourTypeEnum, { description: 'What was done.' })
  type: BehaviourType;

  @Field(() => DateTimeScalar, { description: 'When.' })
  occurredAt: Date;

  @Field(() => ID, { nullable: true, description: 'Visit, order or invoice that it belongs to.' })
  sessionId?: string | null;

  @Field(() => Int, { nullable: true, description: 'Units; for a rating the rating.' })
  quantity?: number | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'Line total, positive also for refunds.' })
  value?: string | null;

  @Field(() => JSONScalar, { nullable: true, description: 'An object of whatever else is known.' })
  context?: JsonObject | null;
}

@InputType({ description: 'One line of an order.' })
export class OrderLineInput {
  @Field(() => ID, { description: 'The item.' })
  itemId: string;

  @Field(() => Int, { description: 'Units.' })
  quantity: number;

  @Field(() => DecimalScalar, { nullable: true, description: 'Price of one unit.' })
  price?: string | null;
}

@InputType({ description: 'An order that was paid or is about to be.' })
export class TransactionInput {
  @Field(() => ID, { description: "The shop's own id of the order." })
  id: string;

  @Field(() => ID, { description: 'Who ordered.' })
  userId: string;

  @Field(() => DecimalScalar, { description: 'Total.' })
  amount: string;

  @Field(() => String, { description: 'Currency of the total, ISO 4217.' })
  currency: string;

  @Field(() => DateTimeScalar, { description: 'When.' })
  occurredAt: Date;

  @Field(() => [OrderLineInput], { nullable: true, description: 'What was ordered.' })
  items?: OrderLineInput[] | null;

  @Field(() => String, { nullable: true, description: 'How it is paid, such as CARD or INVOICE.' })
  paymentMethod?: string | null;

  @Field(() => String, { nullable: true, description: 'Device that the order came from.' })
  deviceId?: string | null;

  @Field(() => String, { nullable: true, description: "Country of the device's address." })
  ipCountry?: string | null;

  @Field(() => String, { nullable: true, description: 'Country of the bill.' })
  billingCountry?: string | null;

  @Field(() => String, { nullable: true, description: 'Country of the delivery.' })
  shippingCountry?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it was fraud, once that is known.' })
  isFraud?: boolean | null;
}

@InputType({ description: 'What became of something that was shown.' })
export class FeedbackInput {
  @Field(() => ID, { description: "The shop's own id of the event." })
  eventId: string;

  @Field(() => ID, { description: 'The user it was shown to.' })
  userId: string;

  @Field(() => ID, { nullable: true, description: '`impressionId` of the recommendation.' })
  impressionId?: string | null;

  @Field(() => ID, { nullable: true, description: 'The item, where there is no impression.' })
  itemId?: string | null;

  @Field(() => FeedbackKindEnum, { description: 'What happened.' })
  kind: FeedbackKind;

  @Field(() => DateTimeScalar, { description: 'When.' })
  occurredAt: Date;
}
