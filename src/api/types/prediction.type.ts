import { Field, Float, ObjectType } from 'type-graphql';

import type { TaskName } from '../../tasks/index.js';

@ObjectType({ description: "One feature's part in one prediction.", simpleResolvers: true })
export class FeatureContribution {
  @Field(() => String, { description: 'Name of the feature.' })
  feature: string;

  @Field(() => String, { description: 'The feature in words, with its unit.' })
  description: string;

  @Field(() => Float, { description: "The feature's own value here, in its unit." })
  value: number;

  @Field(() => Float, { description: 'What it adds to the logit (or takes off) against the average.' })
  contribution: number;
}

@ObjectType({ description: 'A yes/no prediction about one user.', simpleResolvers: true })
export class Prediction {
  @Field(() => Float, { description: 'Probability that the answer is yes, 0 to 1.' })
  probability: number;

  @Field(() => Boolean, { description: 'Whether the probability reaches the threshold.' })
  label: boolean;

  @Field(() => Float, {
    description: 'Probability from which on the answer is yes, chosen on the validation split.',
  })
  threshold: number;

  modelVersionId: string;
  userId: string;
  task: TaskName;
}

@ObjectType({
  description: "What is predicted about one user, as of the shop's clock.",
  simpleResolvers: true,
})
export class UserPredictions {
  userId: string;
}
