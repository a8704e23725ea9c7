import { Field, Int, ObjectType } from 'type-graphql';

import type { RetentionKind } from '../../store/index.js';
import { RetentionKindEnum } from './data-enums.enum.js';

@ObjectType({ description: 'How long rows of a kind are kept.', simpleResolvers: true })
export class RetentionPolicy {
  @Field(() => RetentionKindEnum, { description: 'Which rows.' })
  kind: RetentionKind;

  @Field(() => Int, { description: 'Rows whose time lies further back than so many days are removed.' })
  keepDays: number;

  @Field(() => Boolean, { description: 'Whether they are written to Parquet files first.' })
  isArchived: boolean;
}
