import { Field, Float, ID, Int, ObjectType } from 'type-graphql';

import type { ErrorCode } from '../../errors.js';
import type { EpochMetricRow, JsonObject, RunKind, RunRow, RunStatus } from '../../store/index.js';
import { DateTimeScalar, JSONScalar } from '../scalars.js';
import { connectionOf } from './connection.type.js';
import { type ApiTask, RunKindEnum, RunStatusEnum, TaskEnum } from './enums.enum.js';
import { CUSTOM_TASK, CUSTOM_TASKS, taskFields, taskListFields } from './task-fields.js';

@ObjectType({ description: 'Losses of one epoch.', simpleResolvers: true })
export class EpochMetric {
  @Field(() => String, { description: 'The model within the run.' })
  model: string;

  @Field(() => Int, { description: 'Epoch, from 1.' })
  epoch: number;

  @Field(() => TaskEnum, { nullable: true, description: 'The task; null for the total of all tasks.' })
  task: ApiTask | null;

  @Field(() => ID, { nullable: true, description: CUSTOM_TASK })
  customTask: string | null;

  @Field(() => Float, { description: 'Mean loss on training examples.' })
  trainLoss: number;

  @Field(() => Float, { nullable: true, description: 'Mean loss on validation examples.' })
  validationLoss: number | null;
}

export function toEpochMetric(row: Omit<EpochMetricRow, 'runId'>): EpochMetric {
  return { ...row, ...taskFields(row.task) };
}

@ObjectType({ description: 'A piece of training work and what came of it.', simpleResolvers: true })
export class TrainingRun {
  @Field(() => ID, { description: 'Id of the run.' })
  id: string;

  @Field(() => RunKindEnum, { description: 'What it does.' })
  kind: RunKind;

  @Field(() => RunStatusEnum, { description: 'How far it is.' })
  status: RunStatus;

  @Field(() => Float, { description: 'Share of the work that is done, 0 to 1.' })
  progress: number;

  @Field(() => [TaskEnum], { description: 'Tasks that it learns.' })
  tasks: ApiTask[];

  @Field(() => [ID], { description: CUSTOM_TASKS })
  customTasks: string[];

  @Field(() => JSONScalar, { description: 'All settings that it ran with.' })
  config: JsonObject;

  @Field(() => Int, { description: 'Seed of every random draw.' })
  seed: number;

  @Field(() => String, { nullable: true, description: 'Why it failed.' })
  error: string | null;

  @Field(() => String, { nullable: true, description: 'Code of the error, as in `extensions.code`.' })
  errorCode: ErrorCode | null;

  @Field(() => Int, { description: 'How often a worker has taken it up.' })
  attempts: number;

  @Field(() => DateTimeScalar, { description: 'When it was asked for.' })
  createdAt: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When a worker first took it up.' })
  startedAt: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ended.' })
  finishedAt: Date | null;

  modelVersionId: string | null;
}

export function toTrainingRun(row: RunRow): TrainingRun {
  return {
    id: row.id,
    kind: row.kind,
    status: row.status,
    progress: row.progress,
    ...taskListFields(row.tasks),
    config: row.config,
    seed: row.seed,
    error: row.error?.message ?? null,
    errorCode: row.error?.code ?? null,
    attempts: row.attempts,
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
    modelVersionId: row.modelVersionId,
  };
}

@ObjectType({ description: 'A change of a run.', simpleResolvers: true })
export class RunProgress {
  @Field(() => ID, { description: 'The run.' })
  runId: string;

  @Field(() => RunStatusEnum, { description: 'How far it is.' })
  status: RunStatus;

  @Field(() => Float, { description: 'Share of the work that is done, 0 to 1.' })
  progress: number;

  @Field(() => String, { description: 'What is being done, in words.' })
  message: string;

  @Field(() => EpochMetric, {
    nullable: true,
    description: 'Losses of the epoch that just ended, if one did.',
  })
  epoch: EpochMetric | null;
}

export const TrainingRunConnection = connectionOf('TrainingRun', () => TrainingRun);
