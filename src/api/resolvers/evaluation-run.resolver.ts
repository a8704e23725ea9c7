/** Runs that measure: cross-validations and searches, what came of them, and training the best trial. */
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';

import { bestOf, trialTraining } from '../../jobs/index.js';
import { searchSpaceOf } from '../../pipeline/evaluate/index.js';
import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { toCrossValidation } from '../cross-validation.js';
import { toCrossValidationRequest, toSearchRequest } from '../evaluation-request.js';
import { CrossValidationInput, SearchInput } from '../inputs/evaluation.input.js';
import { CrossValidation } from '../types/cross-validation.type.js';
import { SearchSpace, SearchTrial, toSearchSpace, toSearchTrial } from '../types/search.type.js';
import { toTrainingRun, TrainingRun } from '../types/training-run.type.js';

@Resolver(() => TrainingRun)
export class EvaluationRunResolver {
  @FieldResolver(() => [SearchTrial], {
    description: 'What a search has tried so far; empty for other kinds.',
  })
  async trials(@Root() { id }: TrainingRun, @Ctx() { loaders }: Context): Promise<SearchTrial[]> {
    const [run, trials] = await Promise.all([loaders.runById.load(id), loaders.trialsByRun.load(id)]);
    const best = run && bestOf(run, trials);
    return run ? trials.map((trial) => toSearchTrial(run, trial, trial === best)) : [];
  }

  @FieldResolver(() => CrossValidation, {
    nullable: true,
    description:
      'What a cross-validation has measured so far; null for other kinds and before its first fold.',
  })
  async crossValidation(
    @Root() { id, kind, config }: TrainingRun,
    @Ctx() { loaders, shop }: Context,
  ): Promise<CrossValidation | null> {
    if (kind !== 'CROSS_VALIDATION') return null;
    const rows = await loaders.evaluationsByRun.load(id);
    return rows.length > 0 ? toCrossValidation(shop, config, rows) : null;
  }

  @Access('STUDIO')
  @Query(() => SearchSpace, {
    description: 'What a search tries of a kind of model unless it is told otherwise.',
  })
  searchSpace(
    @Arg('architecture', () => String, { description: 'The kind of model.' }) architecture: string,
  ): SearchSpace {
    return toSearchSpace(architecture, searchSpaceOf(architecture));
  }

  @Access('STUDIO')
  @Mutation(() => TrainingRun, { description: 'Asks for a cross-validation.' })
  async startCrossValidation(
    @Arg('input', () => CrossValidationInput, { description: 'What to measure.' })
    input: CrossValidationInput,
    @Ctx() { services, shop }: Context,
  ): Promise<TrainingRun> {
    const request = toCrossValidationRequest(input);
    return toTrainingRun(await services.jobs.startCrossValidation(shop.shopKey, request));
  }

  @Access('STUDIO')
  @Mutation(() => TrainingRun, { description: 'Asks for a search over hyper-parameters.' })
  async startSearch(
    @Arg('input', () => SearchInput, { description: 'What to search.' }) input: SearchInput,
    @Ctx() { services, shop }: Context,
  ): Promise<TrainingRun> {
    return toTrainingRun(await services.jobs.startSearch(shop.shopKey, toSearchRequest(input)));
  }

  @Access('STUDIO')
  @Mutation(() => TrainingRun, {
    description: 'Asks for a training with the settings of a trial of a search: its best one unless said.',
  })
  async trainTrial(
    @Arg('runId', () => ID, { description: 'The search.' }) runId: string,
    @Arg('number', () => Int, { nullable: true, description: 'Number of the trial.' })
    number: number | null | undefined,
    @Arg('deploy', () => Boolean, { nullable: true, description: 'Deploy what comes out.' })
    deploy: boolean | null,
    @Ctx() { services, shop, loaders }: Context,
  ): Promise<TrainingRun> {
    const run = await loaders.runById.load(runId);
    const request = trialTraining(runId, run, await loaders.trialsByRun.load(runId), number ?? null);
    const started = await services.jobs.startTraining(shop.shopKey, { ...request, deploy: deploy ?? false });
    return toTrainingRun(started);
  }
}
