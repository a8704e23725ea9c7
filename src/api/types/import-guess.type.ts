import { Field, ObjectType } from 'type-graphql';

import type { RecordKind } from '../../pipeline/collect/index.js';
import type { JsonObject } from '../../store/index.js';
import { JSONScalar } from '../scalars.js';
import { RecordKindEnum } from './data-enums.enum.js';

@ObjectType({ description: 'A field and the column it would be read from.', simpleResolvers: true })
export class FieldGuess {
  @Field(() => String, { description: 'Name of the field.' })
  field: string;

  @Field(() => String, {
    nullable: true,
    description: 'The column; `=VALUE` is the same for all lines; null: none.',
  })
  column: string | null;

  @Field(() => Boolean, { description: 'Whether lines cannot be read without it.' })
  isNeeded: boolean;
}

@ObjectType({
  description: 'What an import would take a file for; to be looked at and changed before it runs.',
  simpleResolvers: true,
})
export class ImportGuess {
  @Field(() => String, { description: 'Name of the layout.' })
  layout: string;

  @Field(() => String, { description: 'The layout in words.' })
  title: string;

  @Field(() => String, { description: 'CSV, NDJSON, JSON or PARQUET.' })
  format: string;

  @Field(() => String, { description: 'Encoding of its text.' })
  encoding: string;

  @Field(() => String, { nullable: true, description: 'What parts the values of a CSV.' })
  delimiter: string | null;

  @Field(() => [String], { description: 'Its columns.' })
  columns: readonly string[];

  @Field(() => RecordKindEnum, {
    nullable: true,
    description: 'What its lines are; null for a layout that reads its columns in its own way.',
  })
  kind: RecordKind | null;

  @Field(() => [FieldGuess], { description: 'Fields that can be mapped; empty for a known layout.' })
  fields: readonly FieldGuess[];

  @Field(() => [JSONScalar], { description: 'The first lines, by column.' })
  sample: readonly JsonObject[];
}
