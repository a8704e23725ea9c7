import { Field, Float, ID, Int, ObjectType } from 'type-graphql';

import type { Ranking } from '../../pipeline/evaluate/index.js';
import { type ApiTask, TaskEnum } from './enums.enum.js';
import { Metric } from './evaluation.type.js';
import { ModelVersion } from './model-version.type.js';
import { ModelDifference, RankingEnum, SeededModel } from './seeded-model.type.js';
import { CUSTOM_TASK, CUSTOM_TASKS } from './task-fields.js';

@ObjectType({ description: 'One model in a comparison.', simpleResolvers: true })
export class ModelComparisonEntry {
  @Field(() => ModelVersion, { description: 'The version that the model belongs to.' })
  modelVersion: ModelVersion;

  @Field(() => String, { description: 'Way of learning: BASELINE, SINGLE, MULTI or ENSEMBLE.' })
  family: string;

  @Field(() => String, { description: 'The kind of model.' })
  architecture: string;

  @Field(() => String, { description: 'Its model, as `models` and `differences` name it.' })
  model: string;

  @Field(() => Boolean, { description: 'Whether the version serves the task with this very model.' })
  isServed: boolean;

  @Field(() => Int, { nullable: true, description: 'Seed that it was fitted from.' })
  seed: number | null;

  @Field(() => Float, { description: 'Value of the metric on the test split.' })
  value: number;

  @Field(() => Float, { description: 'Lower end of its 95 % interval.' })
  low: number;

  @Field(() => Float, { description: 'Upper end of its 95 % interval.' })
  high: number;

  @Field(() => Boolean, {
    description: 'Whether its model is clearly ahead of all others over several seeds; never by one seed.',
  })
  isBest: boolean;

  @Field(() => [Metric], { description: 'Every other metric of the model.' })
  metrics: Metric[];
}

@ObjectType({ description: 'All compared models on one task and protocol.', simpleResolvers: true })
export class TaskComparison {
  @Field(() => TaskEnum, { description: 'The task.' })
  task: ApiTask;

  @Field(() => ID, { nullable: true, description: CUSTOM_TASK })
  customTask: string | null;

  @Field(() => String, { description: 'The metric that models of the task are chosen by.' })
  metric: string;

  @Field(() => Boolean, { description: 'Whether more of the metric is better.' })
  higherIsBetter: boolean;

  @Field(() => String, { description: 'How it was measured; only equal protocols are compared.' })
  protocol: string;

  @Field(() => RankingEnum, { description: 'Whether the models can be ranked, and if not, why not.' })
  ranking: Ranking;

  @Field(() => Boolean, { description: 'Whether the best model is clearly ahead of all others (RANKED).' })
  isClear: boolean;

  @Field(() => [ModelComparisonEntry], {
    description: 'Every version by itself, the best value first: an order, no ranking.',
  })
  entries: ModelComparisonEntry[];

  @Field(() => [SeededModel], {
    description:
      'The models with mean and spread over their seeds (versions of equal settings), the best mean first.',
  })
  models: readonly SeededModel[];

  @Field(() => [ModelDifference], {
    description: 'The best model against each other, where both have seeds in common: paired bootstrap.',
  })
  differences: readonly ModelDifference[];
}

@ObjectType({ description: 'What sharing with other tasks brought one task.', simpleResolvers: true })
export class TransferEffect {
  @Field(() => TaskEnum, { description: 'The task.' })
  task: ApiTask;

  @Field(() => ID, { nullable: true, description: CUSTOM_TASK })
  customTask: string | null;

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

@ObjectType({
  description: 'What learning with others brought one task, against the same net with that task alone.',
  simpleResolvers: true,
})
export class TransferGain {
  @Field(() => TaskEnum, { description: 'The task.' })
  task: ApiTask;

  @Field(() => ID, { nullable: true, description: CUSTOM_TASK })
  customTask: string | null;

