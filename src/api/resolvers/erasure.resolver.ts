import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';

import type { Context } from '../context.js';
import { ErasureReceipt } from '../types/erasure.type.js';
import { ModelVersion } from '../types/model-version.type.js';
import { loadModelVersion } from './model-version.resolver.js';

@Resolver(() => ErasureReceipt)
export class ErasureReceiptResolver {
  @FieldResolver(() => [ModelVersion], {
    description: 'Versions that were trained while the data was there.',
  })
  modelVersions(
    @Root() { modelVersionIds }: ErasureReceipt,
    @Ctx() { loaders }: Context,
  ): Promise<ModelVersion[]> {
    return Promise.all(modelVersionIds.map((id) => loadModelVersion(loaders, id)));
  }
}
