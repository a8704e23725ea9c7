import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';

import { AppError } from '../../errors.js';
import { accessOf, checkPublicAddress, type Source } from '../../pipeline/collect/index.js';
import { openSecretBox } from '../../secret-box.js';
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
    const source = input.system.toLowerCase() as Source;
    const url = new URL(requireAddress('url', input.url)).origin;
    if (source !== 'shopify' && input.api)
      throw new AppError('BAD_USER_INPUT', 'api: only Shopify has more than one.');
    if (input.key.trim() === '')
      throw new AppError('BAD_USER_INPUT', 'key: expected what opens the API; got nothing.');
    accessOf(source, { url, token: input.key }); // refuses what could not be used
    checkPublicAddress(new URL(url), config.arePrivateSourcesOn ?? false);
    const box = await openSecretBox(config.dataDir);
    const row = await shop.saveConnection({
      source,
      url,
      api: input.api ?? null,
      itemKey: (input.itemKey ?? 'PRODUCT').toLowerCase(),
      resources: (input.resources ?? []).map((resource) => resource.toLowerCase()),
      sealedKey: box.seal(input.key, `connection ${shop.shopKey} ${source} ${url}`),
    });
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
