import {
  Arg,
  Ctx,
  FieldResolver,
  ID,
  Int,
  Mutation,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';

import { AppError } from '../../errors.js';
import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { given } from '../inputs/checks.js';
import { RunFilter } from '../inputs/filters.input.js';
import { toThresholds } from '../inputs/threshold.input.js';
import { StartEnsembleInput, StartTrainingInput } from '../inputs/training.input.js';
import { runProgress } from '../run-progress.js';
import { toTrainingRequest } from '../training-request.js';
import { type Connection, requirePageSize, toConnection } from '../types/connection.type.js';
import { Evaluation, toEvaluation } from '../types/evaluation.type.js';
import { ModelVersion, toModelVersion } from '../types/model-version.type.js';
import {
  EpochMetric,
  RunProgress,
  toEpochMetric,
  toTrainingRun,
  TrainingRun,
  TrainingRunConnection,
} from '../types/training-run.type.js';

@Resolver(() => TrainingRun)
export class TrainingRunResolver {
  @Access('STUDIO')
  @Query(() => TrainingRun, { nullable: true, description: 'A run; null for an unknown id.' })
  async trainingRun(
    @Arg('id', () => ID, { description: 'Id of the run.' }) id: string,
    @Ctx() { loaders }: Context,
  ): Promise<TrainingRun | null> {
    const row = await loaders.runById.load(id);
    return row && toTrainingRun(row);
  }

  @Access('STUDIO')
  @Query(() => TrainingRunConnection, { description: 'Runs, the newest first.' })
  async trainingRuns(
    @Arg('first', () => Int, { nullable: true, description: 'Rows on the page, at most 100.' })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Cursor of the row before the page.' })
    after: string | null,
    @Arg('filter', () => RunFilter, { nullable: true, description: 'Which runs.' }) filter: RunFilter | null,
    @Ctx() { shop }: Context,
  ): Promise<Connection<TrainingRun>> {
    const where = given<RunFilter>(filter ?? {});
    const page = await shop.runs({ first: requirePageSize(first), after }, where);
    const sql = `SELECT count(*)::int AS n FROM runs
      WHERE ($1::text[] IS NULL OR kind = ANY($1)) AND ($2::text[] IS NULL OR status = ANY($2))`;
    const count = async () =>
      (await shop.query<{ n: number }>(sql, [where.kinds ?? null, where.statuses ?? null]))[0].n;
    return toConnection(page, after, toTrainingRun, count);
  }

  @FieldResolver(() => [EpochMetric], { description: 'Losses, epoch by epoch.' })
  async epochs(@Root() { id }: TrainingRun, @Ctx() { loaders }: Context): Promise<EpochMetric[]> {
    return (await loaders.epochsByRun.load(id)).map(toEpochMetric);
  }

  @FieldResolver(() => [Evaluation], { description: 'How good what it trained is.' })
  async evaluations(@Root() { id }: TrainingRun, @Ctx() { loaders }: Context): Promise<Evaluation[]> {
    return (await loaders.evaluationsByRun.load(id)).map(toEvaluation);
  }

  @FieldResolver(() => ModelVersion, { nullable: true, description: 'What it made, once it succeeded.' })
  async modelVersion(
    @Root() { modelVersionId }: TrainingRun,
    @Ctx() { loaders }: Context,
  ): Promise<ModelVersion | null> {
    const row = modelVersionId === null ? null : await loaders.modelVersionById.load(modelVersionId);
    return row && toModelVersion(row);
  }

  @Access('STUDIO')
  @Mutation(() => TrainingRun, {
    description: 'Asks for a training; a worker takes it up. One run of a kind at a time.',
  })
  async startTraining(
    @Arg('input', () => StartTrainingInput, { description: 'What to train.' }) input: StartTrainingInput,
    @Ctx() { services, shop }: Context,
  ): Promise<TrainingRun> {
    return toTrainingRun(await services.jobs.startTraining(shop.shopKey, toTrainingRequest(input)));
  }

  @Access('STUDIO')
  @Mutation(() => TrainingRun, { description: 'Asks for an ensemble of trained models.' })
  async startEnsemble(
    @Arg('input', () => StartEnsembleInput, { description: 'Which models, and how.' })
    input: StartEnsembleInput,
    @Ctx() { services, shop, loaders }: Context,
  ): Promise<TrainingRun> {
    const members = [...new Set(input.members)];
    if (members.length < 2 && input.method !== 'SNAPSHOT') {
      throw new AppError(
        'BAD_USER_INPUT',
        `members: an ensemble needs at least two versions; got ${members.length}.`,
      );
    }
    const found = await loaders.modelVersionById.loadMany(members);
    const missing = members.filter((_, index) => !found[index]);
    if (missing.length > 0)
      throw new AppError('NOT_FOUND', `There is no model version ${missing.join(', ')}.`);
    const { method } = input;
    const { thresholds, ...options } = given<StartEnsembleInput>(input);
    return toTrainingRun(
      await services.jobs.startEnsemble(shop.shopKey, {
        ...options,
        members,
        method,
        ...(thresholds && { thresholds: toThresholds(thresholds) }),
      }),
    );
  }

  @Access('STUDIO')
  @Mutation(() => TrainingRun, { description: 'Cancels a run that has not ended.' })
  async cancelRun(
    @Arg('id', () => ID, { description: 'The run.' }) id: string,
    @Ctx() { services, shop }: Context,
  ): Promise<TrainingRun> {
    return toTrainingRun(await services.jobs.cancel(shop.shopKey, id));
  }

  @Access('STUDIO')
  @Subscription(() => RunProgress, {
    subscribe: ({ args, context }) => runProgress(context as Context, (args as { id: string }).id),
    description: 'The state of a run now and at each change, until it has ended.',
  })
  runProgress(
    @Root() progress: RunProgress,
    @Arg('id', () => ID, { description: 'The run.' }) _id: string,
  ): RunProgress {
    return progress;
  }
}
