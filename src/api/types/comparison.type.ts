import { Field, Float, ObjectType } from 'type-graphql';

import type { TaskName } from '../../tasks/index.js';
import { TaskEnum } from './enums.enum.js';
import { Metric } from './evaluation.type.js';
import { ModelVersion } from './model-version.type.js';

@ObjectType({ description: 'One model in a comparison.', simpleResolvers: true })
export class ModelComparisonEntry {
  @Field(() => ModelVersion, { description: 'The version that the model belongs to.' })
  modelVersion: ModelVersion;

  @Field(() => String, { description: 'Way of learning: BASELINE, SINGLE, MULTI or ENSEMBLE.' })
  family: string;

  @Field(() => String, { description: 'The kind of model.' })
  architecture: string;

  @Field(() => Float, { description: 'Value of the metric on the test split.' })
  value: number;

  @Field(() => Float, { description: 'Lower end of its 95 % interval.' })
  low: number;

  @Field(() => Float, { description: 'Upper end of its 95 % interval.' })
  high: number;

  @Field(() => Boolean, {
    description: 'Whether it has the best value; within the interval of others that is no proof.',
  })
  isBest: boolean;

  @Field(() => [Metric], { description: 'Every other metric of the model.' })
  metrics: Metric[];
}

@ObjectType({ description: 'All compared models on one task and protocol.', simpleResolvers: true })
export class TaskComparison {
  @Field(() => TaskEnum, { description: 'The task.' })
  task: TaskName;

  @Field(() => String, { description: 'The metric that models of the task are chosen by.' })
  metric: string;

  @Field(() => Boolean, { description: 'Whether more of the metric is better.' })
  higherIsBetter: boolean;

  @Field(() => String, { description: 'How it was measured; only equal protocols are compared.' })
  protocol: string;

  @Field(() => Boolean, { description: "Whether the best one's interval lies apart from that of the next." })
  isClear: boolean;

  @Field(() => [ModelComparisonEntry], { description: 'The models, the best first.' })
  entries: ModelComparisonEntry[];
}

@ObjectType({ description: 'What sharing with other tasks brought one task.', simpleResolvers: true })
export class TransferEffect {
  @Field(() => TaskEnum, { description: 'The task.' })
  task: TaskName;

  @Field(() => String, { description: 'The metric.' })
  metric: string;

  @Field(() => String, { description: 'How it was measured.' })
  protocol: string;

  @Field(() => Float, { description: 'Best single-task net.' })
  single: number;

  @Field(() => Float, { description: 'Best multi-task net.' })
  multi: number;

  @Field(() => Float, { description: 'Gain of sharing, positive when the multi-task net is better.' })
  gain: number;

  @Field(() => Float, {
    description:
      'Lower end of the 95 % interval of the gain, the two taken as independent (so rather too wide).',
  })
  low: number;

  @Field(() => Float, { description: 'Upper end of that interval.' })
  high: number;

  @Field(() => String, { description: 'HELPS, HARMS, or UNDECIDED when the interval holds zero.' })
  verdict: 'HELPS' | 'HARMS' | 'UNDECIDED';
}

@ObjectType({ description: 'Models side by side.', simpleResolvers: true })
export class ModelComparison {
  @Field(() => [TaskComparison], { description: 'Per task and protocol.' })
  tasks: TaskComparison[];

  @Field(() => [TransferEffect], { description: 'Gain or harm of learning tasks together.' })
  transfer: TransferEffect[];
}
