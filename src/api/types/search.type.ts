import { Field, Float, Int, ObjectType } from 'type-graphql';

import { lastResult, trialSettings } from '../../jobs/index.js';
import {
  definedMetrics,
  type ParameterType,
  type SearchSpace as Space,
} from '../../pipeline/evaluate/index.js';
import type { JsonObject, RunRow, TrialRow, TrialStatus } from '../../store/index.js';
import { DateTimeScalar, JSONScalar } from '../scalars.js';
import { ParameterTypeEnum, TrialStatusEnum } from './evaluation.enum.js';
import { Metric } from './evaluation.type.js';

@ObjectType({ description: 'A hyper-parameter that can be searched.', simpleResolvers: true })
export class SearchParameter {
  @Field(() => String, { description: 'Its name.' })
  name: string;

  @Field(() => ParameterTypeEnum, { description: 'What values it may have.' })
  type: ParameterType;

  @Field(() => Float, { nullable: true, description: 'The least value; null for a choice.' })
  low: number | null;

  @Field(() => Float, { nullable: true, description: 'The greatest value; null for a choice.' })
  high: number | null;

  @Field(() => [JSONScalar], { nullable: true, description: 'The values of a choice.' })
  values: readonly unknown[] | null;

  @Field(() => JSONScalar, { nullable: true, description: 'Its usual value.' })
  default: unknown;
}

@ObjectType({ description: 'How long trials are trained.', simpleResolvers: true })
export class SearchBudget {
  @Field(() => String, { description: 'The hyper-parameter that says so, such as epochs.' })
  parameter: string;

  @Field(() => Int, { description: 'What every trial is given at first.' })
  least: number;

  @Field(() => Int, { description: 'The whole length.' })
  most: number;
}

@ObjectType({
  description: 'What is searched of a kind of model unless said otherwise.',
  simpleResolvers: true,
})
export class SearchSpace {
  @Field(() => String, { description: 'The kind of model.' })
  architecture: string;

  @Field(() => [SearchParameter], { description: 'Its hyper-parameters.' })
  parameters: SearchParameter[];

  @Field(() => SearchBudget, {
    nullable: true,
    description:
      'How long trials are trained; null where training has no length, so that ASHA cannot search it.',
  })
  budget: SearchBudget | null;
}

@ObjectType({ description: 'What a trial reached with one budget.', simpleResolvers: true })
export class TrialResult {
  @Field(() => Int, { description: 'The rung, from 0.' })
  rung: number;

  @Field(() => Int, { nullable: true, description: 'Epochs (or trees) that it was given.' })
  budget: number | null;

  @Field(() => Float, { nullable: true, description: 'The deciding metric on validation.' })
  value: number | null;

  @Field(() => Float, { nullable: true, description: 'Threshold chosen on validation, for yes/no tasks.' })
  threshold: number | null;

  @Field(() => [Metric], { description: 'Every metric on validation.' })
  metrics: Metric[];

  @Field(() => Float, { description: 'Seconds that it took.' })
  seconds: number;
}

@ObjectType({ description: 'One setting that a search tried.', simpleResolvers: true })
export class SearchTrial {
  @Field(() => Int, { description: 'Number, from 1, in the order in which they were drawn.' })
  number: number;

  @Field(() => TrialStatusEnum, { description: 'How far it is.' })
  status: TrialStatus;

  @Field(() => JSONScalar, { description: 'What was tried.' })
  hyperparameters: JsonObject;

  @Field(() => JSONScalar, {
    description: 'All settings to train it with, also those that stayed as they are.',
  })
  settings: JsonObject;

  @Field(() => Int, { nullable: true, description: 'Epochs (or trees) that it was given last.' })
  budget: number | null;

  @Field(() => Float, { nullable: true, description: 'The deciding metric on validation with that budget.' })
  value: number | null;

  @Field(() => [TrialResult], { description: 'What it reached, rung by rung.' })
  results: readonly TrialResult[];

  @Field(() => Boolean, { description: 'Whether it is the best on validation so far, on the highest rung.' })
  isBest: boolean;

  @Field(() => Int, { description: 'How often a worker has taken it up on its rung.' })
  attempts: number;

  @Field(() => String, { nullable: true, description: 'Why it failed.' })
  error: string | null;

  @Field(() => DateTimeScalar, { description: 'When a worker first took it up.' })
  startedAt: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When its last rung ended.' })
  finishedAt: Date | null;
}

export function toSearchTrial(run: Pick<RunRow, 'config'>, trial: TrialRow, isBest: boolean): SearchTrial {
  const last = lastResult(trial);
  const { number, status, hyperparameters, results, attempts, error, startedAt, finishedAt } = trial;
  const settings = trialSettings(run, trial, last?.budget ?? trial.budget);
  const { budget = trial.budget, value = null } = last ?? {};
  return {
    number,
    status,
    hyperparameters,
    settings,
    budget,
    value,
    results: results.map((result) => ({ ...result, metrics: definedMetrics(result.metrics) })),
    isBest,
    attempts,
    error,
    startedAt,
    finishedAt,
  };
}

export function toSearchSpace(architecture: string, { parameters, budget }: Space): SearchSpace {
  return {
    architecture,
    budget,
    parameters: parameters.map((parameter) => ({
      name: parameter.name,
      type: parameter.type,
      low: parameter.type === 'CHOICE' ? null : parameter.low,
      high: parameter.type === 'CHOICE' ? null : parameter.high,
      values: parameter.type === 'CHOICE' ? parameter.values : null,
      default: parameter.default ?? null,
    })),
  };
}
