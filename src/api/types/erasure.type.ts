import { Field, ID, Int, ObjectType } from 'type-graphql';

import type { ErasureRow } from '../../store/index.js';
import { DateTimeScalar } from '../scalars.js';

@ObjectType({ description: 'Rows removed from one table.', simpleResolvers: true })
export class ErasedRows {
  @Field(() => String, { description: 'The table.' })
  table: string;

  @Field(() => Int, { description: 'Rows removed.' })
  rows: number;
}

@ObjectType({ description: 'Proof of an erasure, without personal data.', simpleResolvers: true })
export class ErasureReceipt {
  @Field(() => ID, { description: 'Id of the receipt.' })
  id: string;

  @Field(() => DateTimeScalar, { description: 'When it was done.' })
  erasedAt: Date;

  @Field(() => [ErasedRows], { description: 'What was removed where.' })
  removed: ErasedRows[];

  modelVersionIds: string[];
}

export function toErasureReceipt(row: ErasureRow): ErasureReceipt {
  const removed = Object.entries(row.removed).map(([table, rows]) => ({ table, rows }));
  return { id: row.id, erasedAt: row.erasedAt, removed, modelVersionIds: row.modelVersionIds };
}
