import { Arg, Ctx, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';

import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { dataJobProgress } from '../data-job-progress.js';
import { given } from '../inputs/checks.js';
import { DataJobFilter } from '../inputs/import.input.js';
import { type Connection, requirePageSize, toConnection } from '../types/connection.type.js';
import { DataJob, DataJobConnection, DataJobProgress, toDataJob } from '../types/data-job.type.js';

@Resolver(() => DataJob)
export class DataJobResolver {
  @Access('STUDIO', 'INGEST')
  @Query(() => DataJob, { nullable: true, description: 'A data job; null for an unknown id.' })
  async dataJob(
    @Arg('id', () => ID, { description: 'Id of the job.' }) id: string,
    @Ctx() { shop }: Context,
  ): Promise<DataJob | null> {
    const [row] = await shop.dataJobsByIds([id]);
    return row && toDataJob(row);
  }

  @Access('STUDIO', 'INGEST')
  @Query(() => DataJobConnection, { description: 'Data jobs, the newest first.' })
  async dataJobs(
    @Arg('first', () => Int, { nullable: true, description: 'Rows on the page, at most 100.' })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Cursor of the row before the page.' })
    after: string | null,
    @Arg('filter', () => DataJobFilter, { nullable: true, description: 'Which jobs.' })
    filter: DataJobFilter | null,
    @Ctx() { shop }: Context,
  ): Promise<Connection<DataJob>> {
    const where = given<DataJobFilter>(filter ?? {});
    const page = await shop.dataJobs({ first: requirePageSize(first), after }, where);
    return toConnection(page, after, toDataJob, () => shop.countDataJobs(where));
  }

  @Access('INGEST')
  @Mutation(() => DataJob, { description: 'Cancels a data job that has not ended; what it stored stays.' })
  async cancelDataJob(
    @Arg('id', () => ID, { description: 'The job.' }) id: string,
    @Ctx() { services, shop }: Context,
  ): Promise<DataJob> {
    return toDataJob(await services.jobs.data.cancel(shop.shopKey, id));
  }

  @Access('STUDIO', 'INGEST')
  @Subscription(() => DataJobProgress, {
    subscribe: ({ args, context }) => dataJobProgress(context as Context, (args as { id: string }).id),
    description: 'The state of a data job now and at each change, until it has ended.',
  })
  dataJobProgress(
    @Root() progress: DataJobProgress,
    @Arg('id', () => ID, { description: 'The job.' }) _id: string,
  ): DataJobProgress {
    return progress;
  }
}
