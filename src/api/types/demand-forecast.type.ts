import { Field, Float, ObjectType } from 'type-graphql';

import { Item } from './item.type.js';

@ObjectType({ description: 'Expected demand on one day.', simpleResolvers: true })
export class DemandDay {
  @Field(() => String, { description: 'The day, YYYY-MM-DD, UTC.' })
  date: string;

  @Field(() => Float, { description: 'Expected units.' })
  units: number;

  @Field(() => Float, { description: 'Lower end of the central 80 % interval.' })
  low: number;

  @Field(() => Float, { description: 'Upper end of the central 80 % interval.' })
  high: number;
}

@ObjectType({ description: 'Units sold on one day.', simpleResolvers: true })
export class DemandHistoryDay {
  @Field(() => String, { description: 'The day, YYYY-MM-DD, UTC.' })
  date: string;

  @Field(() => Float, { description: 'Units sold.' })
  units: number;
}

@ObjectType({ description: 'How much of an item will be sold.', simpleResolvers: true })
export class DemandForecast {
  @Field(() => Item, { description: 'The item.' })
  item: Item;

  @Field(() => [DemandDay], { description: "Day by day, from the day after the shop's clock." })
  days: DemandDay[];

  @Field(() => Float, { description: 'Expected units over all days.' })
  total: number;

  @Field(() => [DemandHistoryDay], { description: 'What was sold on the days before.' })
  history: DemandHistoryDay[];

  modelVersionId: string;
}
