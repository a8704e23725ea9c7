import { Field, ID, InputType, ObjectType } from 'type-graphql';

import type { ItemKey, Resource, Source } from '../../pipeline/collect/index.js';
import type { ConnectionRow } from '../../store/index.js';
import { DateTimeScalar } from '../scalars.js';
import {
  type SourceApi,
  SourceApiEnum,
  SourceItemKeyEnum,
  SourceResourceEnum,
  SourceSystemEnum,
} from './data-enums.enum.js';

@InputType({ description: 'A shop system to pull from.' })
export class SourceConnectionInput {
  @Field(() => SourceSystemEnum, { description: 'Which kind.' })
  system: Uppercase<Source>;

  @Field(() => String, { description: 'Its address, such as https://example.myshopify.com.' })
  url: string;

  @Field(() => String, {
    description:
      'Shopify: access token. WooCommerce: ck_…:cs_…. It is stored sealed and never given out again.',
  })
  key: string;

  @Field(() => SourceApiEnum, { nullable: true, description: 'Shopify alone. Default GRAPHQL.' })
  api?: SourceApi | null;

  @Field(() => SourceItemKeyEnum, { nullable: true, description: 'What an item is. Default PRODUCT.' })
  itemKey?: Uppercase<ItemKey> | null;

  @Field(() => [SourceResourceEnum], { nullable: true, description: 'What to pull. Default: all.' })
  resources?: Uppercase<Resource>[] | null;
}

@ObjectType({ description: 'A shop system that data is pulled from.', simpleResolvers: true })
export class SourceConnection {
  @Field(() => ID, { description: 'Id of the connection.' })
  id: string;

  @Field(() => SourceSystemEnum, { description: 'Which kind.' })
  system: Uppercase<Source>;

  @Field(() => String, { description: 'Its address.' })
  url: string;

  @Field(() => SourceApiEnum, { nullable: true, description: 'Which of Shopify’s APIs.' })
  api: SourceApi | null;

  @Field(() => SourceItemKeyEnum, { description: 'What an item is.' })
  itemKey: Uppercase<ItemKey>;

  @Field(() => [SourceResourceEnum], { description: 'What is pulled; empty: all.' })
  resources: Uppercase<Resource>[];

  @Field(() => DateTimeScalar, { description: 'When it was first stored.' })
  createdAt: Date;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When a pull last came forward; null before the first.',
  })
  pulledAt: Date | null;
}

export function toSourceConnection(row: ConnectionRow): SourceConnection {
  const { id, source, url, api, itemKey, resources, createdAt, pulledAt } = row;
  return {
    id,
    system: source.toUpperCase() as Uppercase<Source>,
    url,
    api: api as SourceApi | null,
    itemKey: itemKey.toUpperCase() as Uppercase<ItemKey>,
    resources: resources.map((resource) => resource.toUpperCase() as Uppercase<Resource>),
    createdAt,
    pulledAt,
  };
}
