import { Field, Int, ObjectType } from 'type-graphql';

import type { CrossValidationMethod } from '../../jobs/index.js';
import type { Ranking } from '../../pipeline/evaluate/index.js';
import { DateTimeScalar } from '../scalars.js';
import { CrossValidationMethodEnum } from './evaluation.enum.js';
import { ModelDifference, RankingEnum, SeededModel } from './seeded-model.type.js';

@ObjectType({ description: 'One fold, all models and seeds.', simpleResolvers: true })
export class CrossValidationFold {
  @Field(() => Int, { description: 'Number of the fold, from 1.' })
  fold: number;

  @Field(() => DateTimeScalar, { description: 'Models have learnt from what lies before.' })
  cut: Date;

  @Field(() => Int, { description: 'Number of examples after it.' })
  examples: number;

  @Field(() => String, { description: 'How it was measured.' })
  protocol: string;

  @Field(() => [SeededModel], { description: 'Mean and spread over the seeds.' })
  models: readonly SeededModel[];
}

@ObjectType({ description: 'What a cross-validation found.', simpleResolvers: true })
export class CrossValidation {
  @Field(() => CrossValidationMethodEnum, { description: 'How folds were made.' })
  method: CrossValidationMethod;

  @Field(() => String, { description: 'The metric that models of the task are chosen by.' })
  metric: string;

  @Field(() => RankingEnum, { description: 'Whether the models can be ranked, and if not, why not.' })
  ranking: Ranking;

  @Field(() => [SeededModel], { description: 'Mean and spread over folds and seeds, the best mean first.' })
  models: readonly SeededModel[];

  @Field(() => [CrossValidationFold], { description: 'Fold by fold.' })
  folds: CrossValidationFold[];

  @Field(() => [ModelDifference], { description: 'The best model against each other, by paired bootstrap.' })
  differences: readonly ModelDifference[];
}
