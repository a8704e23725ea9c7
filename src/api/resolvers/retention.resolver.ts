import { Arg, Ctx, Int, Mutation, Query, Resolver } from 'type-graphql';

import { AppError } from '../../errors.js';
import type { RetentionKind } from '../../store/index.js';
import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { RetentionKindEnum } from '../types/data-enums.enum.js';
import { DataJob, toDataJob } from '../types/data-job.type.js';
import { RetentionPolicy } from '../types/retention.type.js';

@Resolver(() => RetentionPolicy)
export class RetentionResolver {
  @Access('STUDIO')
  @Query(() => [RetentionPolicy], {
    description: 'How long rows are kept; a kind without a policy is kept for good.',
  })
  retentionPolicies(@Ctx() { shop }: Context): Promise<RetentionPolicy[]> {
    return shop.retentionPolicies();
  }

  @Access()
  @Mutation(() => [RetentionPolicy], {
    description:
      'Says how long rows of a kind are kept, or that they are kept for good. Applied by the clock, or by applyRetention.',
  })
  async setRetention(
    @Arg('kind', () => RetentionKindEnum, { description: 'Which rows.' }) kind: RetentionKind,
    @Arg('keepDays', () => Int, { nullable: true, description: 'Days, 1 to 36,500; null: for good.' })
    keepDays: number | null,
    @Arg('isArchived', () => Boolean, {
      nullable: true,
      description: 'Whether rows are written to Parquet files before they go. Default: false.',
    })
    isArchived: boolean | null,
    @Ctx() { shop }: Context,
  ): Promise<RetentionPolicy[]> {
    const isEnd = keepDays === null || keepDays === undefined;
    await shop.setRetention(kind, isEnd ? null : { keepDays, isArchived: isArchived ?? false });
    return shop.retentionPolicies();
  }

  @Access()
  @Mutation(() => DataJob, { description: 'Asks for the policies to be applied now.' })
  async applyRetention(@Ctx() { services, shop }: Context): Promise<DataJob> {
    if ((await shop.retentionPolicies()).length === 0)
      throw new AppError('CONFLICT', 'There is no policy: everything is kept. Set one with setRetention.');
    return toDataJob(await services.jobs.data.startRetention(shop.shopKey));
  }
}
