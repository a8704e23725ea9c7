import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';

import type { Ranking } from '../../pipeline/evaluate/index.js';

export const RankingEnum = Object.fromEntries(
  ['RANKED', 'UNDECIDED', 'ONE_SEED', 'ALONE'].map((name) => [name, name]),
) as { readonly [Name in Ranking]: Name };
registerEnumType(RankingEnum, {
  name: 'Ranking',
  description: 'Whether models can be ranked.',
  valuesConfig: {
    RANKED: { description: 'The best is clearly ahead of every other over several seeds.' },
    UNDECIDED: { description: 'An interval of a difference to the best holds zero.' },
    ONE_SEED: {
      description:
        'Two of the models have fewer than two seeds in common: nothing is known of the luck of a start.',
    },
    ALONE: { description: 'There is one model only.' },
  },
});

@ObjectType({ description: 'A metric over folds and seeds.', simpleResolvers: true })
export class SpreadMetric {
  @Field(() => String, { description: 'Name, such as AUC or WAPE.' })
  name: string;

  @Field(() => Float, { description: 'Mean over folds and seeds.' })
  mean: number;

  @Field(() => Float, {
    nullable: true,
    description: "Standard deviation of the folds' means; null with one fold.",
  })
  overFolds: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Standard deviation over the seeds within a fold; null with one seed.',
  })
  overSeeds: number | null;

  @Field(() => Float, { description: 'The lowest value of any fold and seed.' })
  lowest: number;

  @Field(() => Float, { description: 'The highest.' })
  highest: number;
}

@ObjectType({ description: 'One model over folds and seeds.', simpleResolvers: true })
export class SeededModel {
  @Field(() => String, { description: 'The model: family and kind.' })
  model: string;

  @Field(() => Int, { description: 'Number of folds.' })
  folds: number;

  @Field(() => Int, { description: 'Number of seeds.' })
  seeds: number;

  @Field(() => [SpreadMetric], { description: 'Its metrics.' })
  metrics: readonly SpreadMetric[];
}

@ObjectType({
  description:
    'Two models on the same examples and from the same seeds: examples drawn anew within each fold, the same for both, and the luck of a start as the spread over seeds allows.',
  simpleResolvers: true,
})
export class ModelDifference {
  @Field(() => String, { description: 'The model ahead.' })
  better: string;

  @Field(() => String, { description: 'The other.' })
  worse: string;

  @Field(() => String, { description: 'The metric.' })
  metric: string;

  @Field(() => Float, { description: 'How far it is ahead, 0 or more, mean over folds and seeds.' })
  difference: number;

  @Field(() => Float, { description: 'Lower end of the 95 % interval.' })
  low: number;

  @Field(() => Float, { description: 'Upper end of it.' })
  high: number;

  @Field(() => Int, { description: 'Seeds that both models have in common.' })
  seeds: number;

  @Field(() => Boolean, { description: 'Whether the interval leaves zero out; never with one seed.' })
  isClear: boolean;
}
