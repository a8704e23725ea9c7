import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';

import { AppError } from '../../errors.js';
import { saveConnection } from '../../jobs/index.js';
import type { ItemKey, Resource, Source } from '../../pipeline/collect/index.js';
import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { requireAddress } from '../import-request.js';
import { DataJob, toDataJob } from '../types/data-job.type.js';
import {
  SourceConnection,
  SourceConnectionInput,
  toSourceConnection,
} from '../types/source-connection.type.js';

@Resolver(() => SourceConnection)
export class SourceConnectionResolver {
  @Access('STUDIO', 'INGEST')
  @Query(() => [SourceConnection], { description: 'Shop systems that data is pulled from.' })
  async sourceConnections(@Ctx() { shop }: Context): Promise<SourceConnection[]> {
    return (await shop.connections()).map(toSourceConnection);
  }

  @Access()
  @Mutation(() => SourceConnection, {
    description: 'Stores a shop system to pull from, in the place of one of the same kind and address.',
  })
  async saveSourceConnection(
    @Arg('input', () => SourceConnectionInput, { description: 'The system and its key.' })
    input: SourceConnectionInput,
    @Ctx() { services, shop }: Context,
  ): Promise<SourceConnection> {
    const { config } = services;
    const row = await saveConnection(
      shop,
      { dataDir: config.dataDir, allowPrivate: config.arePrivateSourcesOn ?? false },
      {
        source: input.system.toLowerCase() as Source,
        url: requireAddress('url', input.url),
        token: input.key,
        api: input.api ?? undefined,
        itemKey: (input.itemKey ?? 'PRODUCT').toLowerCase() as ItemKey,
        resources: (input.resources ?? []).map((resource) => resource.toLowerCase() as Resource),
      },
    );
    return toSourceConnection(row);
  }

  @Access()
  @Mutation(() => Boolean, { description: 'Forgets a shop system and its key; what was pulled stays.' })
  removeSourceConnection(
    @Arg('id', () => ID, { description: 'The connection.' }) id: string,
    @Ctx() { shop }: Context,
  ): Promise<boolean> {
    return shop.removeConnection(id);
  }

  @Access('INGEST')
  @Mutation(() => DataJob, {
    description: 'Asks for a pull of what changed in a shop system since the last one.',
  })
  async startPull(
    @Arg('connectionId', () => ID, { description: 'The connection.' }) connectionId: string,
    @Arg('isFull', () => Boolean, { nullable: true, description: 'Read everything anew. Default false.' })
    isFull: boolean | null,
    @Ctx() { services, shop }: Context,
  ): Promise<DataJob> {
    const connection = await shop.connectionById(connectionId);
    if (connection === null) throw new AppError('NOT_FOUND', `There is no connection ${connectionId}.`);
    return toDataJob(await services.jobs.data.startPull(shop.shopKey, connection, isFull ?? false));
  }
}
