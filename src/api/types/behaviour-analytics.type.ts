import { Field, Float, Int, ObjectType } from 'type-graphql';

import type { BehaviourType } from '../../pipeline/index.js';
import { DecimalScalar } from '../scalars.js';
import { BehaviourTypeEnum } from './enums.enum.js';

@ObjectType({ description: 'One step from looking to buying.', simpleResolvers: true })
export class FunnelStep {
  @Field(() => BehaviourTypeEnum, { description: 'The behaviour.' })
  type: BehaviourType;

  @Field(() => Int, { description: 'Users who did it.' })
  users: number;

  @Field(() => Int, { description: 'How often it was done.' })
  behaviours: number;

  @Field(() => Float, { description: 'Share of the active users who did it, 0 to 1.' })
  rate: number;
}

@ObjectType({ description: 'Users who first bought in the same month.', simpleResolvers: true })
export class RetentionCohort {
  @Field(() => String, { description: 'Month of the first purchase, YYYY-MM.' })
  month: string;

  @Field(() => Int, { description: 'Users of the cohort.' })
  users: number;

  @Field(() => [Float], { description: 'Share who bought in month 0, 1, 2 … after the first; month 0 is 1.' })
  retention: number[];
}

@ObjectType({ description: 'Users alike in recency, frequency and money (RFM).', simpleResolvers: true })
export class RfmSegment {
  @Field(() => String, { description: 'Name of the segment.' })
  name: string;

  @Field(() => Int, { description: 'Users in it.' })
  users: number;

  @Field(() => Float, { description: 'Share of all buyers, 0 to 1.' })
  share: number;

  @Field(() => Float, { description: 'Mean days since the last purchase, at the end of the range.' })
  recencyDays: number;

  @Field(() => Float, { description: 'Mean number of orders.' })
  frequency: number;

  @Field(() => DecimalScalar, { description: 'Mean money spent.' })
  monetary: string;
}

@ObjectType({ description: 'An item with much going on.', simpleResolvers: true })
export class TopItem {
  @Field(() => Int, { description: 'Behaviours with it.' })
  behaviours: number;

  @Field(() => Int, { description: 'Users who did something with it.' })
  users: number;

  @Field(() => Float, { description: 'Units sold, less refunds.' })
  units: number;

  @Field(() => DecimalScalar, { description: 'Money taken, less refunds.' })
  revenue: string;

  itemKey: number;
}

@ObjectType({ description: 'A way through a visit.', simpleResolvers: true })
export class BehaviourPath {
  @Field(() => [BehaviourTypeEnum], {
    description: 'The steps, repeats of the same step counted once, at most five.',
  })
  steps: BehaviourType[];

  @Field(() => Int, { description: 'Visits that went this way.' })
  sessions: number;
}

@ObjectType({ description: 'What users did in a range of time.', simpleResolvers: true })
export class BehaviourAnalytics {
  range: { from: Date; to: Date };
}
