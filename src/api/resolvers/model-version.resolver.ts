import { Arg, Ctx, FieldResolver, Float, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';

import { AppError } from '../../errors.js';
import { deployModel, rollbackDeployment } from '../../pipeline/deploy/index.js';
import type { RunRow } from '../../store/index.js';
import { Access } from '../auth.js';
import { compareModels } from '../compare-models.js';
import type { Context } from '../context.js';
import type { Loaders } from '../loaders.js';
import { ModelComparison } from '../types/comparison.type.js';
import { type Connection, requirePageSize, toConnection } from '../types/connection.type.js';
import { EnsembleReport, ensembleReportsOf } from '../types/ensemble-report.type.js';
import { Evaluation, toEvaluation } from '../types/evaluation.type.js';
import {
  Deployment,
  ModelVersion,
  ModelVersionConnection,
  toDeployment,
  toModelVersion,
} from '../types/model-version.type.js';
import { TaskSharing, taskSharingOf } from '../types/task-sharing.type.js';
import { toTrainingRun, TrainingRun } from '../types/training-run.type.js';

/** Most versions that one comparison takes. */
const MAX_COMPARED = 20;

/** @throws AppError NOT_FOUND */
export async function loadModelVersion(loaders: Loaders, id: string): Promise<ModelVersion> {
  const row = await loaders.modelVersionById.load(id);
  if (!row) throw new AppError('NOT_FOUND', `There is no model version ${id}.`);
  return toModelVersion(row);
}

async function loadRun(loaders: Loaders, runId: string): Promise<RunRow> {
  const row = await loaders.runById.load(runId);
  if (!row) throw new Error(`A model version names run ${runId}, which is not stored.`);
  return row;
}

@Resolver(() => ModelVersion)
export class ModelVersionResolver {
  @Access('STUDIO')
  @Query(() => ModelVersion, { nullable: true, description: 'A model version; null for an unknown id.' })
  async modelVersion(
    @Arg('id', () => ID, { description: 'Id of the version.' }) id: string,
    @Ctx() { loaders }: Context,
  ): Promise<ModelVersion | null> {
    const row = await loaders.modelVersionById.load(id);
    return row && toModelVersion(row);
  }

  @Access('STUDIO')
  @Query(() => ModelVersionConnection, { description: 'Model versions, the newest first.' })
  async modelVersions(
    @Arg('first', () => Int, { nullable: true, description: 'Rows on the page, at most 100.' })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Cursor of the row before the page.' })
    after: string | null,
    @Ctx() { shop }: Context,
  ): Promise<Connection<ModelVersion>> {
    const page = await shop.modelVersions({ first: requirePageSize(first), after });
    const count = async () =>
      (await shop.query<{ n: number }>('SELECT count(*)::int AS n FROM model_versions'))[0].n;
    return toConnection(page, after, toModelVersion, count);
  }

  @Access('STUDIO')
  @Query(() => ModelComparison, {
    description:
      'Model versions side by side, task by task, on their test splits. Versions of equal settings and other seeds count as one model; only models of several seeds are ranked.',
  })
  async compareModels(
    @Arg('ids', () => [ID], { description: 'Versions to compare, at most 20.' }) ids: string[],
    @Ctx() { loaders, shop }: Context,
  ): Promise<ModelComparison> {
    if (ids.length === 0) throw new AppError('BAD_USER_INPUT', 'ids: name at least one model version.');
    if (ids.length > MAX_COMPARED) {
      throw new AppError('LIMIT_EXCEEDED', `ids: at most ${MAX_COMPARED} versions; got ${ids.length}.`, {
        limit: MAX_COMPARED,
      });
    }
    const versions = await Promise.all([...new Set(ids)].map((id) => loadModelVersion(loaders, id)));
    const evaluations = await Promise.all(
      versions.map(({ id }) => loaders.evaluationsByModelVersion.load(id)),
    );
    const compared = await Promise.all(
      versions.map(async (version) => ({ version, run: await loadRun(loaders, version.runId) })),
    );
    return compareModels(shop, compared, evaluations.flat());
  }

  @FieldResolver(() => TrainingRun, { description: 'The run that made it.' })
  async run(@Root() { runId }: ModelVersion, @Ctx() { loaders }: Context): Promise<TrainingRun> {
    return toTrainingRun(await loadRun(loaders, runId));
  }

  @FieldResolver(() => [Evaluation], { description: 'How good its models are.' })
  async evaluations(@Root() { id }: ModelVersion, @Ctx() { loaders }: Context): Promise<Evaluation[]> {
    return (await loaders.evaluationsByModelVersion.load(id)).map(toEvaluation);
  }

  @FieldResolver(() => [EnsembleReport], {
    description: 'Accuracy against latency of an ensemble, task by task; empty for other models.',
  })
  ensembleReports(@Root() { manifest }: ModelVersion): EnsembleReport[] {
    return ensembleReportsOf(manifest);
  }

  @FieldResolver(() => [TaskSharing], {
    description: 'How each net of several tasks parts itself between them: gates and weights by task.',
  })
  sharing(@Root() { manifest }: ModelVersion): TaskSharing[] {
    return taskSharingOf(manifest);
  }
}

@Resolver(() => Deployment)
export class DeploymentResolver {
  @Access('STUDIO')
  @Query(() => Deployment, {
    nullable: true,
    description: 'What serves now; null before the first deployment.',
  })
  async deployment(@Ctx() { loaders }: Context): Promise<Deployment | null> {
    const [newest] = await loaders.activeDeployments.load('all');
    return newest ? toDeployment(newest) : null;
  }

  @Access('STUDIO')
  @Query(() => [Deployment], {
    description: 'All deployments in force, the newest first: a task is answered by the newest that has it.',
  })
  async deployments(@Ctx() { loaders }: Context): Promise<Deployment[]> {
    return (await loaders.activeDeployments.load('all')).map(toDeployment);
  }

  @FieldResolver(() => ModelVersion, { description: 'The version in service.' })
  modelVersion(@Root() { modelVersionId }: Deployment, @Ctx() { loaders }: Context): Promise<ModelVersion> {
    return loadModelVersion(loaders, modelVersionId);
  }

  @Access('STUDIO')
  @Mutation(() => Deployment, { description: 'Puts a model version into service for all its tasks.' })
  async deployModel(
    @Arg('id', () => ID, { description: 'The model version.' }) id: string,
    @Arg('trafficShare', () => Float, {
      nullable: true,
      defaultValue: 1,
      description: 'Share of the users it answers for, above 0 and at most 1.',
    })
    trafficShare: number | null,
    @Ctx() { shop, services }: Context,
  ): Promise<Deployment> {
    const deployed = await deployModel(services.store, shop, id, trafficShare ?? 1);
    await services.serving.reload(shop.shopKey);
    return toDeployment(deployed);
  }

  @Access('STUDIO')
  @Mutation(() => Deployment, { description: 'Ends the newest deployment; the one before it serves again.' })
  async rollbackDeployment(@Ctx() { shop, services }: Context): Promise<Deployment> {
    const deployment = await rollbackDeployment(services.store, shop);
    await services.serving.reload(shop.shopKey);
    return toDeployment(deployment);
  }
}