  @Field(() => [TaskEnum], { description: 'All tasks that were learnt together, this one among them.' })
  together: ApiTask[];

  @Field(() => [ID], { description: CUSTOM_TASKS })
  customTogether: string[];

  @Field(() => String, { description: 'The metric.' })
  metric: string;

  @Field(() => Float, { description: 'Value alone, mean over seeds.' })
  alone: number;

  @Field(() => Float, { description: 'Value together, mean over seeds.' })
  shared: number;

  @Field(() => Float, { description: 'Gain of sharing, positive where it is better.' })
  gain: number;

  @Field(() => Float, { description: 'Lower end of its 95 % interval over seeds and examples.' })
  low: number;

  @Field(() => Float, { description: 'Upper end of that interval.' })
  high: number;

  @Field(() => String, { description: 'HELPS, HARMS, or UNDECIDED when the interval holds zero.' })
  verdict: 'HELPS' | 'HARMS' | 'UNDECIDED';
}

@ObjectType({
  description: 'Tasks that are best learnt together, or one that is best alone.',
  simpleResolvers: true,
})
export class TaskGroup {
  @Field(() => [TaskEnum], { description: 'The tasks.' })
  tasks: ApiTask[];

  @Field(() => [ID], { description: CUSTOM_TASKS })
  customTasks: string[];

  @Field(() => String, {
    description: 'SHARE (one net), SHARE_PARTLY (a net with experts and gates) or APART (a net of its own).',
  })
  sharing: 'SHARE' | 'SHARE_PARTLY' | 'APART';
}

@ObjectType({
  description:
    'How two tasks’ gradients by the layers that they share lie to each other, all tasks learnt together.',
  simpleResolvers: true,
})
export class GradientAffinity {
  @Field(() => TaskEnum, { description: 'One task.' })
  task: ApiTask;

  @Field(() => ID, { nullable: true, description: CUSTOM_TASK })
  customTask: string | null;

  @Field(() => TaskEnum, { description: 'The other.' })
  other: ApiTask;

  @Field(() => ID, { nullable: true, description: 'Name of the other, where it is CUSTOM.' })
  customOther: string | null;

  @Field(() => Float, {
    description: 'Cosine, −1 (they work against each other) to 1, mean over the training and the seeds.',
  })
  cosine: number;

  @Field(() => Float, { description: 'Lowest of the seeds.' })
  low: number;

  @Field(() => Float, { description: 'Highest of the seeds.' })
  high: number;
}

@ObjectType({
  description: 'Whether tasks help each other, as an AUTO run measured it.',
  simpleResolvers: true,
})
export class TransferReport {
  @Field(() => ModelVersion, { description: 'The version whose run measured it.' })
  modelVersion: ModelVersion;

  @Field(() => String, { description: 'The net by which it was measured.' })
  architecture: string;

  @Field(() => String, { description: 'How it was measured.' })
  protocol: string;

  @Field(() => [Int], { description: 'Seeds.' })
  seeds: number[];

  @Field(() => [TransferGain], { description: 'Gain or harm in every pair and set that was measured.' })
  gains: TransferGain[];

  @Field(() => [TaskGroup], { description: 'What to learn together.' })
  groups: TaskGroup[];

  @Field(() => [GradientAffinity], {
    description: 'How the tasks’ gradients lie to each other when all are learnt together.',
  })
  affinities: GradientAffinity[];
}

@ObjectType({ description: 'Models side by side.', simpleResolvers: true })
export class ModelComparison {
  @Field(() => [TaskComparison], { description: 'Per task and protocol.' })
  tasks: TaskComparison[];

  @Field(() => [TransferEffect], { description: 'Gain or harm of learning tasks together.' })
  transfer: TransferEffect[];

  @Field(() => [TransferReport], {
    description: 'Which tasks help each other, from those versions that AUTO runs made.',
  })
  transferReports: TransferReport[];
}
