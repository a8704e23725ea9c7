import { Field, Float, ID, ObjectType } from 'type-graphql';

import type { DeploymentRow, JsonObject, ModelVersionRow } from '../../store/index.js';
import { DateTimeScalar, JSONScalar } from '../scalars.js';
import { connectionOf } from './connection.type.js';
import { type ApiTask, TaskEnum } from './enums.enum.js';
import { CUSTOM_TASKS, taskListFields } from './task-fields.js';

@ObjectType({
  description: 'What a run made: files with a predictor for each of its tasks.',
  simpleResolvers: true,
})
export class ModelVersion {
  @Field(() => ID, { description: 'Id of the version.' })
  id: string;

  @Field(() => String, { description: 'SHA-256 over its files, in hexadecimal.' })
  contentHash: string;

  @Field(() => [TaskEnum], { description: 'Tasks that it has a predictor for.' })
  tasks: ApiTask[];

  @Field(() => [ID], { description: CUSTOM_TASKS })
  customTasks: string[];

  @Field(() => String, { description: 'The kind of model.' })
  architecture: string;

  @Field(() => DateTimeScalar, { description: 'Nothing from this time on was seen in training.' })
  dataUntil: Date;

  @Field(() => Float, { description: 'Size of its files in bytes.' })
  sizeBytes: number;

  @Field(() => JSONScalar, { description: 'What is in its files: models, settings, thresholds.' })
  manifest: JsonObject;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  createdAt: Date;

  runId: string;
}

export function toModelVersion(row: ModelVersionRow): ModelVersion {
  return { ...row, ...taskListFields(row.tasks) };
}

@ObjectType({ description: 'A model version in service.', simpleResolvers: true })
export class Deployment {
  @Field(() => ID, { description: 'Id of the deployment.' })
  id: string;

  @Field(() => [TaskEnum], { description: 'Tasks that it answers.' })
  tasks: ApiTask[];

  @Field(() => [ID], { description: CUSTOM_TASKS })
  customTasks: string[];

  @Field(() => Float, {
    description: 'Share of the users that it answers for, 0 to 1; the rest stays with the one before.',
  })
  trafficShare: number;

  @Field(() => DateTimeScalar, { description: 'Since when.' })
  deployedAt: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Until when; null while it is in service.' })
  endedAt: Date | null;

  modelVersionId: string;
}

export function toDeployment(row: DeploymentRow): Deployment {
  return { ...row, ...taskListFields(row.tasks) };
}

export const ModelVersionConnection = connectionOf('ModelVersion', () => ModelVersion);
