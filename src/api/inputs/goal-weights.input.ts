import { Field, Float, InputType } from 'type-graphql';

@InputType({
  description:
    'What a list is ranked for: weights of the goals, which are 0 when not given. A goal needs a deployed head (or, for the margin, item attributes).',
})
export class GoalWeights {
  @Field(() => Float, {
    nullable: true,
    description: 'Weight of the probability that the item is looked at.',
  })
  view?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Weight of the probability that the item is put into the cart.',
  })
  addToCart?: number | null;

  @Field(() => Float, { nullable: true, description: 'Weight of the probability that the item is bought.' })
  purchase?: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      "Weight of the expected margin: the purchase score times the item's `attributes.margin` (a share of the price, 0 to 1), or (price - `attributes.cost`) / price.",
  })
  margin?: number | null;
}
