import { Field, Float, ID, ObjectType } from 'type-graphql';

import type { SharingEntry } from '../../pipeline/deploy/index.js';
import type { TaskName } from '../../tasks/index.js';
import { type ApiTask, TaskEnum } from './enums.enum.js';
import { CUSTOM_TASK, CUSTOM_TASKS, taskFields, taskListFields } from './task-fields.js';

@ObjectType({ description: 'A source that a gate weighs.', simpleResolvers: true })
export class GateSource {
  @Field(() => String, { description: 'An expert, or the layers of another task.' })
  name: string;

  @Field(() => Float, {
    description: 'Share that the task takes from it, 0 to 1; those of a task add up to 1.',
  })
  share: number;
}

@ObjectType({
  description: 'What one task takes from each source, on average over the validation rows.',
  simpleResolvers: true,
})
export class TaskGate {
  @Field(() => String, {
    description:
      "The task, one of the shop's own by its name, or a stage of the funnel that the net learns beside.",
  })
  task: string;

  @Field(() => [GateSource], { description: 'The sources in the order of the net.' })
  sources: readonly GateSource[];
}

@ObjectType({
  description: "What one task's loss was multiplied by in the last epoch.",
  simpleResolvers: true,
})
export class TaskWeight {
  @Field(() => TaskEnum, { description: 'The task.' })
  task: ApiTask;

  @Field(() => ID, { nullable: true, description: CUSTOM_TASK })
  customTask: string | null;

  @Field(() => Float, { description: 'The weight.' })
  weight: number;
}

@ObjectType({
  description: 'How two tasks’ gradients by the shared layers lay to each other in this training.',
  simpleResolvers: true,
})
export class TaskAffinity {
  @Field(() => String, { description: "One task, a shop's own by its name." })
  task: string;

  @Field(() => String, { description: 'The other.' })
  other: string;

  @Field(() => Float, {
    description: 'Cosine, −1 (against each other) to 1, mean over the steps of the training.',
  })
  cosine: number;
}

@ObjectType({
  description: 'How a net that learns several tasks parts itself between them, as its training showed.',
  simpleResolvers: true,
})
export class TaskSharing {
  @Field(() => String, { description: 'The kind of net.' })
  architecture: string;

  @Field(() => [TaskEnum], { description: 'Its tasks.' })
  tasks: ApiTask[];

  @Field(() => [ID], { description: CUSTOM_TASKS })
  customTasks: string[];

  @Field(() => [TaskGate], { description: 'Gates by task; empty for kinds without gates.' })
  gates: readonly TaskGate[];

  @Field(() => [TaskWeight], { description: 'Weights of the losses by task.' })
  weights: readonly TaskWeight[];

  @Field(() => [TaskAffinity], { description: 'By pairs of tasks; empty where gradients were not compared.' })
  affinities: readonly TaskAffinity[];
}

/** What a version's manifest says of its nets of several tasks; none for other versions, and for those made before it was kept. */
export function taskSharingOf(manifest: object): TaskSharing[] {
  const { sharing = [] } = manifest as { sharing?: readonly SharingEntry[] };
  return sharing.map(({ architecture, tasks, gates, weights, affinities }) => ({
    architecture,
    ...taskListFields(tasks),
    gates: gates.map(({ task, sources }) => ({ task: nameOf(task), sources })),
    weights: weights.map(({ task, weight }) => ({ ...taskFields(task), weight })),
    affinities: affinities.map(({ task, other, cosine }) => ({
      task: nameOf(task),
      other: nameOf(other),
      cosine,
    })),
  }));
}

const nameOf = (task: string): string => taskFields(task as TaskName).customTask ?? task;
