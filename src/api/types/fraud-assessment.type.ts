import { Field, Float, ObjectType } from 'type-graphql';

import { type FeatureContribution } from './prediction.type.js';

@ObjectType({ description: 'How likely an order is fraud.', simpleResolvers: true })
export class FraudAssessment {
  @Field(() => Float, { description: 'Probability of fraud, 0 to 1.' })
  probability: number;

  @Field(() => Boolean, { description: 'Whether the probability reaches the threshold.' })
  label: boolean;

  @Field(() => Float, { description: 'Probability from which on an order counts as fraud.' })
  threshold: number;

  @Field(() => Boolean, {
    description:
      'Whether the model learned from simulated transactions, as the shop had too few labelled ones.',
  })
  isSimulated: boolean;

  @Field(() => String, { nullable: true, description: 'What to keep in mind when reading the probability.' })
  note: string | null;

  allContributions: FeatureContribution[];
  modelVersionId: string;
}
