import { Field, Float, ObjectType } from 'type-graphql';

import { CustomTask } from './custom-task.type.js';

@ObjectType({
  description:
    "A prediction of one of the shop's own tasks about one user: a probability, or an expected count.",
  simpleResolvers: true,
})
export class CustomPrediction {
  @Field(() => CustomTask, { description: 'The task.' })
  task: CustomTask;

  @Field(() => Float, {
    nullable: true,
    description: 'Probability of yes, 0 to 1; null where a number is asked.',
  })
  probability: number | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether the probability reaches the threshold.' })
  label: boolean | null;

  @Field(() => Float, { nullable: true, description: 'Probability from which on the answer is yes.' })
  threshold: number | null;

  @Field(() => Float, { nullable: true, description: 'Expected count; null where yes or no is asked.' })
  expectedCount: number | null;

  modelVersionId: string;
  userId: string;
}
