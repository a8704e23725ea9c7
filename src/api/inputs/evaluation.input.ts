import { Field, Float, ID, InputType, Int } from 'type-graphql';

import type { CrossValidationMethod } from '../../jobs/index.js';
import type { ParameterType, SearchMethod } from '../../pipeline/evaluate/index.js';
import type { JsonObject } from '../../store/index.js';
import { JSONScalar } from '../scalars.js';
import { type ApiTask, TaskEnum } from '../types/enums.enum.js';
import { CrossValidationMethodEnum, ParameterTypeEnum, SearchMethodEnum } from '../types/evaluation.enum.js';
import { CUSTOM_TASK } from '../types/task-fields.js';
import { ThresholdInput } from './threshold.input.js';

@InputType({ description: 'What to measure on several folds.' })
export class CrossValidationInput {
  @Field(() => TaskEnum, { description: 'The task.' })
  task: ApiTask;

  @Field(() => ID, { nullable: true, description: CUSTOM_TASK })
  customTask?: string | null;

  @Field(() => String, { nullable: true, description: 'Kind of model; without, the default of the task.' })
  architecture?: string | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Several kinds of model, measured on the same folds and seeds and compared in pairs.',
  })
  architectures?: string[] | null;

  @Field(() => CrossValidationMethodEnum, {
    nullable: true,
    description: 'How folds are made; ROLLING_ORIGIN unless said.',
  })
  method?: CrossValidationMethod | null;

  @Field(() => Int, { nullable: true, description: 'Number of folds, 2 to 20; 4 unless said.' })
  folds?: number | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'ROLLING_ORIGIN: days between two cuts; without, the label window, or less where the history is short.',
  })
  stepDays?: number | null;

  @Field(() => JSONScalar, { nullable: true, description: 'An object of hyper-parameters by name.' })
  hyperparameters?: JsonObject | null;

  @Field(() => [ThresholdInput], {
    nullable: true,
    description: "Rule by which the threshold is chosen before each fold; without, the task's own.",
  })
  thresholds?: ThresholdInput[] | null;

  @Field(() => Int, { nullable: true, description: 'The first seed.' })
  seed?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How many seeds each fold is fitted from, 1 to 20; 3 unless said.',
  })
  seeds?: number | null;
}

@InputType({ description: 'A hyper-parameter to search.' })
export class SearchParameterInput {
  @Field(() => String, { description: 'Its name.' })
  name: string;

  @Field(() => ParameterTypeEnum, { description: 'What values it may have.' })
  type: ParameterType;

  @Field(() => Float, { nullable: true, description: 'INT, FLOAT, LOG: the least value.' })
  low?: number | null;

  @Field(() => Float, { nullable: true, description: 'INT, FLOAT, LOG: the greatest value.' })
  high?: number | null;

  @Field(() => [JSONScalar], { nullable: true, description: 'CHOICE: the values.' })
  values?: unknown[] | null;

  @Field(() => JSONScalar, {
    nullable: true,
    description: 'Its usual value; the first trial has the usual values where all parameters name one.',
  })
  default?: unknown;
}

@InputType({ description: 'How long trials are trained, in epochs (in trees for boosted trees).' })
export class SearchBudgetInput {
  @Field(() => Int, { description: 'ASHA: what every trial is given at first.' })
  least: number;

  @Field(() => Int, { description: 'The whole length.' })
  most: number;
}

@InputType({ description: 'Which hyper-parameters to search, and how.' })
export class SearchInput {
  @Field(() => TaskEnum, { description: 'The task.' })
  task: ApiTask;

  @Field(() => ID, { nullable: true, description: CUSTOM_TASK })
  customTask?: string | null;

  @Field(() => String, { nullable: true, description: 'Kind of model; without, the default of the task.' })
  architecture?: string | null;

  @Field(() => SearchMethodEnum, {
    nullable: true,
    description: 'How to choose what to try; TPE unless said.',
  })
  method?: SearchMethod | null;

  @Field(() => Int, { nullable: true, description: 'Number of trials, 1 to 200; 20 unless said.' })
  trials?: number | null;

  @Field(() => [SearchParameterInput], {
    nullable: true,
    description: "What to search; without (and without `space`), the architecture's own space.",
  })
  parameters?: SearchParameterInput[] | null;

  @Field(() => JSONScalar, {
    nullable: true,
    description: 'The short way: an object, name of the hyper-parameter → list of values to try.',
  })
  space?: JsonObject | null;

  @Field(() => SearchBudgetInput, {
    nullable: true,
    description: "How long trials are trained; without, the architecture's own.",
  })
  budget?: SearchBudgetInput | null;

  @Field(() => JSONScalar, { nullable: true, description: 'Hyper-parameters that stay as they are.' })
  hyperparameters?: JsonObject | null;

  @Field(() => [ThresholdInput], {
    nullable: true,
    description: "Rule by which the threshold is chosen on validation; without, the task's own.",
  })
  thresholds?: ThresholdInput[] | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Workers that take trials side by side at most, 1 to 64; 4 unless said.',
  })
  parallel?: number | null;

  @Field(() => Int, { nullable: true, description: 'Seed of every random draw.' })
  seed?: number | null;
}
