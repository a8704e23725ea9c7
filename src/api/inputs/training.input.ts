import { Field, Float, ID, InputType, Int } from 'type-graphql';

import type { CalibrationMethod, EnsembleMethod, Pruning } from '../../pipeline/index.js';
import type { JsonObject, RunKind } from '../../store/index.js';
import { DateTimeScalar, JSONScalar } from '../scalars.js';
import {
  type ApiTask,
  CalibrationMethodEnum,
  EnsembleMethodEnum,
  PruningEnum,
  RunKindEnum,
  TaskEnum,
} from '../types/enums.enum.js';
import { CUSTOM_TASK } from '../types/task-fields.js';
import { ThresholdInput } from './threshold.input.js';

@InputType({ description: 'A number for a task.' })
export class TaskWeightInput {
  @Field(() => TaskEnum, { description: 'The task.' })
  task: ApiTask;

  @Field(() => ID, { nullable: true, description: CUSTOM_TASK })
  customTask?: string | null;

  @Field(() => Float, { description: 'Weight of its loss, above 0.' })
  weight: number;
}

@InputType({ description: "How the tasks' losses are weighed against each other." })
export class LossBalancingInput {
  @Field(() => String, { description: 'Name of the method, such as FIXED.' })
  method: string;

  @Field(() => [TaskWeightInput], {
    nullable: true,
    description: 'Weights, for methods that take them; 1 where not given.',
  })
  weights?: TaskWeightInput[] | null;
}

@InputType({ description: 'How the examples of a task with few positives are drawn.' })
export class TaskResamplingInput {
  @Field(() => TaskEnum, { description: 'The task.' })
  task: ApiTask;

  @Field(() => ID, { nullable: true, description: CUSTOM_TASK })
  customTask?: string | null;

  @Field(() => String, { description: 'Name of the method.' })
  method: string;
}

@InputType({ description: 'What to train.' })
export class StartTrainingInput {
  @Field(() => RunKindEnum, { description: 'SINGLE_TASK, MULTI_TASK, COLLABORATIVE or AUTO.' })
  kind: RunKind;

  @Field(() => [TaskEnum], {
    nullable: true,
    description: 'Tasks; without, all that the kind and the data allow.',
  })
  tasks?: ApiTask[] | null;

  @Field(() => [ID], {
    nullable: true,
    description:
      "Tasks of the shop's own: with SINGLE_TASK and without `tasks` those alone, otherwise beside the others.",
  })
  customTasks?: string[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'Kind of model; without, the default of the run kind.',
  })
  architecture?: string | null;

  @Field(() => LossBalancingInput, { nullable: true, description: 'Balance between the tasks.' })
  lossBalancing?: LossBalancingInput | null;

  @Field(() => [TaskResamplingInput], { nullable: true, description: 'Resampling by task.' })
  resampling?: TaskResamplingInput[] | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Way of learning, for COLLABORATIVE: MUTUAL_LEARNING (the default), DISTILLATION, ADVERSARIAL, DOMAIN_ADVERSARIAL or CO_TRAINING.',
  })
  collaboration?: string | null;

  @Field(() => JSONScalar, { nullable: true, description: 'An object of hyper-parameters by name.' })
  hyperparameters?: JsonObject | null;

  @Field(() => [ThresholdInput], {
    nullable: true,
    description: "Rules by which thresholds are chosen on validation; without, the tasks' own.",
  })
  thresholds?: ThresholdInput[] | null;

  @Field(() => Int, { nullable: true, description: 'Seed of every random draw.' })
  seed?: number | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: "Train as of this time; without, the shop's clock.",
  })
  cut?: Date | null;

  @Field(() => Boolean, { nullable: true, description: 'Deploy what comes out.' })
  deploy?: boolean | null;
}

@InputType({ description: 'Which models to combine.' })
export class StartEnsembleInput {
  @Field(() => [ID], { description: 'Model versions, at least two; for SNAPSHOT at least one.' })
  members: string[];

  @Field(() => EnsembleMethodEnum, { description: 'How to combine them.' })
  method: EnsembleMethod;

  @Field(() => Int, {
    nullable: true,
    description: 'For SNAPSHOT: cycles of the learning rate, 2 to 20; without, 4.',
  })
  snapshots?: number | null;

  @Field(() => CalibrationMethodEnum, {
    nullable: true,
    description: 'Calibration afterwards; without, NONE.',
  })
  calibration?: CalibrationMethod | null;

  @Field(() => PruningEnum, { nullable: true, description: 'Which members stay; without, NONE: all.' })
  prune?: Pruning | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Architecture of one net that the ensemble is distilled to, a version of its own; without, none.',
  })
  distil?: string | null;

  @Field(() => [ThresholdInput], {
    nullable: true,
    description: 'Rules by which thresholds are chosen; without, those of the members.',
  })
  thresholds?: ThresholdInput[] | null;

  @Field(() => Int, { nullable: true, description: 'Seed of every random draw.' })
  seed?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'Deploy what comes out.' })
  deploy?: boolean | null;
}
