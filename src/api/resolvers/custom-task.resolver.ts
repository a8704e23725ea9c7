import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';

import { customTask } from '../../pipeline/index.js';
import type { CustomTask as Definition } from '../../tasks/index.js';
import { customTaskName } from '../../tasks/index.js';
import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { customPrediction, requireCustomTask } from '../custom-predictions.js';
import { given } from '../inputs/checks.js';
import { DefineTaskInput } from '../inputs/custom-task.input.js';
import { requirePageSize } from '../types/connection.type.js';
import { CustomPrediction } from '../types/custom-prediction.type.js';
import { CustomTask, toCustomTask } from '../types/custom-task.type.js';
import { ModelVersion } from '../types/model-version.type.js';
import { FeatureContribution, UserPredictions } from '../types/prediction.type.js';
import { loadModelVersion } from './model-version.resolver.js';

@Resolver(() => CustomTask)
export class CustomTaskResolver {
  @Access('STUDIO')
  @Query(() => [CustomTask], { description: 'Tasks that the shop has defined, by name.' })
  async customTasks(@Ctx() { shop }: Context): Promise<CustomTask[]> {
    return (await shop.customTasks()).map(toCustomTask);
  }

  @Access('STUDIO')
  @Mutation(() => CustomTask, {
    description: 'Defines a task, or changes the words of one; `startTraining(customTasks:)` learns it.',
  })
  async defineTask(
    @Arg('input', () => DefineTaskInput, { description: 'What it asks.' }) input: DefineTaskInput,
    @Ctx() { shop }: Context,
  ): Promise<CustomTask> {
    const request = given<DefineTaskInput>(input) as unknown as Parameters<typeof customTask>[0];
    return toCustomTask(await shop.defineTask(customTask(request)));
  }

  @Access('STUDIO')
  @Mutation(() => CustomTask, {
    description: 'Deletes a task; models that have learnt it answer it no more. Returns what it was.',
  })
  async deleteTask(
    @Arg('name', () => ID, { description: 'Its name.' }) name: string,
    @Ctx() { shop }: Context,
  ): Promise<CustomTask> {
    return toCustomTask(await shop.deleteTask(name));
  }
}

@Resolver(() => UserPredictions)
export class CustomPredictionsResolver {
  @FieldResolver(() => CustomPrediction, {
    description: "One of the shop's own tasks; the error NOT_READY while no deployed model has learnt it.",
  })
  async custom(
    @Root() { userId }: UserPredictions,
    @Arg('task', () => ID, { description: 'Name of the task.' }) name: string,
    @Ctx() context: Context,
  ): Promise<CustomPrediction> {
    return customPrediction(context, userId, await requireCustomTask(context, name));
  }

  @FieldResolver(() => [CustomPrediction], {
    description: "All of the shop's own tasks that deployed models have learnt.",
  })
  async allCustom(@Root() { userId }: UserPredictions, @Ctx() context: Context): Promise<CustomPrediction[]> {
    const deployed = await context.loaders.activeDeployments.load('all');
    const served = new Set(deployed.flatMap(({ tasks }) => tasks));
    const tasks = (await context.loaders.customTasks.load('all')).filter(({ name }: Definition) =>
      served.has(customTaskName(name)),
    );
    return Promise.all(tasks.map((task) => customPrediction(context, userId, task)));
  }
}

@Resolver(() => CustomPrediction)
export class CustomPredictionResolver {
  @FieldResolver(() => ModelVersion, { description: 'The version that answered.' })
  modelVersion(
    @Root() { modelVersionId }: CustomPrediction,
    @Ctx() { loaders }: Context,
  ): Promise<ModelVersion> {
    return loadModelVersion(loaders, modelVersionId);
  }

  @FieldResolver(() => [FeatureContribution], {
    description:
      'Why: the largest contributions first, in logits; of an expected count, in its natural logarithm.',
  })
  explanation(
    @Root() { userId, task }: CustomPrediction,
    @Arg('first', () => Int, { nullable: true, defaultValue: 5, description: 'Contributions, at most 100.' })
    first: number | null,
    @Ctx() { loaders }: Context,
  ): Promise<FeatureContribution[]> {
    const key = { userId, task: customTaskName(task.name), first: requirePageSize(first ?? 5) };
    return loaders.explanation.load(key);
  }
}
