import { Field, Float, ID, Int, ObjectType } from 'type-graphql';

import type { AlertRow } from '../../store/index.js';
import { DateTimeScalar } from '../scalars.js';
import { type AlertSeverity, AlertSeverityEnum, type ApiTask, TaskEnum } from './enums.enum.js';
import { Point } from './evaluation.type.js';
import { CUSTOM_TASK } from './task-fields.js';

@ObjectType({ description: 'Something that somebody should look at.', simpleResolvers: true })
export class Alert {
  @Field(() => ID, { description: 'Id of the alert.' })
  id: string;

  @Field(() => String, { description: 'What was watched, such as DRIFT or CALIBRATION.' })
  kind: string;

  @Field(() => AlertSeverityEnum, { description: 'How urgent it is.' })
  severity: AlertSeverity;

  @Field(() => String, { description: 'What was seen, in words.' })
  message: string;

  @Field(() => Float, { nullable: true, description: 'The value seen.' })
  value: number | null;

  @Field(() => Float, { nullable: true, description: 'The value from which on there is an alert.' })
  threshold: number | null;

  @Field(() => DateTimeScalar, { description: 'When it was raised.' })
  createdAt: Date;
}

export function toAlert(row: AlertRow): Alert {
  return row;
}

@ObjectType({
  description: 'How far behaviour has moved away from what the model in service learned from.',
  simpleResolvers: true,
})
export class FeatureDrift {
  @Field(() => String, { description: 'The feature.' })
  feature: string;

  @Field(() => Float, { description: 'Population stability index; above 0.2 the feature has shifted.' })
  psi: number;
}

@ObjectType({
  description: 'Whether the probabilities of a model in service came true on its test period.',
  simpleResolvers: true,
})
export class CalibrationReport {
  @Field(() => TaskEnum, { description: 'The task.' })
  task: ApiTask;

  @Field(() => ID, { nullable: true, description: CUSTOM_TASK })
  customTask: string | null;

  @Field(() => Float, {
    description: 'Mean gap between predicted probability and share that came true; 0 is perfect.',
  })
  expectedCalibrationError: number;

  @Field(() => [Point], { description: 'x: mean predicted probability of a bin, y: share that came true.' })
  points: Point[];
}

@ObjectType({ description: 'What became of what was shown.', simpleResolvers: true })
export class ClickThrough {
  @Field(() => Int, { description: 'Impressions shown.' })
  shown: number;

  @Field(() => Int, { description: 'Impressions clicked.' })
  clicked: number;

  @Field(() => Int, { description: 'Impressions that led to a purchase.' })
  bought: number;

  @Field(() => Float, {
    description: 'Share of the impressions that were clicked, 0 to 1; 0 where nothing was shown.',
  })
  rate: number;
}

@ObjectType({ description: 'How long answers took.', simpleResolvers: true })
export class OperationLatency {
  @Field(() => String, { description: 'Name of the operation.' })
  operation: string;

  @Field(() => Int, { description: 'Answers measured.' })
  count: number;

  @Field(() => Float, { description: 'Median, milliseconds.' })
  p50Ms: number;

  @Field(() => Float, { description: '95th percentile, milliseconds.' })
  p95Ms: number;

  @Field(() => Float, { description: '99th percentile, milliseconds.' })
  p99Ms: number;
}

@ObjectType({ description: 'How often a code of error was answered.', simpleResolvers: true })
export class ErrorCount {
  @Field(() => String, { description: 'The code, as in `extensions.code`.' })
  code: string;

  @Field(() => Int, { description: 'How often.' })
  count: number;
}

@ObjectType({ description: 'How the models and the API did in a range of time.', simpleResolvers: true })
export class Monitoring {
  range: { from: Date; to: Date };
}
